#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static int value = 1;
static void in_child(int n) { value += n; }
static void in_parent(int n) { value += 100 * n; }
static void in_grandchild(void) { value = 77; }
int main(void) {
  pid_t child = fork();
  if (child == 0) {
    in_child(5);
    if (fork() == 0) {
      in_grandchild();
      _exit(4);
    }
    wait(NULL);
    _exit(3);
  }
  in_parent(2);
  int status;
  waitpid(child, &status, 0);
  printf("%d %d\n", value, WEXITSTATUS(status));
  return 0;
}
