// A signal-handler race: the flag is looked at, the signal comes, and then pause() waits for a signal that has been. (sigsuspend with
// the signal blocked before is right.)
//
//   cc -g examples/signal_race.c -o signal_race
//   rr record ./signal_race                    never fails
//   rr record --chaos ./signal_race            fails within 30 runs
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t arrived, too_late;

static void on_signal(int signo) {
  (void)signo;
  if (arrived) too_late = 1;
  arrived = 1;
}

int main(void) {
  struct sigaction a = { .sa_handler = on_signal };
  // once after 2 ms, and again after a second for the one who waits in vain
  struct itimerval t = { .it_value = { 0, 2000 }, .it_interval = { 1, 0 } };
  sigaction(SIGALRM, &a, NULL);
  setitimer(ITIMER_REAL, &t, NULL);
  for (volatile long i = 0; i < 30000000; i++) {} // other work
  if (!arrived) pause();                          // wrong: it may come between the two
  if (too_late) {
    puts("the signal came just before pause()");
    return 1;
  }
  puts("the signal was seen");
  return 0;
}
