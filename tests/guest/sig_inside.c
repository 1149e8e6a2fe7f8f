// fork and exec inside a handler, sigreturn with garbage, faults that are ignored or blocked.
#include "guest/t.h"
// handlers: bad restorer stack, sigreturn with bad frame, SA_SIGINFO absent; signal within syscalls with side effects; fork within handler; exec within handler
#include <setjmp.h>
static volatile int n;
static void hf(int s) {
  pid_t c = fork();
  if (!c) _exit(4);
  n = t_wait(c);
}
static char **av;
static void he(int s) {
  char *v[] = { av[0], "x", 0 };
  execv("/proc/self/exe", v);
}
int main(int c, char **v) {
  if (c > 1) {
    sigset_t m;
    sigprocmask(0, 0, &m);
    printf("usr1 %d usr2 %d\n", sigismember(&m, SIGUSR1), sigismember(&m, SIGUSR2));
    return 3;
  }
  av = v;
  signal(SIGUSR1, hf);
  raise(SIGUSR1);
  CHECK_EQ(n, 4);
  fflush(stdout);
  pid_t p = fork();
  if (!p) {
    signal(SIGUSR1, he);
    raise(SIGUSR1);
    _exit(1);
  }
  CHECK_EQ(t_wait(p), 3);
  p = fork();
  if (!p) {
    asm volatile("mov $15,%eax; syscall");
    _exit(1);
  }
  CHECK_EQ(t_wait(p), 1000 + SIGSEGV);
  p = fork();
  if (!p) { asm volatile("mov $0x1000,%rsp; mov $15,%eax; syscall"); }
  CHECK_EQ(t_wait(p), 1000 + SIGSEGV);
  // ignored SIGSEGV still kills by fault; blocked too
  p = fork();
  if (!p) {
    signal(SIGSEGV, SIG_IGN);
    kill(getpid(), SIGSEGV);
    *(volatile int *)0 = 1;
  }
  CHECK_EQ(t_wait(p), 1000 + SIGSEGV);
  p = fork();
  if (!p) {
    signal(SIGSEGV, hf);
    sigset_t s;
    sigfillset(&s);
    sigprocmask(SIG_BLOCK, &s, 0);
    *(volatile int *)0 = 1;
  }
  CHECK_EQ(t_wait(p), 1000 + SIGSEGV);
  p = fork();
  if (!p) {
    signal(SIGSEGV, SIG_IGN);
    for (int i = 0; i < 10; i++) kill(getpid(), SIGSEGV);
    _exit(5);
  }
  CHECK_EQ(t_wait(p), 5);
  p = fork();
  if (!p)
    for (;;) pause();
  usleep(10000);
  kill(p, SIGSEGV);
  CHECK_EQ(t_wait(p), 1000 + SIGSEGV);
  puts("ok");
  return 0;
}
