// Signals of every origin: from itself, from a timer into a loop, a fault that a handler repairs, one that kills.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int usr1, alarms, faults;
static sigjmp_buf jump;
static void on_usr1(int s) { usr1 += s == SIGUSR1; }
static void on_alarm(int s) { alarms += s == SIGALRM; }
static void on_fault(int s, siginfo_t *i, void *u) { (void)s, (void)u; faults += i->si_addr == (void *)0x1234; siglongjmp(jump, 1); }

int main(int argc, char **argv) {
  struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
  struct itimerval timer = { .it_value = { 0, 20000 } };
  signal(SIGUSR1, on_usr1);
  signal(SIGALRM, on_alarm);
  sigaction(SIGSEGV, &fault, NULL);
  raise(SIGUSR1);
  setitimer(ITIMER_REAL, &timer, NULL);
  while (!alarms) {}
  if (!sigsetjmp(jump, 1)) *(volatile int *)0x1234 = 1;
  printf("usr1 %d alarms %d faults %d\n", usr1, alarms, faults);
  fflush(stdout);
  if (argc > 1 && !strcmp(argv[1], "die")) abort();
  return 0;
}
