// Flags of clone: parent, tids, exit signals, handlers, errors.
#include "guest/t.h"
#include <sched.h>
#include <linux/sched.h>
// clone flags: PARENT, SETTLS, tids, exit signal 0, CLEAR_SIGHAND, into set_tid
static char stk[65536];
static int f7(void *p) { return 7; }
static pid_t pt, ct;
static volatile int hit;
static void h(int s) { hit = s; }
int main() {
  int st;
  pid_t c = fork();
  if (!c) {
    pid_t g = clone(f7, stk + 65536, CLONE_PARENT | SIGCHLD, 0);
    CHECK(g > 0);
    int s2;
    CHECK_ERR(waitpid(g, &s2, 0), ECHILD);
    _exit(3);
  }
  CHECK_EQ(t_wait(c), 3);
  c = wait(&st);
  CHECK_EQ(st, 0x700);
  c = clone(f7, stk + 65536, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0, &pt, 0, &ct);
  CHECK_EQ(pt, c);
  CHECK_EQ(ct, 0);
  CHECK_EQ(t_wait(c), 7);
  signal(SIGUSR2, h);
  c = clone(f7, stk + 65536, SIGUSR2, 0);
  CHECK_EQ(waitpid(c, &st, __WALL), c);
  CHECK_EQ(hit, SIGUSR2);
  struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
  c = syscall(SYS_clone3, &a, sizeof a);
  if (!c) {
    struct sigaction o;
    sigaction(SIGUSR2, 0, &o);
    _exit(o.sa_handler == SIG_DFL ? 5 : 6);
  }
  CHECK_EQ(t_wait(c), 5);
  CHECK_ERR(clone(f7, stk + 65536, CLONE_THREAD, 0), EINVAL);
  CHECK_ERR(clone(f7, stk + 65536, CLONE_SIGHAND, 0), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, &a, 8), EINVAL);
  CHECK_ERR(clone(f7, stk + 65536, CLONE_FS | CLONE_NEWNS, 0), EINVAL);
  c = clone(f7, stk + 65536, CLONE_VM | CLONE_VFORK, 0);
  CHECK_EQ(waitpid(c, &st, __WALL), c);
  CHECK_EQ(st, 0x700);
  c = clone(f7, stk + 65536, CLONE_VM | CLONE_VFORK | CLONE_SIGHAND | SIGCHLD, 0);
  CHECK_EQ(t_wait(c), 7);
  c = syscall(SYS_clone, CLONE_UNTRACED | CLONE_IO | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0);
  if (!c) _exit(1);
  CHECK_EQ(t_wait(c), 1);
  CHECK_EQ(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM), 0);
  CHECK_EQ(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM), 0);
  puts("ok");
  return 0;
}
