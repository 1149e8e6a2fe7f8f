// Stop, continue, kill, and every signal that ends a process, as the parent sees it.
#include "guest/t.h"
// stop and continue, SIGKILL, wait statuses, core signals
static pid_t start(void) { // in a process group of its own, which is not orphaned: stop signals count
  pid_t c = fork();
  setpgid(c, c);
  return c;
}
int main() {
  int st;
  pid_t c = start();
  if (!c) {
    for (;;) pause();
  }
  kill(c, SIGSTOP);
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
  kill(c, SIGCONT);
  CHECK_EQ(waitpid(c, &st, WCONTINUED), c);
  CHECK(WIFCONTINUED(st));
  kill(c, SIGTSTP);
  siginfo_t i;
  CHECK_EQ(waitid(P_PID, c, &i, WSTOPPED), 0);
  CHECK_EQ(i.si_code, CLD_STOPPED);
  CHECK_EQ(i.si_status, SIGTSTP);
  kill(c, SIGCONT);
  CHECK_EQ(waitid(P_PID, c, &i, WCONTINUED), 0);
  CHECK_EQ(i.si_code, CLD_CONTINUED);
  kill(c, SIGSTOP);
  waitpid(c, &st, WUNTRACED);
  kill(c, SIGKILL);
  CHECK_EQ(t_wait(c), 1009);
  c = start();
  if (!c)
    for (volatile int k = 0;; k++)
      ;
  usleep(20000);
  kill(c, SIGSTOP);
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  kill(c, SIGCONT);
  CHECK_EQ(waitpid(c, &st, WCONTINUED), c);
  kill(c, SIGTSTP);
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK_EQ(WSTOPSIG(st), SIGTSTP);
  kill(c, SIGTERM);
  kill(c, SIGCONT);
  CHECK_EQ(t_wait(c), 1015);
  c = start();
  if (!c) {
    raise(SIGSTOP);
    raise(SIGTTIN);
    _exit(4);
  }
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK_EQ(WSTOPSIG(st), SIGSTOP);
  kill(c, SIGCONT);
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  CHECK_EQ(WSTOPSIG(st), SIGTTIN);
  kill(c, SIGCONT);
  CHECK_EQ(t_wait(c), 4);
  int cs[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS, SIGUSR1, SIGPIPE, SIGALRM, SIGSTKFLT, SIGIO,
    SIGPWR, SIGVTALRM, SIGPROF, SIGRTMIN, SIGRTMAX };
  for (int k = 0; k < 20; k++) {
    c = start();
    if (!c) {
      if (k & 1) raise(cs[k]);
      else
        for (;;) pause();
    }
    if (!(k & 1)) kill(c, cs[k]);
    CHECK_EQ(t_wait(c), 1000 + cs[k]);
  }
  puts("ok");
  return 0;
}
