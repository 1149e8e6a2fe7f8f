// The main thread ends before the others.
#include "guest/t.h"
#include <pthread.h>
static void *w(void *p) {
  usleep(30000);
  puts("thread last");
  fflush(stdout);
  exit(7);
}
int main() {
  if (!fork()) {
    pthread_t t;
    pthread_create(&t, 0, w, 0);
    pthread_exit(0);
  }
  int st;
  wait(&st);
  CHECK_EQ(st, 0x700);
  // main exits by raw exit; thread finishes
  if (!fork()) {
    pthread_t t;
    pthread_create(&t, 0, w, 0);
    syscall(SYS_exit, 3);
  }
  wait(&st);
  CHECK_EQ(st, 0x700);
  puts("ok");
  return 0;
}
