// system and popen from threads while others compute.
#include "guest/t.h"
#include <pthread.h>
#include <sched.h>
// exec in vfork'd process of a multithreaded program while others run, system(), popen from threads
static volatile int stop;
static volatile long n;
static void *sp(void *p) {
  while (!stop) n++;
  return 0;
}
static void *sy(void *p) {
  for (int i = 0; i < 3; i++) CHECK_EQ(system("exit 3"), 0x300);
  FILE *f = popen("echo hi", "r");
  char b[10];
  CHECK(fgets(b, 10, f));
  CHECK_EQ(pclose(f), 0);
  return 0;
}
int main() {
  pthread_t a, t[3];
  pthread_create(&a, 0, sp, 0);
  for (int i = 0; i < 3; i++) pthread_create(t + i, 0, sy, 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
  stop = 1;
  pthread_join(a, 0);
  puts("ok");
  return 0;
}
