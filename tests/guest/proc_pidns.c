// The first process of a pid namespace.
#include "guest/t.h"
#include <sys/prctl.h>
#include <sched.h>
#include <sys/mount.h>
// pid ns: init dies kills all, threads; reap; sigkill by parent; setns; nested
static char stk[65536];
static int ini(void *p) {
  for (int i = 0; i < 3; i++)
    if (!fork())
      for (;;) pause();
  usleep(20000);
  if (p) *(volatile int *)0 = 1;
  return 3;
}
static int ini2(void *p) {
  pid_t c = fork();
  if (!c) {
    if (!fork()) {
      usleep(20000);
      _exit(0);
    }
    _exit(0);
  }
  int st, n = 0;
  while (wait(&st) > 0) n++;
  return n;
}
static int hold(void *p) {
  for (;;) pause();
}
int main() {
  if (getuid()) {
    puts("skip");
    return 0;
  }
  pid_t c = clone(ini, stk + 65536, CLONE_NEWPID | SIGCHLD, 0);
  CHECK_EQ(t_wait(c), 3);
  c = clone(ini, stk + 65536, CLONE_NEWPID | SIGCHLD, (void *)1);
  CHECK_EQ(t_wait(c), 1011);
  c = clone(ini2, stk + 65536, CLONE_NEWPID | SIGCHLD, 0);
  CHECK_EQ(t_wait(c), 2);
  c = clone(hold, stk + 65536, CLONE_NEWPID | SIGCHLD, 0);
  usleep(20000);
  kill(c, SIGTERM);
  usleep(10000);
  int st;
  CHECK_EQ(waitpid(c, &st, WNOHANG), 0);
  kill(c, SIGKILL);
  CHECK_EQ(t_wait(c), 1009);
  char b[50];
  c = clone(hold, stk + 65536, CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD, 0);
  sprintf(b, "/proc/%d/ns/uts", c);
  int fd = open(b, 0);
  CHECK(fd >= 0);
  pid_t d = fork();
  if (!d) {
    CHECK_EQ(setns(fd, CLONE_NEWUTS), 0);
    CHECK_EQ(sethostname("inside", 6), 0);
    gethostname(b, 50);
    puts(b);
    fflush(stdout);
    _exit(0);
  }
  CHECK_EQ(t_wait(d), 0);
  kill(c, SIGKILL);
  t_wait(c);
  puts("ok");
  return 0;
}
