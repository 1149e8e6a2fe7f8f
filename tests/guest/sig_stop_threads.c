// Programs with threads are stopped and continued.
#include "guest/t.h"
#include <pthread.h>
// many processes + threads signalling in circles; sigstop of multithreaded; sigcont handler
static volatile int c1;
static void h(int s) { c1++; }
static void *w(void *p) {
  for (;;) usleep(500);
}
static pid_t start(void) { // in a process group of its own, which is not orphaned: stop signals count
  pid_t c = fork();
  setpgid(c, c);
  return c;
}
int main() {
  int st;
  pid_t c = start();
  if (!c) {
    signal(SIGCONT, h);
    signal(SIGUSR1, h);
    pthread_t t;
    for (int i = 0; i < 3; i++) pthread_create(&t, 0, w, 0);
    while (c1 < 2) usleep(300);
    _exit(c1);
  }
  usleep(30000);
  kill(c, SIGSTOP);
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  kill(c, SIGCONT);
  CHECK_EQ(waitpid(c, &st, WCONTINUED), c);
  usleep(10000);
  kill(c, SIGUSR1);
  CHECK_EQ(t_wait(c), 2);
  c = start();
  if (!c) {
    kill(getpid(), SIGSTOP);
    _exit(1);
  }
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  kill(c, SIGCONT);
  CHECK_EQ(t_wait(c), 1);
  c = start();
  if (!c) {
    pthread_t t;
    pthread_create(&t, 0, w, 0);
    kill(getpid(), SIGTSTP);
    for (;;) pause();
  }
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK_EQ(WSTOPSIG(st), SIGTSTP);
  kill(c, SIGCONT);
  kill(c, SIGKILL);
  CHECK_EQ(t_wait(c), 1009);
  // SIGTSTP caught, then default stop from in handler
  puts("ok");
  return 0;
}
