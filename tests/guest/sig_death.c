// Death by each signal whose default kills, by kill, raise and fault; exit statuses 0 to 255; core flag; _exit of a group.
#include "guest/t.h"
#include <sys/prctl.h>
#include <sys/resource.h>
int main(void) {
  struct rlimit r = { 0, 0 };
  setrlimit(RLIMIT_CORE, &r);
  for (int s = 1; s < 65; s++) {
    if (s == SIGCHLD || s == SIGURG || s == SIGWINCH || s == SIGCONT || s == SIGSTOP || s == SIGTSTP || s == SIGTTIN || s == SIGTTOU || s == 32 ||
        s == 33)
      continue;
    pid_t c = fork();
    if (c == 0) {
      if (s & 1) kill(getpid(), s);
      else raise(s);
      for (;;) pause();
    }
    CHECK_EQ(t_wait(c), 1000 + s);
  }
  for (int i = 0; i < 256; i += 5) {
    pid_t c = fork();
    if (c == 0) {
      if (i & 1) _exit(i);
      syscall(SYS_exit_group, i | 0x100);
    }
    CHECK_EQ(t_wait(c), i);
  }
  struct {
    int sig;
    const char *name;
  } f[] = { { SIGSEGV, "segv" }, { SIGFPE, "fpe" }, { SIGILL, "ill" }, { SIGABRT, "abort" }, { SIGTRAP, "trap" } };
  for (unsigned i = 0; i < 5; i++) {
    pid_t c = fork();
    if (c == 0) {
      if (i == 0) *(volatile int *)8 = 1;
      if (i == 1) {
        volatile int z = 0;
        z = 5 / z;
      }
      if (i == 2) __asm__ volatile("ud2");
      if (i == 3) abort();
      if (i == 4) __asm__ volatile("int3");
      _exit(0);
    }
    CHECK_EQ(t_wait(c), 1000 + f[i].sig);
    puts(f[i].name);
  }
  // blocked or ignored synchronous signals kill all the same
  pid_t c = fork();
  if (c == 0) {
    signal(SIGSEGV, SIG_IGN);
    *(volatile int *)8 = 1;
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  c = fork();
  if (c == 0) {
    sigset_t m;
    sigfillset(&m);
    sigprocmask(SIG_BLOCK, &m, NULL);
    *(volatile int *)8 = 1;
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  // the parent-death signal
  int p[2];
  CHECK_EQ(pipe(p), 0);
  c = fork();
  if (c == 0) {
    pid_t g = fork();
    if (g == 0) {
      close(p[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)!write(p[1], "r", 1);
      for (;;) pause();
    }
    close(p[1]);
    char x;
    (void)!read(p[0], &x, 1);
    _exit(0);
  }
  close(p[1]);
  CHECK_EQ(t_wait(c), 0);
  char x;
  while (read(p[0], &x, 1) > 0) {} // ends when the grandchild is gone
  puts("ok");
  return 0;
}
