// Small calls: time, random, limits, names, priorities, sysinfo, prctl, affinity, ids, umask, sched, getcpu, unknown numbers.
// rr-test: cflags=-fno-builtin
#include "guest/t.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
int main(void) {
  for (int c = 0; c < 12; c++) {
    struct timespec t;
    if (clock_gettime(c, &t) == 0) printf("~clock %d %ld.%09ld\n", c, (long)t.tv_sec, t.tv_nsec);
  }
  struct timespec t, u;
  CHECK_EQ(clock_getres(CLOCK_MONOTONIC, &t), 0);
  CHECK_EQ(t.tv_nsec, 1);
  CHECK_ERR(clock_gettime(99, &t), EINVAL);
  struct timeval tv;
  CHECK_EQ(gettimeofday(&tv, NULL), 0);
  CHECK(labs(time(NULL) - tv.tv_sec) <= 1);
  CHECK_EQ(SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &t), 0);
  clock_gettime(CLOCK_MONOTONIC, &u);
  CHECK(u.tv_sec > t.tv_sec || (u.tv_sec == t.tv_sec && u.tv_nsec >= t.tv_nsec));
  CHECK_EQ(SYS2(SYS_gettimeofday, &tv, 0), 0);
  CHECK(SYS1(SYS_time, 0) > 1600000000);
  double last = 0;
  for (int i = 0; i < 10000; i++) {
    double n = t_now();
    CHECK(n >= last);
    last = n;
  }
  uint64_t r[40];
  CHECK_EQ(getrandom(r, sizeof r, 0), sizeof r);
  printf("~random %016lx\n", (unsigned long)t_hash(r, sizeof r));
  int f = open("/dev/urandom", O_RDONLY);
  CHECK_EQ(read(f, r, 100), 100);
  printf("~urandom %016lx\n", (unsigned long)t_hash(r, 100));
  CHECK_EQ(getentropy(r, 64), 0);
  CHECK_ERR(getrandom(r, 8, 0x100), EINVAL);
  struct utsname n;
  CHECK_EQ(uname(&n), 0);
  CHECK(!strcmp(n.sysname, "Linux"));
  printf("%s %s\n", n.machine, n.release);
  struct sysinfo si;
  CHECK_EQ(sysinfo(&si), 0);
  CHECK(si.totalram > 0);
  CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  struct rusage ru;
  CHECK_EQ(getrusage(RUSAGE_SELF, &ru), 0);
  struct tms tm;
  CHECK(times(&tm) != (clock_t)-1);
  printf("~cpu %ld\n", (long)clock());
  for (int i = 0; i < 16; i++) {
    struct rlimit l;
    CHECK_EQ(getrlimit(i, &l), 0);
    if (i != RLIMIT_NOFILE && i != RLIMIT_STACK) printf("limit %d %lx %lx\n", i, l.rlim_cur, l.rlim_max);
  }
  struct rlimit l = { 10000, 20000 };
  CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &l), 0);
  l.rlim_cur = 0;
  CHECK_EQ(prlimit(0, RLIMIT_SIGPENDING, NULL, &l), 0);
  CHECK_EQ(l.rlim_cur, 10000);
  l.rlim_cur = 30000;
  CHECK_ERR(setrlimit(RLIMIT_SIGPENDING, &l), EINVAL);
  CHECK_ERR(getrlimit((__rlimit_resource_t)99, &l), EINVAL);
  CHECK_EQ(getpid(), SYS0(SYS_getpid));
  CHECK_EQ(SYS0(SYS_gettid), getpid());
  CHECK_EQ(getppid(), SYS0(SYS_getppid));
  CHECK_EQ(getuid(), SYS0(SYS_getuid));
  CHECK_EQ(geteuid(), SYS0(SYS_geteuid));
  CHECK_EQ(getgid(), SYS0(SYS_getgid));
  gid_t g[100];
  CHECK(getgroups(100, g) >= 0);
  uid_t a, b, c;
  CHECK_EQ(getresuid(&a, &b, &c), 0);
  mode_t m = umask(077);
  CHECK_EQ(umask(m), 077);
  CHECK(getpriority(PRIO_PROCESS, 0) >= -20);
  CHECK_EQ(nice(1) >= -19, 1);
  cpu_set_t cs;
  CHECK_EQ(sched_getaffinity(0, sizeof cs, &cs), 0);
  CHECK(CPU_COUNT(&cs) >= 1);
  CHECK_EQ(sched_setaffinity(0, sizeof cs, &cs), 0);
  CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
  struct sched_param sp;
  CHECK_EQ(sched_getparam(0, &sp), 0);
  CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
  unsigned cpu, node;
  CHECK_EQ(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
  printf("~cpu %u\n", cpu);
  CHECK(sched_getcpu() >= 0);
  CHECK_EQ(sched_yield(), 0);
  CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
  int sig = -1;
  CHECK_EQ(prctl(PR_GET_PDEATHSIG, &sig), 0);
  CHECK_EQ(sig, 0);
  CHECK_ERR(prctl(12345, 0, 0, 0, 0), EINVAL);
  CHECK_EQ(prctl(PR_SET_TIMERSLACK, 60000), 0);
  CHECK_EQ(prctl(PR_GET_TIMERSLACK), 60000);
  CHECK_EQ(SYS0(5000), -ENOSYS);
  CHECK_EQ(SYS0(180), -ENOSYS);
  CHECK_EQ(SYS1(SYS_getpgid, J32(0)), getpgrp());
  CHECK_EQ(SYS2(SYS_kill, J32(getpid()), J32(0)), 0);
  CHECK_EQ(SYS1(SYS_close, J32(900)), -EBADF);
  CHECK_EQ(SYS3(SYS_lseek, J32(f), 0, J32(99)), -EINVAL);
  // the raw forms with junk in the upper halves of int arguments
  int fd = (int)SYS3(SYS_open, "junk", J32(O_RDWR | O_CREAT), J32(0600));
  CHECK(fd >= 0);
  CHECK_EQ(SYS3(SYS_write, J32(fd), "12345", 5), 5);
  CHECK_EQ(SYS4(SYS_pread64, J32(fd), r, 5, 0), 5);
  CHECK(!memcmp(r, "12345", 5));
  CHECK_EQ(SYS3(SYS_fcntl, J32(fd), J32(F_GETFL), T_JUNK) & O_ACCMODE, O_RDWR);
  CHECK_EQ(SYS2(SYS_dup2, J32(fd), J32(fd + 5)), fd + 5);
  CHECK_EQ(SYS1(SYS_close, J32(fd)), 0);
  CHECK_EQ(SYS1(SYS_fsync, J32(fd + 5)), 0);
  struct stat st;
  CHECK_EQ(SYS2(SYS_fstat, J32(fd + 5), &st), 0);
  CHECK_EQ(st.st_size, 5);
  CHECK_EQ(SYS2(SYS_nanosleep, (&(struct timespec){ 0, 1000 }), 0), 0);
  CHECK_EQ(SYS2(SYS_nanosleep, (&(struct timespec){ 0, -1 }), 0), -EINVAL);
  CHECK_EQ(SYS2(SYS_nanosleep, 8, 0), -EFAULT);
  puts("ok");
  return 0;
}
