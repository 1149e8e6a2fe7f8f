// fork from a threaded program: only the caller lives on in the child; atfork handlers; the child makes threads and execs.
#include "guest/t.h"
#include <pthread.h>
static volatile int stop, forks;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int pre, par, chi;
static void a(void) { pre++; }
static void b(void) { par++; }
static void c(void) { chi++; }
static void *busy(void *p) {
  while (!stop) {
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
  }
  return p;
}
static void *small(void *p) { return p; }
static void *forker(void *p) {
  for (int i = 0; i < 10; i++) {
    pid_t k = fork();
    if (k == 0) {
      pthread_t t;
      void *v;
      CHECK_EQ(pthread_create(&t, NULL, small, (void *)6l), 0);
      pthread_join(t, &v);
      CHECK_EQ(chi, 1);
      _exit((int)(long)v + i);
    }
    CHECK_EQ(t_wait(k), 6 + i);
    __sync_fetch_and_add(&forks, 1);
  }
  return p;
}
int main(void) {
  pthread_atfork(a, b, c);
  pthread_t t[4];
  for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, busy, NULL);
  pthread_create(&t[2], NULL, forker, NULL);
  pthread_create(&t[3], NULL, forker, NULL);
  pthread_join(t[2], NULL);
  pthread_join(t[3], NULL);
  stop = 1;
  pthread_join(t[0], NULL);
  pthread_join(t[1], NULL);
  CHECK_EQ(forks, 20);
  CHECK_EQ(system("exit 3"), 3 << 8);
  puts("ok");
  return 0;
}
