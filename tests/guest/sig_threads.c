// Signals to threads that wait, run, or are about to end.
#include "guest/t.h"
#include <pthread.h>
// signals to blocked/exiting threads; storm between threads; kill to thread in all kinds of waits
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static volatile int hits, stop;
static __thread int mine;
static void h(int s) {
  __sync_fetch_and_add(&hits, 1);
  mine++;
}
static void *mw(void *p) {
  pthread_mutex_lock(&m);
  pthread_mutex_unlock(&m);
  return (void *)(long)mine;
}
static void *sl(void *p) {
  struct timespec t;
  do t = (struct timespec){ 0, 20000000 };
  while (nanosleep(&t, &t) || !stop);
  return (void *)(long)mine;
}
static void *ex(void *p) { return 0; }
static void *st(void *p) {
  while (!stop) pthread_kill((pthread_t)p, SIGUSR1), sched_yield();
  return 0;
}
int main() {
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, 0);
  pthread_mutex_lock(&m);
  pthread_t t, u;
  pthread_create(&t, 0, mw, 0);
  pthread_create(&u, 0, sl, 0);
  for (int i = 0; i < 10; i++) {
    int before = hits;
    pthread_kill(t, SIGUSR1);
    pthread_kill(u, SIGUSR1);
    while (hits < before + 2) usleep(500);
  }
  stop = 1;
  pthread_mutex_unlock(&m);
  void *r;
  pthread_join(t, &r);
  CHECK((long)r == 10);
  pthread_join(u, &r);
  CHECK((long)r == 10);
  for (int i = 0; i < 100; i++) {
    pthread_create(&t, 0, ex, 0);
    pthread_kill(t, SIGUSR1);
    pthread_join(t, 0);
  }
  stop = 0;
  pthread_create(&t, 0, st, (void *)pthread_self());
  long c = 0;
  for (volatile int i = 0; hits < 60; i++) c += i;
  stop = 1;
  pthread_join(t, 0);
  printf("~%d\n", hits);
  CHECK(hits > 20);
  puts("ok");
  return 0;
}
