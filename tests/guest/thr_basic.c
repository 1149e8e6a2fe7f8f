// Threads: create, join with results, detached, attributes, once, keys with destructors, many at a time, stack sizes.
#include "guest/t.h"
#include <pthread.h>
#include <semaphore.h>
static pthread_key_t key;
static volatile int destroyed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_n;
static sem_t sem;
static __thread int own;
static void gone(void *p) {
  CHECK_EQ(*(int *)p, own);
  __sync_fetch_and_add(&destroyed, 1);
  free(p);
}
static void one(void) { once_n++; }
static void *run(void *p) {
  int *k = malloc(sizeof *k);
  own = *k = (int)(long)p;
  pthread_setspecific(key, k);
  pthread_once(&once, one);
  volatile long x = 0;
  for (int i = 0; i < 3000; i++) x += i * own;
  CHECK_EQ(syscall(SYS_gettid) != getpid(), 1);
  return (void *)(x & 0xffff);
}
static void *det(void *p) {
  (void)p;
  sem_post(&sem);
  return NULL;
}
static void *bigstack(void *p) {
  volatile char b[6 << 20];
  b[0] = 1;
  b[sizeof b - 1] = 2;
  (void)p;
  return (void *)(long)(b[0] + b[sizeof b - 1]);
}
int main(void) {
  CHECK_EQ(pthread_key_create(&key, gone), 0);
  CHECK_EQ(sem_init(&sem, 0, 0), 0);
  long sum = 0;
  pthread_t t[50];
  for (int r = 0; r < 4; r++) {
    for (long i = 0; i < 50; i++) CHECK_EQ(pthread_create(&t[i], NULL, run, (void *)i), 0);
    for (int i = 0; i < 50; i++) {
      void *v;
      CHECK_EQ(pthread_join(t[i], &v), 0);
      sum += (long)v;
    }
  }
  CHECK_EQ(destroyed, 200);
  CHECK_EQ(once_n, 1);
  pthread_attr_t a;
  pthread_attr_init(&a);
  pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
  for (int i = 0; i < 20; i++) { CHECK_EQ(pthread_create(&t[0], &a, det, NULL), 0); }
  for (int i = 0; i < 20; i++) CHECK_EQ(sem_wait(&sem), 0);
  pthread_attr_init(&a);
  pthread_attr_setstacksize(&a, 8 << 20);
  void *v;
  CHECK_EQ(pthread_create(&t[0], &a, bigstack, NULL), 0);
  pthread_join(t[0], &v);
  CHECK_EQ((long)v, 3);
  for (int i = 0; i < 300; i++) {
    CHECK_EQ(pthread_create(&t[0], NULL, run, (void *)(long)i), 0);
    pthread_join(t[0], NULL);
  }
  CHECK_EQ(destroyed, 500);
  printf("%ld\n", sum);
  return 0;
}
