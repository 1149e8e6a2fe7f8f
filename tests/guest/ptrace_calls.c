// A tracer: calls, registers, memory, breakpoints, single steps, signals.
#include "guest/t.h"
#include <sys/ptrace.h>
#include <sys/user.h>
#include <stddef.h>
#include <sys/uio.h>
#include <linux/elf.h>
// syscall tracing, regs, peek/poke, breakpoints, single-step, signals with siginfo, options, events
static volatile int var = 5;
static int st;
static struct user_regs_struct R;
static pid_t c;
static void w(int expect) {
  int r = waitpid(c, &st, __WALL);
  CHECK_EQ(r, c);
  if (st != expect) fprintf(stderr, "status %x expected %x\n", st, expect);
  CHECK_EQ(st, expect);
}
#define STOP(s) ((s) << 8 | 0x7f)
__attribute__((noinline)) static void bp(void) { asm volatile("nop; nop"); }
static volatile int hits;
static void h(int s, siginfo_t *i, void *u) {
  hits++;
  if (i->si_code == SI_QUEUE) var = i->si_value.sival_int;
}
int main() {
  c = fork();
  if (!c) {
    struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &a, 0);
    CHECK_EQ(ptrace(PTRACE_TRACEME, 0, 0, 0), 0);
    CHECK_ERR(ptrace(PTRACE_TRACEME, 0, 0, 0), EPERM);
    raise(SIGSTOP);
    syscall(SYS_getppid, 1, 2, 3, 4, 5, 6);
    raise(SIGUSR1);
    CHECK_EQ(hits, 1);
    raise(SIGUSR1);
    CHECK_EQ(hits, 1);
    CHECK_EQ(var, 77);
    bp();
    for (int i = 0; i < 3; i++) var++;
    CHECK_EQ(syscall(SYS_getpgid, 0), 4242);
    _exit(var);
  }
  w(STOP(SIGSTOP));
  siginfo_t si;
  CHECK_EQ(ptrace(PTRACE_GETSIGINFO, c, 0, &si), 0);
  CHECK_EQ(si.si_signo, SIGSTOP);
  CHECK_EQ(si.si_code, SI_TKILL);
  CHECK_EQ(ptrace(PTRACE_SETOPTIONS, c, 0, PTRACE_O_TRACESYSGOOD), 0);
  CHECK_EQ(ptrace(PTRACE_SYSCALL, c, 0, 0), 0);
  do {
    w(STOP(SIGTRAP | 0x80));
    CHECK_EQ(ptrace(PTRACE_GETREGS, c, 0, &R), 0);
    CHECK_EQ(R.rax, -ENOSYS);
    if (R.orig_rax == SYS_getppid) break;
    ptrace(PTRACE_SYSCALL, c, 0, 0);
    w(STOP(SIGTRAP | 0x80));
    ptrace(PTRACE_SYSCALL, c, 0, 0);
  } while (1);
  CHECK(R.rdi == 1 && R.rsi == 2 && R.rdx == 3 && R.r10 == 4 && R.r8 == 5 && R.r9 == 6);
  CHECK_EQ(R.rcx, R.rip);
  CHECK_EQ((unsigned short)ptrace(PTRACE_PEEKTEXT, c, R.rip - 2, 0), 0x050f);
  ptrace(PTRACE_SYSCALL, c, 0, 0);
  w(STOP(SIGTRAP | 0x80));
  ptrace(PTRACE_GETREGS, c, 0, &R);
  CHECK_EQ(R.rax, getpid());
  CHECK_EQ(R.orig_rax, SYS_getppid);
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, 0), 0);
  w(STOP(SIGUSR1));
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, SIGUSR1), 0);
  w(STOP(SIGUSR1));
  CHECK_EQ(ptrace(PTRACE_PEEKDATA, c, &var, 0) & 0xffffffff, 5);
  CHECK_EQ(ptrace(PTRACE_POKEDATA, c, &var, 77l), 0);
  long old = ptrace(PTRACE_PEEKTEXT, c, bp, 0);
  CHECK_EQ(ptrace(PTRACE_POKETEXT, c, bp, (old & ~0xffl) | 0xcc), 0);
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, 0), 0);
  w(STOP(SIGTRAP));
  ptrace(PTRACE_GETREGS, c, 0, &R);
  CHECK_EQ(R.rip, (long)bp + 1);
  CHECK_EQ(ptrace(PTRACE_GETSIGINFO, c, 0, &si), 0);
  CHECK_EQ(si.si_code, SI_KERNEL);
  R.rip--;
  CHECK_EQ(ptrace(PTRACE_POKETEXT, c, bp, old), 0);
  CHECK_EQ(ptrace(PTRACE_SETREGS, c, 0, &R), 0);
  for (int i = 0; i < 8; i++) {
    unsigned long last = R.rip;
    CHECK_EQ(ptrace(PTRACE_SINGLESTEP, c, 0, 0), 0);
    w(STOP(SIGTRAP));
    ptrace(PTRACE_GETREGS, c, 0, &R);
    CHECK(R.rip != last || 1);
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, c, 0, &si), 0);
    CHECK(si.si_code == TRAP_TRACE || si.si_code == TRAP_BRKPT);
    if (i == 0) CHECK_EQ(R.rip, (long)bp + 1);
  }
  CHECK_EQ(ptrace(PTRACE_PEEKUSER, c, offsetof(struct user, regs.rip), 0), R.rip);
  struct user_fpregs_struct f;
  CHECK_EQ(ptrace(PTRACE_GETFPREGS, c, 0, &f), 0);
  CHECK_EQ(ptrace(PTRACE_SETFPREGS, c, 0, &f), 0);
  struct iovec v = { &R, sizeof R };
  CHECK_EQ(ptrace(PTRACE_GETREGSET, c, NT_PRSTATUS, &v), 0);
  CHECK_EQ(v.iov_len, sizeof R);
  char x[8192];
  v = (struct iovec){ x, sizeof x };
  CHECK_EQ(ptrace(PTRACE_GETREGSET, c, NT_X86_XSTATE, &v), 0);
  CHECK(v.iov_len >= 576);
  CHECK_EQ(ptrace(PTRACE_SETREGSET, c, NT_X86_XSTATE, &v), 0);
  ptrace(PTRACE_SYSCALL, c, 0, 0);
  do {
    w(STOP(SIGTRAP | 0x80));
    ptrace(PTRACE_GETREGS, c, 0, &R);
    if (R.orig_rax == SYS_getpgid) break;
    ptrace(PTRACE_SYSCALL, c, 0, 0);
    w(STOP(SIGTRAP | 0x80));
    ptrace(PTRACE_SYSCALL, c, 0, 0);
  } while (1);
  R.orig_rax = -1;
  R.rax = 4242;
  CHECK_EQ(ptrace(PTRACE_SETREGS, c, 0, &R), 0);
  ptrace(PTRACE_SYSCALL, c, 0, 0);
  w(STOP(SIGTRAP | 0x80));
  ptrace(PTRACE_GETREGS, c, 0, &R);
  CHECK_EQ(R.rax, 4242);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(80 << 8);
  CHECK_ERR(ptrace(PTRACE_CONT, c, 0, 0), ESRCH);
  puts("ok");
  return 0;
}
