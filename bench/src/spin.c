// spin: one thread sets a flag after some work, the other waits in a tight loop with no syscall.
// A one-core recorder must be able to interrupt the waiting loop.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static volatile int flag;
static volatile unsigned long sum;
static void *setter(void *a) {
  (void)a;
  for (unsigned long i = 0; i < 300000000ul; i++) sum += i;
  flag = 1;
  return NULL;
}
int main(void) {
  pthread_t t;
  pthread_create(&t, NULL, setter, NULL);
  while (!flag) {}
  pthread_join(t, NULL);
  printf("flag seen %lu\n", sum);
  return 0;
}
