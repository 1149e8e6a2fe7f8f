// Mutexes: errorcheck, recursive, robust, with priority inheritance.
#include "guest/t.h"
#include <pthread.h>
#include <linux/futex.h>
// mutex kinds
static pthread_mutex_t m;
static int st;
static void *die(void *p) {
  pthread_mutex_lock(&m);
  return 0;
}
static void *tl(void *p) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec > 999999999) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000;
  }
  return (void *)(long)pthread_mutex_timedlock(&m, &t);
}
static long cnt;
static void *inc(void *p) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&m);
    cnt++;
    pthread_mutex_unlock(&m);
  }
  return 0;
}
int main() {
  pthread_t t;
  void *r;
  for (int proto = 0; proto < 2; proto++)
    for (int pshared = 0; pshared < 1; pshared++) {
      pthread_mutexattr_t a;
      pthread_mutexattr_init(&a);
      pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
      pthread_mutexattr_setprotocol(&a, proto);
      pthread_mutex_init(&m, &a);
      pthread_mutex_lock(&m);
      CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);
      pthread_create(&t, 0, tl, 0);
      pthread_join(t, &r);
      CHECK_EQ(r, ETIMEDOUT);
      pthread_mutex_unlock(&m);
      CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
      pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
      pthread_mutex_init(&m, &a);
      for (int k = 0; k < 3; k++) pthread_mutex_lock(&m);
      for (int k = 0; k < 3; k++) CHECK_EQ(pthread_mutex_unlock(&m), 0);
      CHECK(pthread_mutex_unlock(&m) == EPERM);
      pthread_mutexattr_setrobust(&a, 1);
      pthread_mutexattr_settype(&a, 0);
      pthread_mutex_init(&m, &a);
      pthread_create(&t, 0, die, 0);
      pthread_join(t, 0);
      CHECK_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
      CHECK_EQ(pthread_mutex_consistent(&m), 0);
      CHECK_EQ(pthread_mutex_unlock(&m), 0);
      pthread_create(&t, 0, die, 0);
      pthread_join(t, 0);
      CHECK_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
      pthread_mutex_unlock(&m);
      CHECK_EQ(pthread_mutex_lock(&m), ENOTRECOVERABLE);
      pthread_mutexattr_setrobust(&a, 0);
      pthread_mutex_init(&m, &a);
      cnt = 0;
      pthread_t q[6];
      for (int k = 0; k < 6; k++) pthread_create(q + k, 0, inc, 0);
      for (int k = 0; k < 6; k++) pthread_join(q[k], 0);
      CHECK_EQ(cnt, 12000);
    }
  // PI with condvar
  puts("ok");
  return 0;
}
