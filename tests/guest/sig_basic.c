// Handlers: sa_mask, SA_NODEFER, SA_RESETHAND, nesting, raise to self, siginfo of kill/tgkill/sigqueue, pending signals and their order.
#include "guest/t.h"
#include <sys/ucontext.h>
static volatile int depth, deepest, calls, order[64], n; // volatile: raise() is declared a leaf
static void nest(int s) {
  order[n++] = s;
  depth++;
  if (depth > deepest) deepest = depth;
  if (depth < 4) raise(SIGUSR1);
  depth--;
  calls++;
}
static void note(int s) { order[n++] = s; }
static volatile siginfo_t got;
static void info(int s, siginfo_t *i, void *u) {
  (void)s;
  got = *i;
  CHECK(u != NULL);
}
static void blocked_inside(int s) {
  sigset_t m;
  sigprocmask(SIG_BLOCK, NULL, &m);
  CHECK(sigismember(&m, s));
  CHECK(sigismember(&m, SIGUSR2));
  CHECK(!sigismember(&m, SIGHUP));
  n++;
  raise(SIGUSR2);
  order[n++] = -1;
}
int main(void) {
  struct sigaction a = { .sa_handler = nest, .sa_flags = SA_NODEFER }, old;
  CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
  raise(SIGUSR1);
  CHECK_EQ(deepest, 4);
  CHECK_EQ(calls, 4);
  a.sa_flags = SA_RESETHAND;
  a.sa_handler = note;
  n = 0;
  CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
  raise(SIGUSR1);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_handler == SIG_DFL);
  CHECK_EQ(n, 1);
  a.sa_flags = 0;
  a.sa_handler = blocked_inside;
  sigemptyset(&a.sa_mask);
  sigaddset(&a.sa_mask, SIGUSR2);
  struct sigaction b = { .sa_handler = note };
  sigaction(SIGUSR1, &a, NULL);
  sigaction(SIGUSR2, &b, NULL);
  n = 0;
  raise(SIGUSR1);
  CHECK_EQ(n, 3);
  CHECK_EQ(order[1], -1);
  CHECK_EQ(order[2], SIGUSR2);
  // several pending at once: lowest number first for standard signals, all instances of a real-time one in their order
  sigset_t all, was, pend;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &was);
  int rt = SIGRTMIN + 3;
  sigaction(SIGHUP, &b, NULL);
  sigaction(SIGTERM, &b, NULL);
  sigaction(SIGINT, &b, NULL);
  struct sigaction q = { .sa_sigaction = info, .sa_flags = SA_SIGINFO };
  sigaction(rt, &q, NULL);
  kill(getpid(), SIGTERM);
  kill(getpid(), SIGINT);
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGHUP);
  CHECK_EQ(sigpending(&pend), 0);
  CHECK(sigismember(&pend, SIGTERM) && sigismember(&pend, SIGINT) && sigismember(&pend, SIGHUP) && !sigismember(&pend, SIGUSR1));
  n = 0;
  sigprocmask(SIG_SETMASK, &was, NULL);
  // frames are pushed lowest first, so the one pushed last runs first
  CHECK_EQ(n, 3);
  printf("order %d %d %d\n", order[0], order[1], order[2]);
  CHECK_EQ(sigqueue(getpid(), rt, (union sigval){ .sival_int = 4711 }), 0);
  CHECK_EQ(got.si_signo, rt);
  CHECK_EQ(got.si_code, SI_QUEUE);
  CHECK_EQ(got.si_value.sival_int, 4711);
  CHECK_EQ(got.si_pid, getpid());
  CHECK_EQ(got.si_uid, getuid());
  sigaction(SIGUSR1, &q, NULL);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(got.si_code, SI_USER);
  CHECK_EQ(got.si_pid, getpid());
  raise(SIGUSR1);
  CHECK_EQ(got.si_code, SI_TKILL);
  CHECK_EQ(got.si_pid, getpid());
  CHECK_EQ(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1), 0);
  CHECK_EQ(got.si_code, SI_TKILL);
  CHECK_ERR(kill(getpid(), 65), EINVAL);
  CHECK_EQ(kill(getpid(), 0), 0);
  CHECK_ERR(sigaction(SIGKILL, &b, NULL), EINVAL);
  CHECK_ERR(sigaction(SIGSTOP, &b, NULL), EINVAL);
  // ignored: nothing arrives; pending and then ignored: gone
  signal(SIGUSR2, SIG_IGN);
  n = 0;
  raise(SIGUSR2);
  CHECK_EQ(n, 0);
  sigaction(SIGUSR2, &b, NULL);
  sigemptyset(&all);
  sigaddset(&all, SIGUSR2);
  sigprocmask(SIG_BLOCK, &all, NULL);
  raise(SIGUSR2);
  signal(SIGUSR2, SIG_IGN);
  sigaction(SIGUSR2, &b, NULL);
  sigprocmask(SIG_UNBLOCK, &all, NULL);
  CHECK_EQ(n, 0);
  puts("ok");
  return 0;
}
