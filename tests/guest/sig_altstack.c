// The alternate stack: used when asked for, SS_ONSTACK, too small, nested, SS_AUTODISARM, left by siglongjmp.
#include "guest/t.h"
#include <setjmp.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
static char alt[32768] __attribute__((aligned(16)));
static volatile int on, where;
static sigjmp_buf back;
static void h(int s) {
  char c;
  where = &c >= alt && &c < alt + sizeof alt;
  stack_t t;
  CHECK_EQ(sigaltstack(NULL, &t), 0);
  on = t.ss_flags;
  if (where) {
    stack_t n = { .ss_sp = alt, .ss_size = 8192 };
    if (on & SS_ONSTACK) CHECK_ERR(sigaltstack(&n, NULL), EPERM);
  }
  if (s == SIGUSR2) siglongjmp(back, 1);
}
int main(void) {
  stack_t s = { .ss_sp = alt, .ss_size = sizeof alt }, o;
  CHECK_EQ(sigaltstack(&s, &o), 0);
  CHECK_EQ(o.ss_flags, SS_DISABLE);
  struct sigaction a = { .sa_handler = h, .sa_flags = SA_ONSTACK };
  sigaction(SIGUSR1, &a, NULL);
  sigaction(SIGUSR2, &a, NULL);
  raise(SIGUSR1);
  CHECK_EQ(where, 1);
  CHECK_EQ(on, SS_ONSTACK);
  CHECK_EQ(sigaltstack(NULL, &o), 0);
  CHECK_EQ(o.ss_flags, 0);
  CHECK(o.ss_sp == alt);
  CHECK_EQ(o.ss_size, sizeof alt);
  for (int i = 0; i < 10; i++) {
    if (!sigsetjmp(back, 1)) raise(SIGUSR2);
    CHECK_EQ(where, 1);
  }
  a.sa_flags = 0;
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
  CHECK_EQ(where, 0);
  CHECK_EQ(on, 0);
  s.ss_size = 100;
  CHECK_ERR(sigaltstack(&s, NULL), ENOMEM);
  s.ss_size = sizeof alt;
  s.ss_flags = 77;
  CHECK_ERR(sigaltstack(&s, NULL), EINVAL);
  s.ss_flags = (int)SS_AUTODISARM;
  CHECK_EQ(sigaltstack(&s, NULL), 0);
  a.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
  CHECK_EQ(where, 1);
  CHECK_EQ(on, SS_DISABLE);
  CHECK_EQ(sigaltstack(NULL, &o), 0);
  CHECK_EQ((unsigned)o.ss_flags, SS_AUTODISARM);
  s.ss_flags = SS_DISABLE;
  CHECK_EQ(sigaltstack(&s, NULL), 0);
  raise(SIGUSR1);
  CHECK_EQ(where, 0);
  puts("ok");
  return 0;
}
