// Signals with values to a thread; what sending refuses.
#include "guest/t.h"
#include <pthread.h>
// sigaltstack in threads, handler in thread on exit, thread-dtor signals, pthread_sigqueue
static volatile int got, val;
static void h(int s, siginfo_t *i, void *u) {
  got = s;
  val = i->si_value.sival_int;
  CHECK_EQ(i->si_code, SI_QUEUE);
  CHECK_EQ(i->si_pid, getpid());
}
static volatile int r;
static void *w(void *p) {
  r = 1;
  while (!got) usleep(500);
  return 0;
}
int main() {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGRTMIN + 3, &a, 0);
  pthread_t t;
  pthread_create(&t, 0, w, 0);
  while (!r) usleep(100);
  CHECK_EQ(pthread_sigqueue(t, SIGRTMIN + 3, (union sigval){ .sival_int = 31 }), 0);
  pthread_join(t, 0);
  CHECK_EQ(val, 31);
  // sigqueue errors, limits
  CHECK_ERR(sigqueue(getpid(), 99, (union sigval){ 0 }), EINVAL);
  CHECK_EQ(sigqueue(getpid(), 0, (union sigval){ 0 }), 0);
  CHECK_ERR(kill(getpid(), 77), EINVAL);
  CHECK_ERR(kill(999999, 0), ESRCH);
  CHECK_EQ(kill(getpid(), 0), 0);
  CHECK_EQ(kill(0, 0), 0);
  siginfo_t i = { .si_code = SI_USER };
  CHECK_ERR(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &i), EPERM);
  CHECK_ERR(syscall(SYS_tgkill, getpid(), 999999, 0), ESRCH);
  CHECK_ERR(syscall(SYS_tgkill, -1, 1, 0), EINVAL);
  CHECK_ERR(syscall(SYS_tkill, 0, 0), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, (void *)1), EFAULT);
  CHECK_ERR(syscall(SYS_rt_sigprocmask, 9, &a, 0, 8), EINVAL);
  CHECK_ERR(syscall(SYS_rt_sigprocmask, 0, 0, 0, 4), EINVAL);
  CHECK_ERR(sigaction(SIGKILL, &a, 0), EINVAL);
  CHECK_EQ(sigaction(SIGKILL, 0, &a), 0);
  puts("ok");
  return 0;
}
