// Timers directed at a thread, at a helper thread, and on CPU clocks.
// rr-test: cflags="-lrt"
#include "guest/t.h"
#include <pthread.h>
// thread-directed timers; SIGEV_THREAD; SIGEV_NONE; timer overrun; timerfd; CPU clocks
static volatile int hit, who;
static void h(int s, siginfo_t *i, void *u) {
  hit++;
  who = gettid();
  CHECK_EQ(i->si_code, SI_TIMER);
}
static volatile int stop, tid;
static void *w(void *p) {
  tid = gettid();
  while (!stop)
    ;
  return 0;
}
static volatile int th;
static void ev(union sigval v) { __sync_fetch_and_add(&th, 1); }
int main() {
  pthread_t t;
  pthread_create(&t, 0, w, 0);
  while (!tid) sched_yield();
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGUSR1, &a, 0);
  struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
  e._sigev_un._tid = tid;
  timer_t T;
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &T), 0);
  struct itimerspec s = { { 0, 5000000 }, { 0, 5000000 } };
  timer_settime(T, 0, &s, 0);
  while (hit < 4) usleep(1000);
  CHECK_EQ(who, tid);
  timer_delete(T);
  stop = 1;
  pthread_join(t, 0);
  struct sigevent f = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = ev };
  CHECK_EQ(timer_create(CLOCK_REALTIME, &f, &T), 0);
  timer_settime(T, 0, &s, 0);
  while (th < 3) usleep(1000);
  timer_delete(T);
  e = (struct sigevent){ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
  hit = 0;
  CHECK_EQ(timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &T), 0);
  timer_settime(T, 0, &s, 0);
  while (hit < 2)
    ;
  CHECK(timer_getoverrun(T) >= 0);
  timer_delete(T);
  puts("ok");
  return 0;
}
