// Leaving handlers by siglongjmp thousands of times, swapcontext coroutines, setjmp over frames, sigreturn to changed registers.
#include "guest/t.h"
#include <setjmp.h>
#include <ucontext.h>
static sigjmp_buf b;
static volatile int n;
static ucontext_t m, c1, c2;
static char s1[65536], s2[65536];
static long sum;
static void h(int s) {
  (void)s;
  n++;
  siglongjmp(b, n);
}
static void co(int k) {
  for (int i = 0; i < 500; i++) {
    sum += k * i;
    swapcontext(k == 1 ? &c1 : &c2, k == 1 ? &c2 : i == 499 ? &m : &c1);
  }
}
static void chg(int s, siginfo_t *i, void *v) {
  (void)s;
  (void)i;
  ucontext_t *u = v;
  u->uc_mcontext.gregs[REG_RAX] = 0x1122334455667788l;
  u->uc_mcontext.gregs[REG_EFL] |= 1;
  sigaddset(&u->uc_sigmask, SIGHUP);
}
int main(void) {
  signal(SIGUSR1, h);
  for (int i = 0; i < 3000; i++) {
    int r = sigsetjmp(b, 1);
    if (!r) {
      raise(SIGUSR1);
      CHECK(0);
    }
    CHECK_EQ(r, i + 1);
  }
  signal(SIGSEGV, h);
  n = 0;
  for (int i = 0; i < 1000; i++) {
    if (!sigsetjmp(b, 1)) {
      *(volatile int *)(long)(i * 8) = 1;
      CHECK(0);
    }
  }
  CHECK_EQ(n, 1000);
  getcontext(&c1);
  c1.uc_stack.ss_sp = s1;
  c1.uc_stack.ss_size = sizeof s1;
  c1.uc_link = &m;
  makecontext(&c1, (void (*)(void))co, 1, 1);
  getcontext(&c2);
  c2.uc_stack.ss_sp = s2;
  c2.uc_stack.ss_size = sizeof s2;
  c2.uc_link = &m;
  makecontext(&c2, (void (*)(void))co, 1, 2);
  swapcontext(&m, &c1);
  struct sigaction a = { .sa_sigaction = chg, .sa_flags = SA_SIGINFO };
  sigaction(SIGUSR2, &a, NULL);
  long r;
  unsigned char carry;
  __asm__ volatile("clc\n syscall\n setc %1" : "=a"(r), "=q"(carry) : "0"(SYS_kill), "D"(getpid()), "S"(SIGUSR2) : "rcx", "r11", "memory", "cc");
  CHECK_EQ(r, 0x1122334455667788l);
  CHECK_EQ(carry, 1);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGHUP));
  printf("%ld\n", sum);
  return 0;
}
