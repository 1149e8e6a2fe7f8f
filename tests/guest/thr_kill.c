// exit_group and deadly signals at any moment of a program with threads.
#include "guest/t.h"
#include <pthread.h>
// exit_group at any moment; SIGKILL at any moment
static volatile int v;
static void *w(void *p) {
  for (;;) {
    v++;
    if ((long)p == 1) getppid();
    if ((long)p == 2) usleep(10);
    if ((long)p == 3) {
      void *q = malloc(100);
      free(q);
    }
  }
}
static void *ex(void *p) {
  usleep(5000 + (long)p * 333);
  _exit(9);
}
int main() {
  for (long k = 0; k < 12; k++) {
    pid_t c = fork();
    if (!c) {
      pthread_t t;
      for (long i = 0; i < 4; i++) pthread_create(&t, 0, w, (void *)i);
      if (k < 6) pthread_create(&t, 0, ex, (void *)k);
      w(0);
    }
    if (k >= 6) {
      usleep(4000 + k * 777);
      kill(c, k & 1 ? SIGKILL : SIGTERM);
      CHECK_EQ(t_wait(c), 1000 + (k & 1 ? 9 : 15));
    } else CHECK_EQ(t_wait(c), 9);
  }
  puts("ok");
  return 0;
}
