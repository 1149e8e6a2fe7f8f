// Thread-local storage of each model, also of a library loaded late, by several threads.
// rr-test: cflags=-O2
#include "guest/t.h"
#include <pthread.h>
static __thread long a = 5;
static __thread char big[3000];
__thread int b __attribute__((tls_model("global-dynamic"))) = 7;
static void *run(void *p) {
  long k = (long)p;
  CHECK_EQ(a, 5);
  CHECK_EQ(b, 7);
  CHECK_EQ(big[2999], 0);
  for (int i = 0; i < 2000; i++) {
    a += k;
    b++;
    big[i % 3000] = (char)k;
    errno = (int)k;
    if (i % 500 == 0) sched_yield();
    CHECK_EQ(errno, k);
  }
  CHECK_EQ(a, 5 + 2000 * k);
  CHECK_EQ(b, 2007);
  return (void *)a;
}
int main(void) {
  pthread_t t[4];
  long s = 0;
  for (long i = 0; i < 4; i++) CHECK_EQ(pthread_create(&t[i], NULL, run, (void *)i), 0);
  for (int i = 0; i < 4; i++) {
    void *r;
    pthread_join(t[i], &r);
    s += (long)r;
  }
  CHECK_EQ(a, 5);
  printf("%ld\n", s);
  return 0;
}
