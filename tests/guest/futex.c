// The futex call itself: wait, wake, bitset, requeue, cmp_requeue, wake_op, time limits, errors; shared between processes by MAP_SHARED.
#include "guest/t.h"
#include <linux/futex.h>
#include <pthread.h>
static uint32_t f, g;
static volatile int woken;
static long fx(uint32_t *u, int op, uint32_t v, const void *t, uint32_t *u2, uint32_t v3) {
  return t_sys(SYS_futex, (long)u, J32(op), J32(v), (long)t, (long)u2, J32(v3));
}
static void *waiter(void *p) {
  long r = fx(&f, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  CHECK(r == 0 || r == -EAGAIN);
  __sync_fetch_and_add(&woken, 1);
  return p;
}
int main(void) {
  CHECK_EQ(fx(&f, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), -EAGAIN);
  CHECK_EQ(fx(&f, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
  struct timespec t = { 0, 10000000 }, bad = { 0, 2000000000 };
  double a = t_now();
  CHECK_EQ(fx(&f, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), -ETIMEDOUT);
  CHECK(t_now() - a >= 0.009);
  CHECK_EQ(fx(&f, FUTEX_WAIT_PRIVATE, 0, &bad, NULL, 0), -EINVAL);
  CHECK_EQ(fx((uint32_t *)((char *)&f + 1), FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), -EINVAL);
  CHECK_EQ(fx((uint32_t *)64, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), -EFAULT);
  CHECK_EQ(fx(&f, 99, 0, NULL, NULL, 0), -ENOSYS);
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += 5000000;
  if (at.tv_nsec >= 1000000000) {
    at.tv_nsec -= 1000000000;
    at.tv_sec++;
  }
  CHECK_EQ(fx(&f, FUTEX_WAIT_BITSET_PRIVATE, 0, &at, NULL, 1), -ETIMEDOUT);
  CHECK_EQ(fx(&f, FUTEX_WAIT_BITSET_PRIVATE, 0, &at, NULL, 0), -EINVAL);
  pthread_t th[6];
  for (int i = 0; i < 6; i++) pthread_create(&th[i], NULL, waiter, NULL);
  long n = 0;
  while (n < 2) {
    n += fx(&f, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    usleep(100);
  }
  while (woken < 2) usleep(100);
  // requeue the rest to g, then wake them there
  long moved = 0;
  while (moved < 4) {
    long r = fx(&f, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)10l, &g, 0);
    CHECK(r >= 0);
    moved += r;
    usleep(100);
  }
  CHECK_EQ(fx(&f, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)10l, &g, 77), -EAGAIN);
  CHECK_EQ(fx(&f, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0), 0);
  n = fx(&f, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1l, &g, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0));
  CHECK_EQ(n, 1);
  CHECK_EQ(g, 5);
  CHECK_EQ(fx(&g, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 0xffffffff), 3);
  for (int i = 0; i < 6; i++) pthread_join(th[i], NULL);
  CHECK_EQ(woken, 6);
  puts("ok");
  return 0;
}
