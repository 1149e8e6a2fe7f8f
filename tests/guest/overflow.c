// Running out of stack is a SIGSEGV that a handler on the alternate stack sees.
#include "guest/t.h"
#include <setjmp.h>
#include <sys/resource.h>
static sigjmp_buf back;
static char alt[65536];
static void segv(int s, siginfo_t *i, void *u) {
  (void)s;
  (void)u;
  CHECK(i->si_addr != NULL);
  siglongjmp(back, 1);
}
static __attribute__((noinline)) long down(long n) {
  volatile char pad[5000];
  pad[0] = (char)n;
  return down(n + 1) + pad[0];
}
int main(void) {
  struct rlimit r = { 1 << 20, 1 << 20 };
  pid_t c = fork();
  if (c == 0) {
    setrlimit(RLIMIT_STACK, &r);
    return (int)down(0) & 1;
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt };
  CHECK_EQ(sigaltstack(&ss, NULL), 0);
  struct sigaction a = { .sa_sigaction = segv, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  CHECK_EQ(sigaction(SIGSEGV, &a, NULL), 0);
  for (int i = 0; i < 3; i++)
    if (!sigsetjmp(back, 1)) down(0);
  printf("survived\n");
  return 0;
}
