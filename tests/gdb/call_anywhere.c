#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static int calls;
static char *volatile bad;
int answer(int n) { calls++; return n + calls; }
static void on_usr1(int s) { calls += s; }
int main(void) {
  signal(SIGUSR1, on_usr1);
  raise(SIGUSR1);
  if (fork() == 0) _exit(answer(1));
  wait(NULL);
  getppid();
  printf("%d\n", calls);
  *bad = 1;
  return 0;
}
