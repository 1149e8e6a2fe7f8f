// Limits that signal; priorities and policies.
#include "guest/t.h"
#include <sys/resource.h>
// rlimits with signals: SIGXCPU, SIGXFSZ, NPROC..., nice, priorities, scheduling classes
#include <sched.h>
#include <sys/syscall.h>
static volatile int x;
static void h(int s) { x = s; }
int main() {
  signal(SIGXFSZ, h);
  struct rlimit l = { 100, 1000 };
  CHECK_EQ(setrlimit(RLIMIT_FSIZE, &l), 0);
  int f = open("lim", O_CREAT | O_RDWR | O_TRUNC, 0644);
  char b[200] = { 0 };
  CHECK_EQ(write(f, b, 200), 100);
  CHECK_ERR(write(f, b, 10), EFBIG);
  CHECK_EQ(x, SIGXFSZ);
  CHECK_ERR(ftruncate(f, 500), EFBIG);
  l.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &l);
  unlink("lim");
  pid_t c = fork();
  if (!c) {
    l = (struct rlimit){ 1, 2 };
    setrlimit(RLIMIT_CPU, &l);
    for (volatile int i = 0;; i++)
      ;
  }
  CHECK_EQ(t_wait(c), 1000 + SIGXCPU);
  CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
  CHECK_EQ(setpriority(PRIO_PROCESS, 0, 5), 0);
  CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
  struct sched_param p = { 0 };
  CHECK_EQ(sched_setscheduler(0, SCHED_BATCH, &p), 0);
  CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
  struct {
    unsigned size, policy;
    unsigned long fl;
    int nice;
    unsigned prio;
    unsigned long a, b, c;
    unsigned u, v;
  } sa = { sizeof sa };
  CHECK_EQ(syscall(SYS_sched_getattr, 0, &sa, sizeof sa, 0), 0);
  CHECK_EQ(sa.policy, SCHED_BATCH);
  CHECK_EQ(sa.nice, 5);
  CHECK_EQ(syscall(SYS_sched_setattr, 0, &sa, 0), 0);
  CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
  struct timespec t;
  sched_rr_get_interval(0, &t);
  CHECK_EQ(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 3), 0);
  CHECK_EQ(syscall(SYS_ioprio_get, 1, 0), 2 << 13 | 3);
  puts("ok");
  return 0;
}
