// waitid and wait4 in all forms, children without a signal, ignored children.
#include "guest/t.h"
#include <sys/resource.h>
// waitid in all forms & errors, WNOWAIT loops, rusage, zombies, SIGCHLD ignore/NOCLDWAIT, __WALL/__WCLONE
int main() {
  int st;
  siginfo_t i;
  pid_t c;
  signal(SIGCHLD, SIG_IGN);
  c = fork();
  if (!c) _exit(1);
  CHECK_ERR(waitpid(c, &st, 0), ECHILD);
  struct sigaction a = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
  sigaction(SIGCHLD, &a, 0);
  c = fork();
  if (!c) _exit(1);
  CHECK_ERR(wait(&st), ECHILD);
  signal(SIGCHLD, SIG_DFL);
  CHECK_ERR(waitid(P_ALL, 0, &i, 0), EINVAL);
  CHECK_ERR(waitid(99, 0, &i, WEXITED), EINVAL);
  CHECK_ERR(waitid(P_PID, 0, &i, WEXITED), EINVAL);
  CHECK_ERR(waitid(P_ALL, 0, &i, WEXITED), ECHILD);
  c = fork();
  if (!c) _exit(3);
  CHECK_EQ(waitid(P_PGID, getpgrp(), &i, WEXITED | WNOWAIT), 0);
  CHECK_EQ(waitid(P_ALL, 0, &i, WEXITED | WNOWAIT), 0);
  struct rusage u;
  CHECK_EQ(syscall(SYS_waitid, P_ALL, 0, &i, WEXITED, &u), 0);
  CHECK_EQ(i.si_status, 3);
  CHECK_EQ(i.si_uid, getuid());
  c = fork();
  if (!c) _exit(3);
  usleep(10000);
  CHECK_EQ(syscall(SYS_waitid, P_PID, c, 0, WEXITED, 0), 0);
  c = syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (!c) _exit(4);
  CHECK_ERR(waitpid(c, &st, 0), ECHILD);
  CHECK_EQ(waitpid(c, &st, __WALL), c);
  CHECK_EQ(st, 0x400);
  c = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
  if (!c) _exit(4);
  signal(SIGUSR1, SIG_IGN);
  CHECK_EQ(waitpid(c, &st, __WCLONE), c);
  c = fork();
  if (!c) abort();
  CHECK_EQ(waitid(P_PID, c, &i, WEXITED), 0);
  CHECK(i.si_code == CLD_KILLED || i.si_code == CLD_DUMPED);
  CHECK_EQ(i.si_status, SIGABRT);
  for (int k = 0; k < 20; k++) {
    c = fork();
    if (!c) _exit(k);
  }
  int sum = 0;
  while ((c = wait(&st)) > 0) sum += WEXITSTATUS(st);
  CHECK_EQ(sum, 190);
  CHECK_EQ(errno, ECHILD);
  getrusage(RUSAGE_CHILDREN, &u);
  puts("ok");
  return 0;
}
