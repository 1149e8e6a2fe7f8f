// Timers against computing and against waiting: ITIMER_REAL, VIRTUAL, PROF, alarm, timer_create, in loops without a system call.
// rr-test: cflags=-lrt
#include "guest/t.h"
#include <sys/time.h>
static volatile int alarms, vt, prof, rt;
static volatile unsigned long spin;
static void on_alarm(int s) {
  if (s == SIGALRM) alarms++;
  if (s == SIGVTALRM) vt++;
  if (s == SIGPROF) prof++;
}
static void on_rt(int s, siginfo_t *i, void *u) {
  (void)s;
  (void)u;
  CHECK_EQ(i->si_code, SI_TIMER);
  CHECK_EQ(i->si_value.sival_int, 99);
  rt++;
}
int main(void) {
  struct sigaction a = { .sa_handler = on_alarm };
  sigaction(SIGALRM, &a, NULL);
  sigaction(SIGVTALRM, &a, NULL);
  sigaction(SIGPROF, &a, NULL);
  struct itimerval t = { { 0, 5000 }, { 0, 5000 } }, z = { 0 }, o;
  CHECK_EQ(setitimer(ITIMER_REAL, &t, NULL), 0);
  while (alarms < 10) spin++; // a loop of one block
  CHECK_EQ(getitimer(ITIMER_REAL, &o), 0);
  CHECK_EQ(o.it_interval.tv_usec, 5000);
  CHECK_EQ(setitimer(ITIMER_REAL, &z, NULL), 0);
  printf("~spun %lu\n", spin);
  CHECK_EQ(setitimer(ITIMER_VIRTUAL, &t, NULL), 0);
  while (vt < 3)
    for (int i = 0; i < 1000; i++) spin += spin * 3 + 1;
  setitimer(ITIMER_VIRTUAL, &z, NULL);
  CHECK_EQ(setitimer(ITIMER_PROF, &t, NULL), 0);
  while (prof < 3) getppid();
  setitimer(ITIMER_PROF, &z, NULL);
  struct sigaction b = { .sa_sigaction = on_rt, .sa_flags = SA_SIGINFO };
  sigaction(SIGRTMIN, &b, NULL);
  timer_t id;
  struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 99 };
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &id), 0);
  struct itimerspec s = { { 0, 3000000 }, { 0, 3000000 } }, g;
  CHECK_EQ(timer_settime(id, 0, &s, NULL), 0);
  while (rt < 5) spin++;
  CHECK_EQ(timer_gettime(id, &g), 0);
  CHECK_EQ(g.it_interval.tv_nsec, 3000000);
  CHECK(timer_getoverrun(id) >= 0);
  CHECK_EQ(timer_delete(id), 0);
  CHECK_EQ(alarm(100), 0);
  unsigned left = alarm(0);
  CHECK(left > 90 && left <= 100);
  alarm(1);
  int n = alarms;
  while (alarms == n) pause();
  puts("ok");
  return 0;
}
