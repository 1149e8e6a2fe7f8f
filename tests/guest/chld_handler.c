// A SIGCHLD handler that reaps, while the program computes, sleeps and forks on; SA_NOCLDWAIT, SA_NOCLDSTOP.
// rr-test: timeout=40
#include "guest/t.h"
static volatile int reaped, signals, sum;
static void h(int s, siginfo_t *i, void *u) {
  (void)s, (void)u;
  signals++;
  CHECK(i->si_code == CLD_EXITED || i->si_code == CLD_KILLED);
  int st, save = errno;
  while (waitpid(-1, &st, WNOHANG) > 0) {
    reaped++;
    sum += WIFEXITED(st) ? WEXITSTATUS(st) : 1000;
  }
  errno = save;
}
int main(void) {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO | SA_RESTART };
  sigaction(SIGCHLD, &a, NULL);
  int want = 0;
  for (int i = 0; i < 100; i++) {
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
      if (i % 10 == 3) raise(SIGKILL);
      _exit(i);
    }
    want += i % 10 == 3 ? 1000 : i;
    volatile long x = 0;
    for (int k = 0; k < 20000; k++) x += k;
  }
  while (reaped < 100) usleep(1000);
  CHECK_EQ(sum, want);
  CHECK(signals >= 1);
  printf("~%d signals\n", signals);
  a.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &a, NULL);
  int before = signals;
  pid_t c = fork();
  if (c == 0) {
    raise(SIGSTOP);
    _exit(1);
  }
  int st;
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK(WIFSTOPPED(st));
  CHECK_EQ(signals, before);
  kill(c, SIGCONT);
  while (reaped < 101) usleep(500);
  puts("ok");
  return 0;
}
