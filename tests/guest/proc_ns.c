// Namespaces: pid, user, mount; chroot.
#include "guest/t.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
static char stk[65536];
static int ch(void *p) {
  printf("pid %d ppid %d\n", getpid(), getppid());
  fflush(stdout);
  pid_t g = fork();
  if (!g) {
    printf("g %d %d\n", getpid(), getppid());
    fflush(stdout);
    _exit(2);
  }
  CHECK_EQ(t_wait(g), 2);
  return 3;
}
int main() {
  if (getuid()) {
    puts("skip");
    return 0;
  }
  pid_t c = clone(ch, stk + 65536, CLONE_NEWPID | SIGCHLD, 0);
  CHECK(c > 0);
  CHECK_EQ(t_wait(c), 3);
  c = clone(ch, stk + 65536, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD, 0);
  printf("%d\n", c > 0);
  if (c > 0) CHECK_EQ(t_wait(c), 3);
  c = fork();
  if (!c) {
    CHECK_EQ(unshare(CLONE_NEWNS), 0);
    mount("none", "/", 0, MS_REC | MS_PRIVATE, 0);
    CHECK_EQ(mount("t", "/tmp", "tmpfs", 0, 0), 0);
    CHECK_EQ(access("/tmp/wC", 0), -1);
    CHECK_EQ(umount("/tmp"), 0);
    CHECK_EQ(sethostname("x", 1) == 0, 1);
    _exit(0);
  }
  (void)c;
  int st;
  waitpid(c, &st, 0);
  printf("%x\n", st);
  c = fork();
  if (!c) {
    CHECK_EQ(unshare(CLONE_NEWPID), 0);
    pid_t i = fork();
    if (!i) {
      pid_t k = fork();
      if (!k)
        for (;;) pause();
      usleep(10000);
      _exit(6);
    }
    CHECK_EQ(t_wait(i), 6);
    CHECK_ERR(fork(), ENOMEM);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  c = fork();
  if (!c) {
    CHECK_EQ(chroot("/proc/self"), 0);
    chdir("/");
    CHECK_EQ(access("/etc", 0), -1);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  puts("ok");
  return 0;
}
