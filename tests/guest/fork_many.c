// 500 forks, some alive at once; each child works, all are reaped; pids are consistent.
// rr-test: timeout=60
#include "guest/t.h"
int main(void) {
  long sum = 0;
  pid_t me = getpid();
  for (int i = 0; i < 300; i++) {
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) _exit(getppid() == me && getpid() != me && syscall(SYS_gettid) == getpid() ? i % 100 : 255);
    int s = t_wait(c);
    CHECK_EQ(s, i % 100);
    sum += s;
  }
  pid_t c[20];
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 20; i++) {
      c[i] = fork();
      if (c[i] == 0) {
        volatile long x = 0;
        for (int k = 0; k < 20000; k++) x += k;
        _exit(i);
      }
    }
    int got = 0;
    for (int i = 0; i < 20; i++) {
      int st;
      pid_t r = waitpid(-1, &st, 0);
      int k = 0;
      while (c[k] != r) k++;
      CHECK_EQ(st, k << 8);
      got |= 1 << k;
    }
    CHECK_EQ(got, (1 << 20) - 1);
    CHECK_ERR(wait(NULL), ECHILD);
  }
  printf("%ld\n", sum);
  return 0;
}
