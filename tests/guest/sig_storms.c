// Three timers against threads that compute.
#include "guest/t.h"
#include <pthread.h>
#include <sys/time.h>
// storms against compute with threads & nested; SA_ONSTACK per thread; ITIMER_PROF
static volatile long n;
static void h(int s, siginfo_t *i, void *u) {
  n++;
  volatile double d = 1.5;
  d *= n;
}
static volatile int stop;
static void *w(void *p) {
  char *st = malloc(65536);
  stack_t ss = { .ss_sp = st, .ss_size = 65536, .ss_flags = p ? 0 : 1u << 31 };
  sigaltstack(&ss, 0);
  double x = 1;
  while (!stop)
    for (int k = 0; k < 10000; k++) x = x * 1.0000001 + 1e-9;
  CHECK(x > 0);
  return 0;
}
int main() {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
  sigaction(SIGALRM, &a, 0);
  sigaction(SIGPROF, &a, 0);
  sigaction(SIGVTALRM, &a, 0);
  struct itimerval t = { { 0, 1000 }, { 0, 1000 } };
  setitimer(ITIMER_REAL, &t, 0);
  setitimer(ITIMER_PROF, &t, 0);
  setitimer(ITIMER_VIRTUAL, &t, 0);
  pthread_t q[3];
  for (long k = 0; k < 3; k++) pthread_create(q + k, 0, w, (void *)k);
  while (n < 200)
    ;
  stop = 1;
  for (int k = 0; k < 3; k++) pthread_join(q[k], 0);
  t = (struct itimerval){ 0 };
  setitimer(ITIMER_REAL, &t, 0);
  setitimer(ITIMER_PROF, &t, 0);
  setitimer(ITIMER_VIRTUAL, &t, 0);
  puts("ok");
  return 0;
}
