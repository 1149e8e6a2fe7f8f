// Flags with effects beyond arithmetic: popf of ID and AC, and single-stepping oneself by TF (SIGTRAP after each instruction).
// rr-test: modes=quick
#include "guest/t.h"
#include <ucontext.h>
static volatile int traps;
static void h(int s, siginfo_t *i, void *v) {
  ucontext_t *u = v;
  (void)s;
  CHECK_EQ(i->si_code, TRAP_TRACE);
  traps++;
  if (traps >= 10) u->uc_mcontext.gregs[REG_EFL] &= ~0x100l;
}
int main(void) {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGTRAP, &a, NULL);
  unsigned long f;
  __asm__ volatile(
      "sub $128,%%rsp\n pushfq\n orq $0x40000,(%%rsp)\n popfq\n pushfq\n pop %0\n pushfq\n andq $~0x40000,(%%rsp)\n popfq\n add $128,%%rsp"
      : "=r"(f)::"cc", "memory");
  CHECK_EQ(f >> 18 & 1, 1);
  long n = 0;
  __asm__ volatile("sub $128,%%rsp\n pushfq\n orq $0x100,(%%rsp)\n popfq\n .rept 30\n inc %0\n .endr\n add $128,%%rsp" : "+r"(n)::"cc", "memory");
  CHECK_EQ(n, 30);
  printf("%d traps\n", traps);
  return 0;
}
