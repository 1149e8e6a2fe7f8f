// A program with a real race: who wins differs from run to run, and the replay must show the recorded winner.
#include "guest/t.h"
#include <pthread.h>
static volatile long plain, order[4000], at;
static volatile int go;
static void *racer(void *p) {
  while (!go) {}
  for (int i = 0; i < 20000; i++) plain = plain + 1;
  for (int i = 0; i < 1000; i++) {
    long k = at;
    order[k % 4000] = (long)p;
    at = k + 1;
  }
  return NULL;
}
int main(void) {
  pthread_t t[4];
  for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, racer, (void *)i);
  go = 1;
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  printf("~plain %ld at %ld order %016lx\n", plain, at, (unsigned long)t_hash((void *)order, sizeof order));
  CHECK(plain <= 80000 && at <= 4000);
  puts("ok");
  return 0;
}
