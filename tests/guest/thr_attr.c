// TLS, stacks of one's own, detached threads, timed waits.
#include "guest/t.h"
#include <pthread.h>
#include <semaphore.h>
// TLS big, dtors order, keys, pthread_once, thread attr stack, detached, getattr_np, cond clock, timed rwlock, sem timed
static __thread char big[8192];
static pthread_once_t on = PTHREAD_ONCE_INIT;
static int once;
static void oi(void) { once++; }
static void *w(void *p) {
  pthread_once(&on, oi);
  big[0] = (long)p;
  for (int i = 0; i < 8192; i += 512) big[i] = (long)p;
  sched_yield();
  for (int i = 0; i < 8192; i += 512) CHECK_EQ(big[i], (char)(long)p);
  pthread_attr_t a;
  pthread_getattr_np(pthread_self(), &a);
  void *s;
  size_t n;
  pthread_attr_getstack(&a, &s, &n);
  CHECK((char *)&a > (char *)s && (char *)&a < (char *)s + n);
  return 0;
}
int main() {
  pthread_t t[8];
  for (long i = 0; i < 8; i++) pthread_create(t + i, 0, w, (void *)i);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  CHECK_EQ(once, 1);
  static char st[131072] __attribute__((aligned(4096)));
  pthread_attr_t a;
  pthread_attr_init(&a);
  pthread_attr_setstack(&a, st, sizeof st);
  pthread_create(t, &a, w, (void *)3l);
  pthread_join(t[0], 0);
  pthread_attr_init(&a);
  pthread_attr_setdetachstate(&a, 1);
  for (int i = 0; i < 50; i++) CHECK_EQ(pthread_create(t, &a, w, (void *)1l), 0);
  pthread_condattr_t ca;
  pthread_condattr_init(&ca);
  pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
  pthread_cond_t c;
  pthread_cond_init(&c, &ca);
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&m);
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  ts.tv_nsec += 5000000;
  if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
  CHECK_EQ(pthread_cond_timedwait(&c, &m, &ts), ETIMEDOUT);
  sem_t s;
  sem_init(&s, 0, 0);
  clock_gettime(CLOCK_REALTIME, &ts);
  ts.tv_nsec += 5000000;
  if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
  CHECK_ERR(sem_timedwait(&s, &ts), ETIMEDOUT);
  CHECK_ERR(sem_trywait(&s), EAGAIN);
  puts("ok");
  return 0;
}
