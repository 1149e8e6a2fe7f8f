// A thread that waits for the process's signals.
#include "guest/t.h"
#include <pthread.h>
// deadlock-free: sigwait thread w/ process signals from child; SIGCHLD handler with threads; sigtimedwait w/ alarm
static volatile int chld;
static void h(int s) {
  int st;
  while (waitpid(-1, &st, WNOHANG) > 0) chld++;
}
static void *w(void *p) {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigaddset(&s, SIGUSR2);
  int n = 0, x;
  for (;;) {
    CHECK_EQ(sigwait(&s, &x), 0);
    if (x == SIGUSR2) break;
    n++;
  }
  return (void *)(long)n;
}
int main() {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigaddset(&s, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &s, 0);
  pthread_t t;
  pthread_create(&t, 0, w, 0);
  struct sigaction a = { .sa_handler = h, .sa_flags = SA_RESTART };
  sigaction(SIGCHLD, &a, 0);
  for (int i = 0; i < 20; i++) {
    pid_t c = fork();
    if (!c) _exit(0);
  }
  while (chld < 20) usleep(500);
  signal(SIGCHLD, SIG_DFL);
  for (int i = 0; i < 5; i++) {
    pid_t c = fork();
    if (!c) {
      kill(getppid(), SIGUSR1);
      _exit(0);
    }
    t_wait(c);
    usleep(2000);
  }
  kill(getpid(), SIGUSR2);
  void *r;
  pthread_join(t, &r);
  CHECK_EQ(r, 5);
  puts("ok");
  return 0;
}
