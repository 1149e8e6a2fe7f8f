// What a fault tells: siginfo and registers; and a handler that changes them.
#include "guest/t.h"
#include <setjmp.h>
#include <ucontext.h>
// handler changing ucontext: regs, mask, flags, xmm; siglongjmp; exact siginfo
static sigjmp_buf jb;
static volatile siginfo_t si;
static volatile unsigned long rip, cr2, err, trapno;
static void seg(int s, siginfo_t *i, void *u) {
  ucontext_t *c = u;
  *(siginfo_t *)&si = *i;
  rip = c->uc_mcontext.gregs[REG_RIP];
  cr2 = c->uc_mcontext.gregs[REG_CR2];
  err = c->uc_mcontext.gregs[REG_ERR];
  trapno = c->uc_mcontext.gregs[REG_TRAPNO];
  siglongjmp(jb, 1);
}
static void fix(int s, siginfo_t *i, void *u) {
  ucontext_t *c = u;
  c->uc_mcontext.gregs[REG_RAX] = 0x1234;
  c->uc_mcontext.gregs[REG_RIP] += 2;
  c->uc_mcontext.gregs[REG_EFL] |= 1;
  ((unsigned *)c->uc_mcontext.fpregs->_xmm[5].element)[0] = 0xabcd;
  sigaddset(&c->uc_sigmask, SIGUSR2);
}
#define T(sig, code, addr) \
  do { \
    CHECK_EQ(si.si_signo, sig); \
    CHECK_EQ(si.si_code, code); \
    CHECK_EQ(si.si_addr, addr); \
  } while (0)
int main() {
  struct sigaction a = { .sa_sigaction = seg, .sa_flags = SA_SIGINFO };
  int ss[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
  for (int k = 0; k < 5; k++) sigaction(ss[k], &a, 0);
  if (!sigsetjmp(jb, 1)) *(volatile int *)0x123 = 1;
  T(SIGSEGV, SEGV_MAPERR, 0x123);
  CHECK_EQ(cr2, 0x123);
  CHECK_EQ(err, 6);
  CHECK_EQ(trapno, 14);
  if (!sigsetjmp(jb, 1)) (void)*(volatile int *)0x456;
  T(SIGSEGV, SEGV_MAPERR, 0x456);
  CHECK_EQ(err, 4);
  if (!sigsetjmp(jb, 1)) (void)*(volatile int *)0x8000000000000000;
  T(SIGSEGV, SI_KERNEL, 0);
  CHECK_EQ(trapno, 13);
  char *ro = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(jb, 1)) *ro = 1;
  T(SIGSEGV, SEGV_ACCERR, ro);
  if (!sigsetjmp(jb, 1)) ((void (*)(void))ro)();
  T(SIGSEGV, SEGV_ACCERR, ro);
  CHECK_EQ(rip, ro);
  if (!sigsetjmp(jb, 1)) ((void (*)(void))0x777)();
  T(SIGSEGV, SEGV_MAPERR, 0x777);
  CHECK_EQ(rip, 0x777);
  CHECK_EQ(err, 0x14);
  int fd = memfd_create("x", 0);
  char *m = mmap(0, 4096, 3, MAP_SHARED, fd, 0);
  if (!sigsetjmp(jb, 1)) m[5] = 1;
  T(SIGBUS, BUS_ADRERR, m + 5);
  volatile int zero = 0;
  if (!sigsetjmp(jb, 1)) {
    volatile int one = 7;
    volatile int q = one / zero;
  }
  CHECK_EQ(si.si_signo, SIGFPE);
  CHECK_EQ(si.si_code, FPE_INTDIV);
  CHECK_EQ(si.si_addr, rip);
  if (!sigsetjmp(jb, 1)) {
    volatile int mn = 0x80000000;
    zero = -1;
    volatile int q = mn / zero;
  }
  CHECK_EQ(si.si_code, FPE_INTDIV);
  if (!sigsetjmp(jb, 1)) asm volatile("ud2");
  CHECK_EQ(si.si_signo, SIGILL);
  CHECK_EQ(si.si_code, ILL_ILLOPN);
  CHECK_EQ(si.si_addr, rip);
  if (!sigsetjmp(jb, 1)) asm volatile("int3");
  CHECK_EQ(si.si_signo, SIGTRAP);
  CHECK_EQ(si.si_code, SI_KERNEL);
  if (!sigsetjmp(jb, 1)) asm volatile("hlt");
  T(SIGSEGV, SI_KERNEL, 0);
  if (!sigsetjmp(jb, 1)) asm volatile("int $0x99");
  T(SIGSEGV, SI_KERNEL, 0);
  CHECK_EQ(err, 0x99 * 8 + 2);
  if (!sigsetjmp(jb, 1)) {
    unsigned cw = 0x1f80 & ~0x200;
    asm volatile("ldmxcsr %0" ::"m"(cw));
    volatile double z = 0, y = 1;
    y = y / z;
  }
  CHECK_EQ(si.si_signo, SIGFPE);
  CHECK_EQ(si.si_code, FPE_FLTDIV);
  {
    unsigned cw = 0x1f80;
    asm volatile("ldmxcsr %0" ::"m"(cw));
  }
  if (!sigsetjmp(jb, 1)) {
    unsigned short cw = 0x37f & ~4;
    asm volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(cw));
  }
  CHECK_EQ(si.si_code, FPE_FLTDIV);
  asm volatile("fninit");
  a.sa_sigaction = fix;
  sigaction(SIGILL, &a, 0);
  unsigned long ax = 0, fl;
  unsigned x;
  asm volatile("xor %%eax,%%eax; ud2; pushf; pop %1; movd %%xmm5,%2" : "=a"(ax), "=r"(fl), "=r"(x)::"xmm5");
  CHECK_EQ(ax, 0x1234);
  CHECK_EQ(fl & 1, 1);
  CHECK_EQ(x, 0xabcd);
  sigset_t o;
  sigprocmask(0, 0, &o);
  CHECK(sigismember(&o, SIGUSR2));
  // alignment check
  puts("ok");
  return 0;
}
