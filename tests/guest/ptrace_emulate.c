// A tracer that emulates, changes and makes calls in its tracee; attaching to sleepers and stopped processes.
#include "guest/ptrace.h"
// sysemu, remote syscall, change number, attach sleeping/stopped
int main() {
  pid_t c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    CHECK_EQ(syscall(SYS_getuid, 7), 4711);
    CHECK_EQ(syscall(SYS_getgid), getppid());
    raise(SIGUSR1);
    int x = fcntl(99, F_GETFD);
    _exit(x == -1 ? 5 : 6);
  }
  w(c, STOP(SIGSTOP));
  OK(ptrace(31, c, 0, 0));
  w(c, STOP(SIGTRAP));
  OK(ptrace(PTRACE_GETREGS, c, 0, &R));
  CHECK_EQ(R.orig_rax, SYS_getuid);
  CHECK_EQ(R.rdi, 7);
  R.rax = 4711;
  OK(ptrace(PTRACE_SETREGS, c, 0, &R));
  OK(ptrace(PTRACE_SYSCALL, c, 0, 0));
  w(c, STOP(SIGTRAP));
  OK(ptrace(PTRACE_SYSCALL, c, 0, 0));
  w(c, STOP(SIGTRAP));
  OK(ptrace(PTRACE_GETREGS, c, 0, &R));
  CHECK_EQ(R.orig_rax, SYS_getgid);
  R.orig_rax = SYS_getppid;
  OK(ptrace(PTRACE_SETREGS, c, 0, &R));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, STOP(SIGUSR1));
  // run a syscall in the tracee: mmap, via its syscall instruction
  struct user_regs_struct S;
  OK(ptrace(PTRACE_GETREGS, c, 0, &S));
  R = S;
  unsigned long at = (unsigned long)fcntl;
  R.rip = 0;
  for (unsigned char *p = (void *)getppid;; p++)
    if (p[0] == 0x0f && p[1] == 5) {
      R.rip = (unsigned long)p;
      break;
    }
  R.rax = SYS_mmap;
  R.rdi = 0x10000000;
  R.rsi = 4096;
  R.rdx = 3;
  R.r10 = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  R.r8 = -1;
  R.r9 = 0;
  OK(ptrace(PTRACE_SETREGS, c, 0, &R));
  OK(ptrace(PTRACE_SINGLESTEP, c, 0, 0));
  w(c, STOP(SIGTRAP));
  OK(ptrace(PTRACE_GETREGS, c, 0, &R));
  CHECK_EQ(R.rax, 0x10000000);
  OK(ptrace(PTRACE_POKEDATA, c, 0x10000000, 0x1122334455667788));
  errno = 0;
  CHECK_EQ(ptrace(PTRACE_PEEKDATA, c, 0x10000000, 0), 0x1122334455667788);
  CHECK_ERR(ptrace(PTRACE_PEEKDATA, c, 0x20, 0), EIO);
  CHECK_ERR(ptrace(PTRACE_POKEDATA, c, 0x20, 0), EIO);
  OK(ptrace(PTRACE_SETREGS, c, 0, &S));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, 0x500);
  // attach to a sleeper, and to a stopped one
  c = fork();
  if (!c) {
    struct timespec t = { 0, 200000000 };
    int r = nanosleep(&t, 0);
    _exit(r == 0 ? 7 : 8);
  }
  usleep(20000);
  OK(ptrace(PTRACE_ATTACH, c, 0, 0));
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, 0x700);
  c = fork();
  if (!c) {
    raise(SIGSTOP);
    _exit(9);
  }
  CHECK_EQ(waitpid(c, &st, WUNTRACED), c);
  OK(ptrace(PTRACE_ATTACH, c, 0, 0));
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_DETACH, c, 0, 0));
  kill(c, SIGCONT);
  w(c, 0x900);
  CHECK_ERR(ptrace(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
  CHECK_ERR(ptrace(PTRACE_ATTACH, 9999999, 0, 0), ESRCH);
  CHECK_ERR(ptrace(PTRACE_CONT, getppid(), 0, 0), ESRCH);
  puts("ok");
  return 0;
}
