// Timers and time limits with threads: SIGEV_THREAD, many sleepers with their own ends, condition waits that time out, a ticker thread.
// rr-test: cflags=-lrt
#include "guest/t.h"
#include <pthread.h>
static volatile int fired;
static void tick(union sigval v) {
  CHECK_EQ(v.sival_int, 17);
  __sync_fetch_and_add(&fired, 1);
}
static void *sleeper(void *p) {
  long ms = (long)p;
  double a = t_now();
  struct timespec t = { 0, ms * 1000000 };
  CHECK_EQ(nanosleep(&t, NULL), 0);
  CHECK(t_now() - a >= (double)ms / 1000 - 0.0001);
  return p;
}
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv;
static void *waiter(void *p) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += (long)p * 1000000;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  pthread_mutex_lock(&m);
  int r = pthread_cond_timedwait(&cv, &m, &t);
  pthread_mutex_unlock(&m);
  return (void *)(long)r;
}
int main(void) {
  pthread_condattr_t ca;
  pthread_condattr_init(&ca);
  pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
  pthread_cond_init(&cv, &ca);
  pthread_t t[10];
  for (long i = 0; i < 10; i++) CHECK_EQ(pthread_create(&t[i], NULL, sleeper, (void *)(20 - 2 * i)), 0);
  for (int i = 0; i < 10; i++) pthread_join(t[i], NULL);
  for (long i = 0; i < 6; i++) pthread_create(&t[i], NULL, waiter, (void *)(5 + i * 3));
  for (int i = 0; i < 6; i++) {
    void *r;
    pthread_join(t[i], &r);
    CHECK_EQ((long)r, ETIMEDOUT);
  }
  timer_t id;
  struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = tick, .sigev_value.sival_int = 17 };
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &id), 0);
  struct itimerspec it = { { 0, 5000000 }, { 0, 5000000 } };
  CHECK_EQ(timer_settime(id, 0, &it, NULL), 0);
  while (fired < 5) usleep(1000);
  CHECK_EQ(timer_delete(id), 0);
  puts("ok");
  return 0;
}
