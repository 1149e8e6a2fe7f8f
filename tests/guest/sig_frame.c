// The signal frame: general registers, flags, mask, altstack, vector state with the XSAVE header that Linux writes; changes of it take effect.
#include "guest/t.h"
#include <ucontext.h>
static volatile int seen;
static void h(int s, siginfo_t *i, void *v) {
  ucontext_t *u = v;
  unsigned char *fp = (void *)u->uc_mcontext.fpregs;
  CHECK(fp != NULL);
  CHECK_EQ((uintptr_t)fp & 63, 0);
  struct _fpx_sw_bytes *sw = (void *)(fp + 464);
  if (sw->magic1 == FP_XSTATE_MAGIC1) {
    CHECK(sw->xstate_size >= 576);
    CHECK_EQ(*(unsigned *)(fp + sw->extended_size - 4), FP_XSTATE_MAGIC2);
    CHECK_EQ(sw->xstate_bv & 3, 3);
  }
  unsigned char *x5 = fp + 160 + 5 * 16;
  for (int k = 0; k < 16; k++) CHECK_EQ(x5[k], k + 1);
  for (int k = 0; k < 16; k++) x5[k] = (unsigned char)(100 + k);
  CHECK_EQ(u->uc_mcontext.gregs[REG_R12], 0x1212121212121212l);
  CHECK_EQ(u->uc_mcontext.gregs[REG_CSGSFS] & 0xffff, 0x33);
  CHECK_EQ((uintptr_t)__builtin_frame_address(0) & 15, 0);
  CHECK_EQ(s, SIGUSR1);
  CHECK_EQ(i->si_signo, SIGUSR1);
  u->uc_mcontext.gregs[REG_R12] = 0x77;
  unsigned long f;
  __asm__ volatile("pushfq\n pop %0" : "=r"(f));
  CHECK_EQ(f & 0x400, 0); // DF clear in a handler
  __asm__ volatile("pcmpeqb %%xmm5,%%xmm5\n pcmpeqb %%xmm6,%%xmm6" ::: "xmm5", "xmm6");
  seen++;
}
int main(void) {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGUSR1, &a, NULL);
  unsigned char in[16], out[16];
  for (int k = 0; k < 16; k++) in[k] = (unsigned char)(k + 1);
  for (int r = 0; r < 20; r++) {
    long r12, ret;
    unsigned long fl;
    __asm__ volatile("movups %4,%%xmm5\n movabs $0x1212121212121212,%%r12\n std\n syscall\n pushfq\n pop %3\n cld\n mov %%r12,%1\n movups %%xmm5,%2"
                     : "=a"(ret), "=&r"(r12), "=m"(out), "=&r"(fl)
                     : "m"(in), "0"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
                     : "rcx", "r11", "r12", "xmm5", "memory", "cc");
    CHECK_EQ(ret, 0);
    CHECK_EQ(r12, 0x77);
    CHECK_EQ(fl >> 10 & 1, 1);
    for (int k = 0; k < 16; k++) CHECK_EQ(out[k], 100 + k);
  }
  CHECK_EQ(seen, 20);
  puts("ok");
  return 0;
}
