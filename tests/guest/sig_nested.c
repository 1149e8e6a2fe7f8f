// Handlers inside handlers: NODEFER, RESETHAND, and in which order many pending signals come when they are unblocked.
#include "guest/t.h"
#include <ucontext.h>
// nested handlers, NODEFER, RESETHAND, mask order of multiple pending
static volatile int depth, maxd;
static volatile char logb[200];
static volatile int n;
static void h(int s, siginfo_t *i, void *u) {
  if (n > 100) return;
  depth++;
  if (depth > maxd) maxd = depth;
  logb[n++] = 'a' + s % 26;
  if (s == SIGUSR1 && depth < 4) raise(SIGUSR1);
  depth--;
}
int main() {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO | SA_NODEFER };
  sigaction(SIGUSR1, &a, 0);
  raise(SIGUSR1);
  CHECK_EQ(maxd, 4);

  a.sa_flags = SA_SIGINFO | SA_RESETHAND;
  sigaction(SIGUSR2, &a, 0);
  raise(SIGUSR2);
  sigaction(SIGUSR2, 0, &a);
  CHECK(a.sa_handler == SIG_DFL);
  sigset_t m, o;
  sigfillset(&m);
  sigprocmask(SIG_SETMASK, &m, &o);
  a = (struct sigaction){ .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  int ss[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGCHLD, SIGRTMIN, SIGRTMAX, SIGSEGV, SIGFPE, SIGURG, SIGIO, SIGPWR };
  for (int i = 0; i < 14; i++) sigaction(ss[i], &a, 0);
  n = 0;
  for (int i = 0; i < 14; i++) CHECK_EQ(raise(ss[i]), 0);
  kill(getpid(), SIGRTMIN);
  kill(getpid(), SIGRTMIN);
  kill(getpid(), SIGUSR1);
  sigset_t p;
  sigpending(&p);
  int c = 0;
  for (int i = 1; i <= 64; i++) c += sigismember(&p, i) == 1;
  CHECK_EQ(c, 14);
  sigprocmask(SIG_SETMASK, &o, 0);
  logb[n] = 0;
  printf("%s\n", logb);
  return 0;
}
