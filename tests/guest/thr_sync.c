// Mutexes of all kinds, condition variables with and without time limits, rwlocks, barriers, semaphores, spin locks.
#include "guest/t.h"
#include <pthread.h>
#include <semaphore.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, rec, err, pi;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t bar;
static sem_t empty, full;
static pthread_spinlock_t sp;
static long counter, rcounter, ring[8], head, tail, consumed, phase[4], readers_saw, spun, pic;
static void *mutexes(void *p) {
  (void)p;
  for (int i = 0; i < 3000; i++) {
    pthread_mutex_lock(&m);
    counter++;
    pthread_mutex_unlock(&m);
    if (i % 3 == 0) {
      pthread_mutex_lock(&rec);
      pthread_mutex_lock(&rec);
      rcounter++;
      pthread_mutex_unlock(&rec);
      pthread_mutex_unlock(&rec);
    }
    if (i % 4 == 0) {
      pthread_spin_lock(&sp);
      spun++;
      pthread_spin_unlock(&sp);
      pthread_mutex_lock(&pi);
      pic++;
      pthread_mutex_unlock(&pi);
    }
    if (pthread_mutex_trylock(&m) == 0) pthread_mutex_unlock(&m);
  }
  return NULL;
}
static void *produce(void *p) {
  for (long i = 1; i <= 2000; i++) {
    sem_wait(&empty);
    pthread_mutex_lock(&m);
    ring[head++ & 7] = i;
    pthread_mutex_unlock(&m);
    sem_post(&full);
  }
  return p;
}
static void *consume(void *p) {
  for (int i = 0; i < 2000; i++) {
    sem_wait(&full);
    pthread_mutex_lock(&m);
    consumed += ring[tail++ & 7];
    pthread_mutex_unlock(&m);
    sem_post(&empty);
  }
  return p;
}
static int turn;
static long turns;
static void *pingpong(void *p) {
  int me = (int)(long)p;
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&m);
    while (turn != me) pthread_cond_wait(&cv, &m);
    turn = (me + 1) % 3;
    turns++;
    pthread_cond_broadcast(&cv);
    pthread_mutex_unlock(&m);
  }
  return NULL;
}
static void *barriers(void *p) {
  long me = (long)p;
  int serial = 0;
  for (int i = 0; i < 200; i++) {
    phase[me] = i;
    int r = pthread_barrier_wait(&bar);
    serial += r == PTHREAD_BARRIER_SERIAL_THREAD;
    for (int k = 0; k < 4; k++) CHECK(phase[k] >= i);
    pthread_barrier_wait(&bar);
  }
  return (void *)(long)serial;
}
static void *rwl(void *p) {
  long me = (long)p;
  for (int i = 0; i < 1000; i++) {
    if (i % 10 == me) {
      pthread_rwlock_wrlock(&rw);
      readers_saw++;
      pthread_rwlock_unlock(&rw);
    } else {
      pthread_rwlock_rdlock(&rw);
      volatile long x = readers_saw;
      (void)x;
      pthread_rwlock_unlock(&rw);
    }
  }
  return NULL;
}
static long run(void *(*f)(void *), int n) {
  pthread_t t[8];
  long s = 0;
  for (long i = 0; i < n; i++) CHECK_EQ(pthread_create(&t[i], NULL, f, (void *)i), 0);
  for (int i = 0; i < n; i++) {
    void *v;
    pthread_join(t[i], &v);
    s += (long)v;
  }
  return s;
}
int main(void) {
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&rec, &a);
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&err, &a);
  pthread_mutexattr_init(&a);
  pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
  CHECK_EQ(pthread_mutex_init(&pi, &a), 0);
  pthread_spin_init(&sp, 0);
  CHECK_EQ(pthread_mutex_unlock(&err), EPERM);
  CHECK_EQ(pthread_mutex_lock(&err), 0);
  CHECK_EQ(pthread_mutex_lock(&err), EDEADLK);
  CHECK_EQ(pthread_mutex_unlock(&err), 0);
  run(mutexes, 4);
  CHECK_EQ(counter, 12000);
  CHECK_EQ(rcounter, 4000);
  CHECK_EQ(spun, 3000);
  CHECK_EQ(pic, 3000);
  sem_init(&empty, 0, 8);
  sem_init(&full, 0, 0);
  pthread_t t[4];
  pthread_create(&t[0], NULL, produce, NULL);
  pthread_create(&t[1], NULL, consume, NULL);
  pthread_create(&t[2], NULL, produce, NULL);
  pthread_create(&t[3], NULL, consume, NULL);
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  CHECK_EQ(consumed, 2 * 2000 * 2001 / 2);
  run(pingpong, 3);
  CHECK_EQ(turns, 6000);
  pthread_barrier_init(&bar, NULL, 4);
  CHECK_EQ(run(barriers, 4), 200);
  run(rwl, 4);
  CHECK_EQ(readers_saw, 400);
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&m);
  CHECK_EQ(pthread_cond_timedwait(&cv, &m, &at), ETIMEDOUT);
  pthread_mutex_unlock(&m);
  sem_t s;
  sem_init(&s, 0, 0);
  CHECK_ERR(sem_timedwait(&s, &at), ETIMEDOUT);
  CHECK_ERR(sem_trywait(&s), EAGAIN);
  sem_post(&s);
  CHECK_EQ(sem_wait(&s), 0);
  pthread_mutex_lock(&m);
  pthread_t d;
  pthread_mutex_t *mm = &m;
  (void)d;
  CHECK_EQ(pthread_mutex_timedlock(mm, &at), ETIMEDOUT);
  pthread_mutex_unlock(&m);
  puts("ok");
  return 0;
}
