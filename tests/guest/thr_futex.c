// Raw futex operations, private and shared.
#include "guest/t.h"
#include <pthread.h>
#include <linux/futex.h>
static int f1, f2;
static volatile int waiting;
static long fx(int *a, int op, int v, void *t, int *b, int v3) { return syscall(SYS_futex, a, op, v, t, b, v3); }
static void *w(void *p) {
  __sync_fetch_and_add(&waiting, 1);
  long r = fx(&f1, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, 0, 0, (int)(long)p);
  return (void *)r;
}
int main() {
  pthread_t t[4];
  for (int pr = 0; pr <= 128; pr += 128) {
    waiting = 0;
    for (long i = 0; i < 4; i++) pthread_create(t + i, 0, w, (void *)(1l << i));
    while (waiting < 4) usleep(1000);
    usleep(10000);
    CHECK_EQ(fx(&f1, FUTEX_WAKE_BITSET | 128, 10, 0, 0, 4), 1);
    CHECK_EQ(fx(&f1, FUTEX_CMP_REQUEUE | 128, 1, (void *)1l, &f2, 5), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(fx(&f1, FUTEX_CMP_REQUEUE | 128, 1, (void *)1l, &f2, 0), 2);
    CHECK_EQ(fx(&f1, FUTEX_WAKE_OP | 128, 5, (void *)5l, &f2, FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_EQ, 0)), 2);
    CHECK_EQ(f2, 7);
    f2 = 0;
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
  }
  CHECK_EQ(fx(&f1, 99, 0, 0, 0, 0), -1);
  CHECK_EQ(errno, ENOSYS);
  CHECK_EQ(fx(&f1, FUTEX_WAIT, 1, 0, 0, 0), -1);
  CHECK_EQ(errno, EAGAIN);
  CHECK_EQ(fx((int *)1, FUTEX_WAIT, 1, 0, 0, 0), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(fx((int *)0x1000, FUTEX_WAIT, 1, 0, 0, 0), -1);
  CHECK_EQ(errno, EFAULT);
  struct timespec z = { 0, 1000000 };
  CHECK_EQ(fx(&f1, FUTEX_WAIT, 0, &z, 0, 0), -1);
  CHECK_EQ(errno, ETIMEDOUT);
  // shared between processes
  int *sh = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t c = fork();
  if (!c) {
    while (fx(sh, FUTEX_WAIT, 0, 0, 0, 0) != 0 && errno != EAGAIN)
      ;
    _exit(9);
  }
  usleep(20000);
  *sh = 1;
  fx(sh, FUTEX_WAKE, 1, 0, 0, 0);
  CHECK_EQ(t_wait(c), 9);
  struct {
    int *a;
  };
  struct fw {
    unsigned long val, uaddr;
    unsigned fl, res;
  } wv[2] = { { 0, (unsigned long)&f1, 2 }, { 0, (unsigned long)&f2, 2 } };
  struct timespec ab;
  clock_gettime(CLOCK_MONOTONIC, &ab);
  ab.tv_nsec += 1000000;
  long r = syscall(449, wv, 2, 0, &ab, CLOCK_MONOTONIC);
  printf("~waitv %ld %d\n", r, errno);
  puts("ok");
  return 0;
}
