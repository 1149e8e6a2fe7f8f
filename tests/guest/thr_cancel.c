// Cancellation in every kind of wait, destructors, barriers, rwlocks, spinlocks.
#include "guest/t.h"
#include <pthread.h>
#include <semaphore.h>
// cancellation, cleanup, TLS dtors, barriers, rwlock, spin
static int cl;
static void cu(void *p) { cl++; }
static pthread_key_t key;
static int dt;
static void d(void *p) {
  dt++;
  if ((long)p < 3) pthread_setspecific(key, (void *)((long)p + 1));
}
static void *w(void *p) {
  pthread_cleanup_push(cu, 0);
  pthread_setspecific(key, (void *)1);
  if (!p)
    for (;;) pause();
  else if ((long)p == 1)
    for (;;) sleep(100);
  else if ((long)p == 2) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
    for (volatile int i = 0;; i++)
      ;
  } else if ((long)p == 3) {
    int f[2];
    pipe(f);
    char b;
    read(f[0], &b, 1);
  } else if ((long)p == 4) {
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_cond_wait(&c, &m);
  } else {
    sem_t s;
    sem_init(&s, 0, 0);
    sem_wait(&s);
  }
  pthread_cleanup_pop(0);
  return 0;
}
static pthread_barrier_t ba;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t sp;
static long v, serial;
static void *b(void *p) {
  for (int i = 0; i < 50; i++) {
    if (pthread_barrier_wait(&ba) == PTHREAD_BARRIER_SERIAL_THREAD) __sync_fetch_and_add(&serial, 1);
    pthread_rwlock_wrlock(&rw);
    v++;
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_unlock(&rw);
    pthread_spin_lock(&sp);
    v++;
    pthread_spin_unlock(&sp);
  }
  return 0;
}
int main() {
  pthread_key_create(&key, d);
  for (long k = 0; k < 6; k++) {
    pthread_t t;
    void *r;
    pthread_create(&t, 0, w, (void *)k);
    if (k & 1) usleep(5000);
    pthread_cancel(t);
    pthread_join(t, &r);
    CHECK(r == PTHREAD_CANCELED);
  }
  printf("~%d %d\n", cl, dt);
  pthread_barrier_init(&ba, 0, 5);
  pthread_spin_init(&sp, 0);
  pthread_t q[5];
  for (int k = 0; k < 5; k++) pthread_create(q + k, 0, b, 0);
  for (int k = 0; k < 5; k++) pthread_join(q[k], 0);
  CHECK_EQ(v, 500);
  CHECK_EQ(serial, 50);
  puts("ok");
  return 0;
}
