// wait4 and waitid in all their ways; process groups and sessions; rusage; WNOWAIT; pidfd.
#include "guest/t.h"
#include <sys/resource.h>
#include <poll.h>
int main(void) {
  pid_t c = fork();
  if (c == 0) _exit(33);
  siginfo_t i;
  CHECK_EQ(waitid(P_PID, (id_t)c, &i, WEXITED | WNOWAIT), 0);
  CHECK_EQ(i.si_pid, c);
  CHECK_EQ(i.si_status, 33);
  CHECK_EQ(i.si_code, CLD_EXITED);
  struct rusage u;
  int st;
  CHECK_EQ(wait4(c, &st, 0, &u), c);
  CHECK_EQ(st, 33 << 8);
  CHECK(u.ru_maxrss > 0);
  CHECK_ERR(waitpid(c, &st, 0), ECHILD);
  CHECK_ERR(waitid(P_PID, (id_t)c, &i, WEXITED), ECHILD);
  CHECK_ERR(waitpid(-1, &st, WNOHANG), ECHILD);
  CHECK_ERR(waitpid(0, &st, 1 << 20), EINVAL);
  c = fork();
  if (c == 0) {
    pause();
    _exit(0);
  }
  CHECK_EQ(waitpid(c, &st, WNOHANG), 0);
  memset(&i, 1, sizeof i);
  CHECK_EQ(waitid(P_PID, (id_t)c, &i, WEXITED | WNOHANG), 0);
  CHECK_EQ(i.si_pid, 0);
  CHECK_EQ(kill(c, SIGTERM), 0);
  CHECK_EQ(waitid(P_ALL, 0, &i, WEXITED), 0);
  CHECK_EQ(i.si_code, CLD_KILLED);
  CHECK_EQ(i.si_status, SIGTERM);
  // groups
  int p[2];
  CHECK_EQ(pipe(p), 0);
  pid_t g = fork();
  if (g == 0) {
    setpgid(0, 0);
    char x;
    close(p[1]);
    (void)!read(p[0], &x, 1);
    _exit(4);
  }
  CHECK(setpgid(g, g) == 0 || errno == EACCES);
  CHECK_EQ(getpgid(g), g);
  pid_t g2 = fork();
  if (g2 == 0) {
    setpgid(0, g);
    char x;
    close(p[1]);
    (void)!read(p[0], &x, 1);
    _exit(5);
  }
  setpgid(g2, g);
  CHECK_EQ(getpgid(g2), g);
  CHECK_EQ(waitpid(-g, &st, WNOHANG), 0);
  CHECK_EQ(kill(-g, SIGUSR1), 0);
  for (int k = 0; k < 2; k++) {
    pid_t r = waitpid(-g, &st, 0);
    CHECK(r == g || r == g2);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGUSR1);
  }
  CHECK_ERR(waitpid(-g, &st, 0), ECHILD);
  CHECK_ERR(kill(-g, 0), ESRCH);
  c = fork();
  if (c == 0) {
    pid_t s = setsid();
    CHECK_EQ(s, getpid());
    CHECK_EQ(getsid(0), s);
    CHECK_EQ(getpgrp(), s);
    CHECK_ERR(setsid(), EPERM);
    _exit(1);
  }
  CHECK_EQ(t_wait(c), 1);
  // SIGCHLD ignored: children vanish, wait blocks until all are gone
  signal(SIGCHLD, SIG_IGN);
  for (int k = 0; k < 5; k++)
    if (fork() == 0) {
      usleep(2000);
      _exit(k);
    }
  CHECK_ERR(wait(NULL), ECHILD);
  signal(SIGCHLD, SIG_DFL);
#ifdef SYS_pidfd_open
  c = fork();
  if (c == 0) {
    usleep(20000);
    _exit(44);
  }
  int fd = (int)syscall(SYS_pidfd_open, c, 0);
  CHECK(fd >= 0);
  struct pollfd pf = { fd, POLLIN, 0 };
  CHECK_EQ(poll(&pf, 1, 5000), 1);
  CHECK_EQ(waitid(3 /* P_PIDFD */, (id_t)fd, &i, WEXITED), 0);
  CHECK_EQ(i.si_status, 44);
  CHECK_EQ(close(fd), 0);
#endif
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &u), 0);
  CHECK(u.ru_maxrss > 0);
  puts("ok");
  return 0;
}
