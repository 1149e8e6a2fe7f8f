// Handlers on garbage stacks, alternate stacks that overflow.
#include "guest/t.h"
#include <setjmp.h>
// garbage stack, altstack overflow, nested on altstack, autodisarm
static char alt[65536];
static volatile int n;
static sigjmp_buf jb;
static void h(int s) {
  n++;
  char c;
  CHECK(&c > alt && &c < alt + sizeof alt);
  siglongjmp(jb, 1);
}
static void rec(int k) {
  volatile char b[4096];
  b[0] = k;
  rec(k + 1);
  b[1] = 1;
}
static void over(int s) {
  volatile char b[512];
  b[0] = 1;
  raise(SIGUSR1);
}
int main() {
  stack_t st = { .ss_sp = alt, .ss_size = sizeof alt };
  sigaltstack(&st, 0);
  struct sigaction a = { .sa_handler = h, .sa_flags = SA_ONSTACK };
  sigaction(SIGSEGV, &a, 0);
  if (!sigsetjmp(jb, 1)) asm volatile("mov $0x10,%%rsp; push %%rax" ::: "memory");
  CHECK_EQ(n, 1);
  if (!sigsetjmp(jb, 1)) rec(0);
  CHECK_EQ(n, 2);
  if (!sigsetjmp(jb, 1)) rec(0);
  CHECK_EQ(n, 3);
  pid_t c = fork();
  if (!c) {
    a.sa_flags = 0;
    sigaction(SIGSEGV, &a, 0);
    asm volatile("mov $0x10,%%rsp; push %%rax" ::: "memory");
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  c = fork();
  if (!c) {
    stack_t s = { .ss_sp = alt, .ss_size = 16384 };
    sigaltstack(&s, 0);
    a.sa_handler = over;
    a.sa_flags = SA_ONSTACK | SA_NODEFER;
    sigaction(SIGUSR1, &a, 0);
    a.sa_handler = SIG_DFL;
    sigaction(SIGSEGV, &a, 0);
    raise(SIGUSR1);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  c = fork();
  if (!c) {
    a.sa_flags = 0;
    sigaction(SIGUSR1, &a, 0);
    signal(SIGSEGV, SIG_DFL);
    asm volatile("mov $0x1000,%%rsp; mov $39,%%eax; syscall; mov %%eax,%%edi; mov $10,%%esi; mov $62,%%eax; syscall; 1: jmp 1b" ::
                     : "memory", "rcx", "r11");
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  puts("ok");
  return 0;
}
