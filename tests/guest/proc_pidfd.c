// pidfds in all forms.
#include "guest/t.h"
#include <sys/syscall.h>
#include <poll.h>
#include <linux/sched.h>
// pidfd all forms
int main() {
  pid_t c = fork();
  if (!c)
    for (;;) pause();
  int fd = syscall(SYS_pidfd_open, c, 0);
  CHECK(fd >= 0);
  struct pollfd p = { fd, POLLIN, 0 };
  CHECK_EQ(poll(&p, 1, 0), 0);
  CHECK_EQ(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), 0);
  siginfo_t i = { 0 };
  CHECK_EQ(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), 0);
  CHECK_EQ(poll(&p, 1, 3000), 1);
  CHECK_EQ(waitid(P_PIDFD, fd, &i, WEXITED), 0);
  CHECK_EQ(i.si_status, SIGTERM);
  CHECK_ERR(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), ESRCH);
  int me = syscall(SYS_pidfd_open, getpid(), 0);
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigprocmask(SIG_BLOCK, &s, 0);
  CHECK_EQ(syscall(SYS_pidfd_send_signal, me, SIGUSR1, 0, 0), 0);
  CHECK_EQ(sigwaitinfo(&s, &i), SIGUSR1);
  int g = syscall(SYS_pidfd_getfd, me, 0, 0);
  CHECK(g >= 0);
  struct clone_args a = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
  int pf = -1;
  a.pidfd = (unsigned long)&pf;
  c = syscall(SYS_clone3, &a, sizeof a);
  if (!c) _exit(4);
  CHECK(pf >= 0);
  CHECK_EQ(waitid(P_PIDFD, pf, &i, WEXITED), 0);
  CHECK_EQ(i.si_status, 4);
  CHECK_ERR(syscall(SYS_pidfd_open, -1, 0), EINVAL);
  CHECK_ERR(syscall(SYS_pidfd_open, 999999, 0), ESRCH);
  puts("ok");
  return 0;
}
