// A process that shares its parent's memory and is no vfork.
#include "guest/t.h"
#include <sched.h>
#include <linux/sched.h>
#include <pthread.h>
// CLONE_VM without VFORK/THREAD
static char stk[65536];
static volatile int x;
static int ch(void *p) {
  x = 5;
  usleep(1000);
  x = 6;
  _exit(3);
}
int main() {
  pid_t c = clone(ch, stk + 65536, CLONE_VM | SIGCHLD, 0);
  CHECK(c > 0);
  CHECK_EQ(t_wait(c), 3);
  CHECK_EQ(x, 6);
  c = clone(ch, stk + 65536, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD, 0);
  CHECK_EQ(t_wait(c), 3);
  puts("ok");
  return 0;
}
