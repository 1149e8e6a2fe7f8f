// A tracer and its tracee's signals: seen, changed, given; faults; death while stopped.
#include "guest/ptrace.h"
// signals: ignored ones are seen, changed, injected, SETSIGINFO, blocked; faults; kill while stopped; waitid
static volatile int got, val;
static void h(int s, siginfo_t *i, void *u) {
  got = s;
  val = i->si_value.sival_int;
}
int main() {
  siginfo_t si;
  pid_t c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR2, &a, 0);
    sigaction(SIGSEGV, &a, 0);
    signal(SIGWINCH, SIG_IGN);
    raise(SIGSTOP);
    raise(SIGWINCH);
    raise(SIGURG);
    raise(SIGUSR1);
    CHECK_EQ(got, SIGUSR2);
    got = 0;
    raise(SIGUSR2);
    CHECK_EQ(val, 99);
    sigset_t m;
    sigemptyset(&m);
    sigaddset(&m, SIGUSR2);
    sigprocmask(SIG_BLOCK, &m, 0);
    raise(SIGUSR2);
    getppid();
    sigprocmask(SIG_UNBLOCK, &m, 0);
    *(volatile int *)0x10 = 1;
    _exit(1);
  }
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, STOP(SIGWINCH));
  OK(ptrace(PTRACE_CONT, c, 0, SIGWINCH));
  w(c, STOP(SIGURG));
  OK(ptrace(PTRACE_CONT, c, 0, SIGURG));
  w(c, STOP(SIGUSR1));
  OK(ptrace(PTRACE_CONT, c, 0, SIGUSR2));
  w(c, STOP(SIGUSR2));
  OK(ptrace(PTRACE_GETSIGINFO, c, 0, &si));
  CHECK_EQ(si.si_code, SI_TKILL);
  si.si_value.sival_int = 99;
  si.si_code = SI_QUEUE;
  OK(ptrace(PTRACE_SETSIGINFO, c, 0, &si));
  OK(ptrace(PTRACE_CONT, c, 0, SIGUSR2));
  w(c, STOP(SIGUSR2));
  unsigned long mask;
  OK(ptrace(PTRACE_GETSIGMASK, c, 8, &mask));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  memset(&si, 0, sizeof si);
  CHECK_EQ(waitid(P_PID, c, &si, WSTOPPED | WNOWAIT), 0);
  CHECK_EQ(si.si_code, CLD_TRAPPED);
  CHECK_EQ(si.si_status, SIGSEGV);
  CHECK_EQ(si.si_pid, c);
  w(c, STOP(SIGSEGV));
  OK(ptrace(PTRACE_GETSIGINFO, c, 0, &si));
  CHECK_EQ(si.si_addr, 0x10);
  CHECK_EQ(si.si_code, SEGV_MAPERR);
  OK(ptrace(PTRACE_GETREGS, c, 0, &R));
  R.rip += 0;
  kill(c, SIGKILL);
  w(c, 9);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    *(volatile int *)0x10 = 1;
  }
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, STOP(SIGSEGV));
  OK(ptrace(PTRACE_CONT, c, 0, SIGSEGV));
  waitpid(c, &st, 0);
  CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    for (;;) pause();
  }
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  CHECK_EQ(waitpid(c, &st, WNOHANG), 0);
  ptrace(PTRACE_KILL, c, 0, 0);
  kill(c, SIGKILL);
  w(c, 9);
  puts("ok");
  return 0;
}
