// Filters are a thread's: TSYNC, traps and their registers, kills of one thread, strict mode.
#include "guest/t.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/audit.h>
#include <ucontext.h>
// seccomp with threads, tsync, trap args, modes
static int inst(int nr, unsigned act, unsigned fl) {
  struct sock_filter f[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, act), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
  struct sock_fprog p = { 4, f };
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, fl, &p);
}
static volatile int go;
static void *w(void *p) {
  while (!go) usleep(1000);
  int r = syscall(SYS_getppid);
  return (void *)(long)(r == -1 ? errno : 0);
}
static void *w2(void *p) {
  if (inst(SYS_getpgrp, SECCOMP_RET_ERRNO | 9, 0)) return (void *)-1l;
  return (void *)(long)(syscall(SYS_getpgrp) == -1 ? errno : 0);
}
static volatile int tr;
static void h(int s, siginfo_t *i, void *u) {
  ucontext_t *c = u;
  CHECK_EQ(i->si_code, 1);
  CHECK_EQ(i->si_syscall, SYS_sched_yield);
  CHECK_EQ(i->si_arch, AUDIT_ARCH_X86_64);
  CHECK_EQ(i->si_errno, 55);
  CHECK_EQ(c->uc_mcontext.gregs[REG_RAX], SYS_sched_yield);
  CHECK_EQ(c->uc_mcontext.gregs[REG_RDI], T_JUNK);
  CHECK_EQ((long)i->si_call_addr, c->uc_mcontext.gregs[REG_RIP]);
  tr++;
  c->uc_mcontext.gregs[REG_RAX] = 4242;
}
int main() {
  pthread_t t, t2;
  void *r;
  pid_t c;
  c = fork();
  if (!c) {
    prctl(PR_SET_SECCOMP, 1);
    write(1, "", 0);
    syscall(SYS_exit, 8);
  }
  CHECK_EQ(t_wait(c), 8);
  c = fork();
  if (!c) {
    prctl(PR_SET_SECCOMP, 1);
    getpid();
    syscall(SYS_exit, 8);
  }
  CHECK_EQ(t_wait(c), 1009);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  pthread_create(&t, 0, w, 0);
  pthread_create(&t2, 0, w2, 0);
  pthread_join(t2, &r);
  CHECK_EQ(r, 9);
  CHECK(getpgrp() > 0);
  CHECK_EQ(inst(SYS_getppid, SECCOMP_RET_ERRNO | 7, SECCOMP_FILTER_FLAG_TSYNC), 0);
  go = 1;
  pthread_join(t, &r);
  CHECK_EQ(r, 7);
  CHECK_ERR(syscall(SYS_getppid), 7);
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGSYS, &a, 0);
  CHECK_EQ(inst(SYS_sched_yield, SECCOMP_RET_TRAP | 55, SECCOMP_FILTER_FLAG_LOG), 0);
  CHECK_EQ(SYS0(SYS_sched_yield), 4242);
  CHECK_EQ(tr, 1);
  // trap while blocked kills
  c = fork();
  if (!c) {
    sigset_t s;
    sigfillset(&s);
    sigprocmask(SIG_BLOCK, &s, 0);
    SYS0(SYS_sched_yield);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSYS);
  c = fork();
  if (!c) {
    inst(SYS_getuid, SECCOMP_RET_KILL_THREAD, 0);
    pthread_create(&t, 0, (void *)getuid, 0);
    pthread_join(t, 0);
    _exit(6);
  }
  CHECK_EQ(t_wait(c), 6);
  c = fork();
  if (!c) {
    inst(SYS_getuid, SECCOMP_RET_TRACE | 3, 0);
    _exit(syscall(SYS_getuid) == -1 && errno == ENOSYS ? 6 : 7);
  }
  CHECK_EQ(t_wait(c), 6);
  unsigned act = SECCOMP_RET_LOG;
  CHECK_EQ(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &act), 0);
  act = 0x123;
  CHECK_ERR(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &act), EOPNOTSUPP);
  CHECK_ERR(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0), EFAULT);
  puts("ok");
  return 0;
}
