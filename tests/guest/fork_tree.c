// Children of children; memory is a copy; stdio buffers; order of output by pipes; orphans go to the sub-reaper.
#include "guest/t.h"
#include <sys/prctl.h>
static int value = 1;
static int tree(int d) {
  value += d;
  if (!d) return 1;
  int n = 1;
  for (int i = 0; i < 3; i++) {
    pid_t c = fork();
    if (c == 0) _exit(tree(d - 1));
    n += t_wait(c);
  }
  return n;
}
int main(void) {
  CHECK_EQ(tree(3), 40);
  CHECK_EQ(value, 4);
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int p[2];
  CHECK_EQ(pipe(p), 0);
  pid_t c = fork();
  if (c == 0) {
    pid_t g = fork();
    if (g == 0) {
      usleep(30000);
      CHECK(getppid() != 1);
      _exit(9);
    }
    CHECK_EQ(write(p[1], &g, sizeof g), sizeof g);
    _exit(5);
  }
  pid_t g;
  CHECK_EQ(read(p[0], &g, sizeof g), sizeof g);
  CHECK_EQ(t_wait(c), 5);
  CHECK_EQ(t_wait(g), 9);
  CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
  // writes to the same stdout, in an order that pipes enforce
  int q[2];
  CHECK_EQ(pipe(q), 0);
  char t;
  c = fork();
  if (c == 0) {
    for (int i = 0; i < 20; i++) {
      CHECK_EQ(read(p[0], &t, 1), 1);
      dprintf(1, "child %d\n", i);
      CHECK_EQ(write(q[1], "y", 1), 1);
    }
    _exit(0);
  }
  for (int i = 0; i < 20; i++) {
    dprintf(1, "parent %d\n", i);
    dprintf(2, "error %d\n", i);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(read(q[0], &t, 1), 1);
  }
  CHECK_EQ(t_wait(c), 0);
  // unflushed text is written by both
  printf("twice\n");
  c = fork();
  if (c == 0) {
    fflush(stdout);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  return 0;
}
