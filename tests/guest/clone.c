// clone and clone3 directly: flags of files, fs, signal handlers, exit signal, set_tid fields, a stack of one's own, errors.
#include "guest/t.h"
#include <sched.h>
#include <linux/sched.h>
static char stack[65536] __attribute__((aligned(16)));
static volatile int val;
static pid_t ptid, ctid;
static int child(void *p) {
  val += (int)(long)p;
  close(7);
  chdir("/");
  return 21;
}
int main(void) {
  CHECK_EQ(dup2(0, 7), 7);
  char cwd[4096], now[4096];
  CHECK(getcwd(cwd, sizeof cwd));
  pid_t c = clone(child, stack + sizeof stack, SIGCHLD, (void *)5l);
  CHECK(c > 0);
  CHECK_EQ(t_wait(c), 21);
  CHECK_EQ(val, 0);
  CHECK(fcntl(7, F_GETFD) >= 0);
  c = clone(child, stack + sizeof stack, CLONE_FILES | CLONE_FS | SIGCHLD, (void *)5l);
  CHECK_EQ(t_wait(c), 21);
  CHECK_EQ(val, 0);
  CHECK_ERR(fcntl(7, F_GETFD), EBADF);
  CHECK(!strcmp(getcwd(now, sizeof now), "/"));
  CHECK_EQ(chdir(cwd), 0);
  c = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)5l);
  CHECK_EQ(val, 5);
  CHECK_EQ(t_wait(c), 21);
  // parent and child tid
  c = (pid_t)syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &ptid, &ctid, 0);
  if (c == 0) _exit(ctid == getpid() && ptid == 0 ? 1 : 2);
  CHECK_EQ(ptid, c);
  CHECK_EQ(ctid, 0);
  CHECK_EQ(t_wait(c), 1);
  struct clone_args a = { .flags = CLONE_PARENT_SETTID, .exit_signal = SIGCHLD, .parent_tid = (uintptr_t)&ptid };
  c = (pid_t)syscall(SYS_clone3, &a, sizeof a);
  CHECK(c >= 0);
  if (c == 0) _exit(8);
  CHECK_EQ(ptid, c);
  CHECK_EQ(t_wait(c), 8);
  // another exit signal: only __WCLONE or __WALL sees it
  c = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (c == 0) _exit(3);
  int st;
  CHECK_ERR(waitpid(c, &st, 0), ECHILD);
  CHECK_EQ(waitpid(c, &st, __WALL), c);
  CHECK_EQ(st, 3 << 8);
  CHECK_ERR(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, &a, 8), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, 8, sizeof a), EFAULT);
  int pidfd = -1;
  struct clone_args b = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
  c = (pid_t)syscall(SYS_clone3, &b, sizeof b);
  if (c == 0) _exit(6);
  CHECK(pidfd > 2);
  CHECK_EQ(t_wait(c), 6);
  close(pidfd);
  puts("ok");
  return 0;
}
