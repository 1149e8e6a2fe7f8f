// thr handoff [N]  four threads: a token passed round by mutex + condition variable, each turn bumping an atomic
// thr atomic [N]   four threads hammering one atomic counter and one mutex-protected counter
// thr compute [N]  two threads, pure arithmetic, joined at the end
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv[4] = { PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER };
static int turn;
static long n, guarded;
static atomic_long hits;
static void *pass(void *a) {
  int me = (int)(intptr_t)a;
  for (long i = 0; i < n; i++) {
    pthread_mutex_lock(&m);
    while (turn != me) pthread_cond_wait(&cv[me], &m);
    turn = (me + 1) & 3;
    guarded++;
    pthread_cond_signal(&cv[turn]);
    pthread_mutex_unlock(&m);
    for (int k = 0; k < 50; k++) atomic_fetch_add(&hits, 1);
  }
  return NULL;
}
static void *hammer(void *a) {
  (void)a;
  for (long i = 0; i < n; i++) {
    atomic_fetch_add(&hits, 1);
    if (i % 8 == 0) {
      pthread_mutex_lock(&m);
      guarded++;
      pthread_mutex_unlock(&m);
    }
  }
  return NULL;
}
static void *crunch(void *a) {
  uint64_t x = 1 + (uint64_t)(intptr_t)a, r = 0;
  for (long i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    if (x & 1) r += x;
    else r ^= x;
  }
  return (void *)(intptr_t)(r & 0x7fffffff);
}
int main(int c, char **v) {
  if (c < 2) return 2;
  void *(*f)(void *) = !strcmp(v[1], "handoff") ? pass : !strcmp(v[1], "atomic") ? hammer : crunch;
  int t = f == crunch ? 2 : 4;
  n = c > 2 ? atol(v[2]) : f == pass ? 40000 : f == hammer ? 10000000 : 300000000;
  pthread_t id[4];
  uint64_t r = 0;
  for (int i = 0; i < t; i++) pthread_create(&id[i], NULL, f, (void *)(intptr_t)i);
  for (int i = 0; i < t; i++) {
    void *p;
    pthread_join(id[i], &p);
    r += (uint64_t)(intptr_t)p;
  }
  printf("%s %ld %ld %llu\n", v[1], guarded, (long)hits, (unsigned long long)r);
  return 0;
}
