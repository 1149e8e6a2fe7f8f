// Calls about the process and the system: scheduling, limits, clocks, keys, queues, ids, prctl, refused families, odd pointers.
// rr-test: timeout=40
#include "guest/t.h"
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <linux/sched.h>
#define P 4096
static char *edge;
static void need_edge(void) {
  if (edge) return;
  edge = mmap(NULL, 2 * P, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(edge + P, P, PROT_NONE);
}

static void scheduling(void) {
  struct sched_param sp = { 0 };
  CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
  CHECK_EQ(sched_setscheduler(0, SCHED_BATCH, &sp), 0);
  CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
  CHECK_EQ(sched_setscheduler(0, SCHED_OTHER, &sp), 0);
  CHECK_EQ(sched_setparam(0, &sp), 0);
  sp.sched_priority = 5;
  CHECK_ERR(sched_setparam(0, &sp), EINVAL);
  CHECK_ERR(sched_setscheduler(0, 99, &sp), EINVAL);
  CHECK_ERR(sched_getparam(-1, &sp), EINVAL);
  CHECK_EQ(SYS2(SYS_sched_getparam, 0, 8), -EFAULT);
  struct timespec ts;
  CHECK_EQ(sched_rr_get_interval(0, &ts), 0);
  struct { unsigned size, policy; unsigned long flags; int nice; unsigned prio; unsigned long runtime, deadline, period; unsigned umin, umax; } at = { 0 };
  CHECK_EQ(SYS4(SYS_sched_getattr, 0, &at, sizeof at, 0), 0);
  CHECK_EQ(at.policy, 0);
  at.nice = 3;
  CHECK_EQ(SYS3(SYS_sched_setattr, 0, &at, 0), 0);
  CHECK_EQ(getpriority(PRIO_PROCESS, 0), 3);
  CHECK_EQ(SYS4(SYS_sched_getattr, 0, &at, 3, 0), -EINVAL);
  at.size = 4;
  CHECK_EQ(SYS3(SYS_sched_setattr, 0, &at, 0), -E2BIG);
  unsigned long mask[16] = { 0 };
  long n = SYS3(SYS_sched_getaffinity, 0, sizeof mask, mask);
  CHECK(n >= 8);
  CHECK_EQ(SYS3(SYS_sched_setaffinity, 0, n, mask), 0);
  CHECK_EQ(SYS3(SYS_sched_getaffinity, 0, 3, mask), -EINVAL);
  unsigned long none = 0;
  CHECK_EQ(SYS3(SYS_sched_setaffinity, 0, 8, &none), -EINVAL);
  CHECK_EQ(sched_yield(), 0);
  unsigned cpu, node;
  CHECK_EQ(SYS3(SYS_getcpu, &cpu, &node, 0), 0);
  CHECK_EQ(SYS3(SYS_getcpu, 8, 0, 0), -EFAULT);
  long io = SYS2(SYS_ioprio_get, 1, 0);
  CHECK(io >= 0);
  CHECK_EQ(SYS3(SYS_ioprio_set, 1, 0, 2 << 13 | 3), 0);
  CHECK_EQ(SYS2(SYS_ioprio_get, 1, 0), 2 << 13 | 3);
  CHECK_EQ(SYS3(SYS_ioprio_set, 1, 0, 7 << 13), -EINVAL);
  CHECK_EQ(setpriority(PRIO_PROCESS, 0, 7), 0);
  CHECK_EQ(SYS2(SYS_getpriority, PRIO_PROCESS, 0), 13);
  CHECK_ERR(setpriority(9, 0, 0), EINVAL);
}

static void clocks(void) {
  need_edge();
  struct timespec t;
  for (int c = 0; c < 16; c++) {
    long r = SYS2(SYS_clock_gettime, c, &t), q = SYS2(SYS_clock_getres, c, &t);
    printf("%d %s %s\n", c, r ? "-" : "+", q ? "-" : "+");
  }
  CHECK_EQ(SYS2(SYS_clock_gettime, 77, &t), -EINVAL);
  CHECK_EQ(SYS2(SYS_clock_gettime, 0, 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_clock_gettime, 0, edge + P - 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_clock_getres, 0, 0), 0);
  clockid_t mine;
  CHECK_EQ(clock_getcpuclockid(0, &mine), 0);
  CHECK_EQ(clock_gettime(mine, &t), 0);
  struct timespec bad = { 0, 2000000000 };
  CHECK_EQ(SYS2(SYS_clock_settime, CLOCK_REALTIME, &bad), -EINVAL);
  CHECK_EQ(SYS2(SYS_clock_settime, CLOCK_MONOTONIC, &t), -EINVAL);
  CHECK_EQ(SYS2(SYS_clock_settime, 0, 8), -EFAULT);
  struct timex tx = { .modes = 0 };
  CHECK(adjtimex(&tx) >= 0);
  printf("~%ld %ld\n", tx.freq, tx.time.tv_sec);
  tx.modes = 0;
  CHECK(clock_adjtime(CLOCK_REALTIME, &tx) >= 0);
  CHECK_EQ(SYS2(SYS_clock_adjtime, 77, &tx), -EINVAL);
  CHECK_EQ(SYS1(SYS_adjtimex, 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_settimeofday, 8, 0), -EFAULT);
  struct timeval tv = { 5, 2000000 };
  CHECK_EQ(SYS2(SYS_settimeofday, &tv, 0), -EINVAL);
  struct timezone tz;
  CHECK_EQ(SYS2(SYS_gettimeofday, &tv, &tz), 0);
  CHECK_EQ(SYS2(SYS_gettimeofday, 0, 0), 0);
  CHECK_EQ(SYS2(SYS_gettimeofday, 8, 0), -EFAULT);
  long when;
  CHECK_EQ(SYS1(SYS_time, &when), when);
  CHECK_EQ(SYS1(SYS_time, 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_nanosleep, &bad, 0), -EINVAL);
  CHECK_EQ(SYS2(SYS_nanosleep, 8, 0), -EFAULT);
  struct timespec sh = { 0, 1000 }, rem = { 7, 7 };
  CHECK_EQ(SYS2(SYS_nanosleep, &sh, &rem), 0);
  CHECK_EQ(rem.tv_sec, 7);
  CHECK_EQ(SYS4(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &sh, &rem), 0);
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += 1000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  CHECK_EQ(SYS4(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0), 0);
  CHECK_EQ(SYS4(SYS_clock_nanosleep, 77, 0, &sh, 0), -EINVAL);
  CHECK_EQ(SYS4(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &sh, 0) < 0, 1);
  struct itimerval iv;
  CHECK_EQ(getitimer(ITIMER_REAL, &iv), 0);
  CHECK_ERR(getitimer(9, &iv), EINVAL);
  CHECK_EQ(SYS2(SYS_getitimer, 0, 8), -EFAULT);
  timer_t id;
  struct sigevent se = { .sigev_notify = SIGEV_NONE };
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &se, &id), 0);
  struct itimerspec is = { .it_value = { 100, 0 } }, old;
  CHECK_EQ(timer_settime(id, 0, &is, &old), 0);
  CHECK_EQ(timer_gettime(id, &old), 0);
  CHECK(old.it_value.tv_sec >= 99);
  CHECK_EQ(timer_getoverrun(id), 0);
  CHECK_EQ(timer_delete(id), 0);
  CHECK_EQ(SYS1(SYS_timer_delete, 12345), -EINVAL);
  struct tms tm;
  CHECK(times(&tm) > 0);
  CHECK_EQ(SYS1(SYS_times, 8), -EFAULT);
}

static void limits(void) {
  need_edge();
  struct rlimit l;
  for (int i = 0; i < RLIM_NLIMITS; i++) CHECK_EQ(getrlimit((__rlimit_resource_t)i, &l), 0);
  CHECK_EQ(SYS2(SYS_getrlimit, 99, &l), -EINVAL);
  CHECK_EQ(SYS2(SYS_getrlimit, 3, 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_setrlimit, 3, 8), -EFAULT);
  CHECK_EQ(SYS4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &l), 0);
  l.rlim_cur = 64;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &l), 0);
  CHECK_EQ(fcntl(0, F_DUPFD, 63), 63);
  CHECK_ERR(fcntl(0, F_DUPFD, 64), EINVAL);
  CHECK_ERR(dup2(0, 64), EBADF);
  int last = -1, fd;
  while ((fd = dup(0)) >= 0) last = fd;
  CHECK_EQ(errno, EMFILE);
  CHECK_EQ(last, 62);
  for (int i = 3; i < 64; i++) close(i);
  l.rlim_cur = 4096;
  l.rlim_max = 4096;
  struct rlimit got;
  CHECK_EQ(setrlimit(RLIMIT_FSIZE, &l), 0);
  signal(SIGXFSZ, SIG_IGN);
  int f = open("fsize", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(ftruncate(f, 4096), 0);
  CHECK_ERR(ftruncate(f, 4097), EFBIG);
  CHECK_ERR(pwrite(f, "x", 1, 4096), EFBIG);
  CHECK_EQ(prlimit(getpid(), RLIMIT_FSIZE, NULL, &got), 0);
  CHECK_EQ(got.rlim_cur, 4096);
  l.rlim_cur = l.rlim_max = 200ul << 20;
  CHECK_EQ(setrlimit(RLIMIT_AS, &l), 0);
  CHECK(mmap(NULL, 300ul << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  CHECK_EQ(errno, ENOMEM);
  CHECK(mmap(NULL, 10ul << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  struct rusage ru;
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &ru), 0);
  CHECK_EQ(getrusage(RUSAGE_THREAD, &ru), 0);
  CHECK_ERR(getrusage((__rusage_who_t)55, &ru), EINVAL);
  CHECK_EQ(SYS2(SYS_getrusage, 0, edge + P - 10), -EFAULT);
}

static void identity(void) {
  gid_t g[100];
  int n = getgroups(0, NULL);
  CHECK(n >= 0);
  CHECK_EQ(getgroups(100, g), n);
  if (n > 1) CHECK_ERR(getgroups(1, g), EINVAL);
  CHECK_EQ(SYS2(SYS_getgroups, -1, g), -EINVAL);
  uid_t a, b, c;
  CHECK_EQ(getresuid(&a, &b, &c), 0);
  CHECK_EQ(setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1), 0);
  CHECK_EQ(setreuid((uid_t)-1, (uid_t)-1), 0);
  CHECK_EQ(setregid((gid_t)-1, (gid_t)-1), 0);
  CHECK_EQ(SYS1(SYS_setfsuid, -1), a);
  CHECK_EQ(SYS1(SYS_setfsgid, -1), getgid());
  CHECK_EQ(SYS3(SYS_getresuid, 8, &b, &c), -EFAULT);
  CHECK(getsid(0) > 0);
  CHECK_EQ(getpgid(0), getpgrp());
  CHECK_ERR(getpgid(-5), ESRCH);
  CHECK_ERR(getsid(999999), ESRCH);
  struct utsname u;
  CHECK_EQ(uname(&u), 0);
  CHECK_EQ(SYS1(SYS_uname, 8), -EFAULT);
  struct sysinfo si;
  CHECK_EQ(sysinfo(&si), 0);
  CHECK_EQ(SYS1(SYS_sysinfo, 8), -EFAULT);
  struct { unsigned version; int pid; } h = { 0x20080522, 0 };
  struct { unsigned e, p, i; } d[2];
  CHECK_EQ(SYS2(SYS_capget, &h, d), 0);
  CHECK_EQ(SYS2(SYS_capset, &h, d), 0);
  h.version = 77;
  CHECK_EQ(SYS2(SYS_capget, &h, d), -EINVAL);
  CHECK_EQ(h.version, 0x20080522);
  CHECK_EQ(SYS2(SYS_capget, &h, 0), 0);
  CHECK_EQ(SYS1(SYS_personality, 0xffffffff), 0);
  CHECK_EQ(SYS1(SYS_personality, 0x0040000), 0); // ADDR_NO_RANDOMIZE
  CHECK_EQ(SYS1(SYS_personality, 0), 0x0040000);
  CHECK_EQ(umask(0123), 022);
  CHECK_EQ(umask(022), 0123);
}

static void personalities(void) {
  struct utsname u;
  CHECK_EQ(personality(PER_LINUX32), 0);
  CHECK_EQ(uname(&u), 0);
  CHECK(!strcmp(u.machine, "i686"));
  CHECK_EQ(personality(READ_IMPLIES_EXEC), PER_LINUX32);
  CHECK_EQ(uname(&u), 0);
  CHECK(!strcmp(u.machine, "x86_64"));
  unsigned char *p = mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, "\xb8\x07\x00\x00\x00\xc3", 6);
  memcpy(p + P, p, 6);
  CHECK_EQ(((int (*)(void))p)(), 7);
  CHECK_EQ(mprotect(p, P, PROT_READ), 0);
  CHECK_EQ(((int (*)(void))p)(), 7);
  CHECK_EQ(personality(0), READ_IMPLIES_EXEC);
  CHECK_EQ(((int (*)(void))(p + P))(), 7);
}

static void prctls(void) {
  char name[17] = { 0 };
  CHECK_EQ(prctl(PR_SET_NAME, "a rather long name for this"), 0);
  CHECK_EQ(prctl(PR_GET_NAME, name), 0);
  CHECK(!strcmp(name, "a rather long n"));
  CHECK_EQ(SYS2(SYS_prctl, PR_GET_NAME, 8), -EFAULT);
  FILE *f = fopen("/proc/self/comm", "r");
  CHECK(fgets(name, 17, f));
  CHECK(!strcmp(name, "a rather long n\n"));
  fclose(f);
  int v = 99;
  CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0);
  CHECK_EQ(prctl(PR_GET_PDEATHSIG, &v), 0);
  CHECK_EQ(v, SIGUSR1);
  CHECK_ERR(prctl(PR_SET_PDEATHSIG, 999), EINVAL);
  CHECK_EQ(prctl(PR_SET_PDEATHSIG, 0), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
  CHECK_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
  CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
  CHECK_ERR(prctl(PR_SET_DUMPABLE, 7), EINVAL);
  CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
  CHECK_EQ(prctl(PR_SET_KEEPCAPS, 1), 0);
  CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
  CHECK_EQ(prctl(PR_SET_KEEPCAPS, 0), 0);
  CHECK_EQ(prctl(PR_CAPBSET_READ, 0) >= 0, 1);
  CHECK_ERR(prctl(PR_CAPBSET_READ, 999), EINVAL);
  CHECK(prctl(PR_GET_SECUREBITS) >= 0);
  CHECK(prctl(PR_GET_TIMERSLACK) > 0);
  CHECK_EQ(prctl(PR_SET_TIMERSLACK, 1234), 0);
  CHECK_EQ(prctl(PR_GET_TIMERSLACK), 1234);
  CHECK_EQ(prctl(PR_GET_TIMING), 0);
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  CHECK_EQ(prctl(PR_GET_CHILD_SUBREAPER, &v), 0);
  CHECK_EQ(v, 1);
  CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
  CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
  CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1, 1);
  int *tid = NULL;
  int r = prctl(PR_GET_TID_ADDRESS, &tid);
  CHECK(r == 0 || errno == EINVAL);
  if (!r) CHECK(tid != NULL);
  r = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
  printf("~%d\n", r);
  CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) >= 0, 1);
  CHECK_EQ(prctl(PR_TASK_PERF_EVENTS_DISABLE), 0);
  CHECK_EQ(prctl(PR_TASK_PERF_EVENTS_ENABLE), 0);
  char *m = mmap(NULL, P, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  r = prctl(0x53564d41, 0, m, P, "named"); // PR_SET_VMA_ANON_NAME
  CHECK(r == 0 || errno == EINVAL);
  CHECK_EQ(prctl(PR_SET_PTRACER, -1) == 0 || errno == EINVAL, 1);
  CHECK_ERR(prctl(99999), EINVAL);
  CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 999, 0, 0), EINVAL);
}

static void keys(void) {
  long k = SYS5(SYS_add_key, "user", "rr:test", "payload", 7, -2l /* process keyring */);
  if (k < 0) {
    CHECK(k == -ENOSYS || k == -EPERM || k == -EACCES || k == -EDQUOT);
    return;
  }
  char b[100] = { 0 };
  CHECK_EQ(SYS5(SYS_keyctl, 11 /* READ */, k, b, 100, 0), 7);
  CHECK(!strcmp(b, "payload"));
  CHECK_EQ(SYS5(SYS_keyctl, 11, k, b, 3, 0), 7);
  long n = SYS5(SYS_keyctl, 6 /* DESCRIBE */, k, b, 100, 0);
  CHECK(n > 5);
  CHECK(!strncmp(b, "user;", 5));
  CHECK_EQ(SYS4(SYS_request_key, "user", "rr:test", 0, -2l), k);
  CHECK_EQ(SYS5(SYS_keyctl, 2 /* UPDATE */, k, "other", 5, 0), 0);
  CHECK_EQ(SYS5(SYS_keyctl, 11, k, b, 100, 0), 5);
  CHECK(SYS5(SYS_keyctl, 0 /* GET_KEYRING_ID */, -2l, 0, 0, 0) > 0);
  CHECK_EQ(SYS5(SYS_keyctl, 3 /* REVOKE */, k, 0, 0, 0), 0);
  CHECK_EQ(SYS5(SYS_keyctl, 11, k, b, 100, 0), -128 /* EKEYREVOKED */);
  CHECK_EQ(SYS5(SYS_keyctl, 999, 0, 0, 0, 0), -EOPNOTSUPP);
  CHECK_EQ(SYS5(SYS_add_key, 8, "x", 0, 0, -2l), -EFAULT);
}

static volatile int notified;
static void on_mq(int s) { notified = s; }
static void queues(void) {
  mq_unlink("/rr-test-queue");
  struct mq_attr a = { .mq_maxmsg = 4, .mq_msgsize = 64 }, b;
  mqd_t q = mq_open("/rr-test-queue", O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &a);
  if (q == (mqd_t)-1) {
    CHECK(errno == ENOSYS || errno == ENOENT || errno == EMFILE || errno == EACCES);
    return;
  }
  char m[64];
  unsigned prio;
  CHECK_ERR(mq_receive(q, m, 64, &prio), EAGAIN);
  CHECK_EQ(mq_send(q, "low", 3, 1), 0);
  CHECK_EQ(mq_send(q, "high", 4, 9), 0);
  CHECK_EQ(mq_getattr(q, &b), 0);
  CHECK_EQ(b.mq_curmsgs, 2);
  CHECK_EQ(mq_receive(q, m, 64, &prio), 4);
  CHECK_EQ(prio, 9);
  CHECK_ERR(mq_receive(q, m, 10, &prio), EMSGSIZE);
  CHECK_EQ(mq_receive(q, m, 64, NULL), 3);
  for (int i = 0; i < 4; i++) CHECK_EQ(mq_send(q, "x", 1, 0), 0);
  CHECK_ERR(mq_send(q, "x", 1, 0), EAGAIN);
  a.mq_flags = 0;
  CHECK_EQ(mq_setattr(q, &a, &b), 0);
  CHECK_EQ(b.mq_flags, O_NONBLOCK);
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  ts.tv_nsec += 1000000;
  if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
  CHECK_ERR(mq_timedsend(q, "x", 1, 0, &ts), ETIMEDOUT);
  for (int i = 0; i < 4; i++) CHECK_EQ(mq_receive(q, m, 64, &prio), 1);
  signal(SIGUSR2, on_mq);
  struct sigevent se = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
  CHECK_EQ(mq_notify(q, &se), 0);
  CHECK_ERR(mq_notify(q, &se), EBUSY);
  CHECK_EQ(mq_send(q, "x", 1, 0), 0);
  for (int i = 0; i < 2000 && !notified; i++) usleep(1000);
  CHECK_EQ(notified, SIGUSR2);
  struct pollfd pf = { q, POLLIN, 0 };
  CHECK_EQ(poll(&pf, 1, 0), 1);
  CHECK_EQ(mq_close(q), 0);
  CHECK_EQ(mq_unlink("/rr-test-queue"), 0);
  CHECK_ERR(mq_open("/rr-none", O_RDWR), ENOENT);
}

static void sysv(void) {
  int q = msgget(IPC_PRIVATE, 0600);
  CHECK(q >= 0);
  struct { long type; char text[40]; } m = { 5, "hello" };
  CHECK_EQ(msgsnd(q, &m, 6, 0), 0);
  m.type = 7;
  strcpy(m.text, "seventh");
  CHECK_EQ(msgsnd(q, &m, 8, 0), 0);
  memset(&m, 0, sizeof m);
  CHECK_ERR(msgrcv(q, &m, 3, 7, IPC_NOWAIT), E2BIG);
  CHECK_EQ(msgrcv(q, &m, 40, 7, 0), 8);
  CHECK(!strcmp(m.text, "seventh"));
  CHECK_EQ(msgrcv(q, &m, 3, 0, MSG_NOERROR), 3);
  CHECK_ERR(msgrcv(q, &m, 40, 0, IPC_NOWAIT), ENOMSG);
  struct msqid_ds ds;
  CHECK_EQ(msgctl(q, IPC_STAT, &ds), 0);
  CHECK_EQ(ds.msg_qnum, 0);
  struct msginfo mi;
  CHECK(msgctl(q, IPC_INFO, (struct msqid_ds *)&mi) >= 0);
  CHECK_EQ(msgctl(q, IPC_SET, &ds), 0);
  CHECK_EQ(msgctl(q, IPC_RMID, NULL), 0);
  CHECK_ERR(msgsnd(q, &m, 3, 0), EINVAL);
  int s = semget(IPC_PRIVATE, 3, 0600);
  CHECK(s >= 0);
  union semun { int val; struct semid_ds *ds; unsigned short *array; struct seminfo *info; } u;
  unsigned short vals[3] = { 1, 2, 3 }, got[3] = { 9, 9, 9 };
  u.array = vals;
  CHECK_EQ(semctl(s, 0, SETALL, u), 0);
  u.array = got;
  CHECK_EQ(semctl(s, 0, GETALL, u), 0);
  CHECK_EQ(got[2], 3);
  struct sembuf op[2] = { { 0, -1, 0 }, { 2, 4, SEM_UNDO } };
  CHECK_EQ(semop(s, op, 2), 0);
  CHECK_EQ(semctl(s, 2, GETVAL), 7);
  CHECK_EQ(semctl(s, 2, GETPID), getpid());
  CHECK_EQ(semctl(s, 0, GETNCNT), 0);
  struct sembuf w = { 0, -1, IPC_NOWAIT };
  CHECK_ERR(semop(s, &w, 1), EAGAIN);
  struct timespec ts = { 0, 1000000 };
  w.sem_flg = 0;
  CHECK_ERR(semtimedop(s, &w, 1, &ts), EAGAIN);
  w.sem_num = 77;
  CHECK_ERR(semop(s, &w, 1), EFBIG);
  struct semid_ds sd;
  u.ds = &sd;
  CHECK_EQ(semctl(s, 0, IPC_STAT, u), 0);
  CHECK_EQ(sd.sem_nsems, 3);
  CHECK_EQ(semctl(s, 0, IPC_RMID), 0);
}

static void refused(void) { // what may be missing: an honest error
  char attr[128] = { 0 };
  *(unsigned *)(attr + 4) = 112;
  *(unsigned *)attr = 1;
  long r = SYS5(SYS_perf_event_open, attr, 0, -1, -1, 0);
  CHECK(r >= 0 || r == -EPERM || r == -EACCES || r == -ENOENT || r == -ENOSYS || r == -EOPNOTSUPP);
  r = SYS3(SYS_bpf, 0, attr, 72);
  CHECK(r >= 0 || r == -EPERM || r == -ENOSYS || r == -EINVAL);
  unsigned long ctx = 0;
  r = SYS2(SYS_io_setup, 8, &ctx);
  CHECK(r == 0 || r == -ENOSYS);
  r = SYS2(SYS_io_uring_setup, 8, attr);
  CHECK(r >= 0 || r == -ENOSYS || r == -EPERM || r == -EINVAL);
  r = SYS3(SYS_membarrier, 0, 0, 0);
  CHECK(r >= 0 || r == -ENOSYS);
  r = SYS3(SYS_modify_ldt, 0, attr, 16);
  CHECK(r == 0 || r == -ENOSYS);
  r = SYS4(SYS_rseq, 8, 32, 0, 0);
  CHECK(r == -ENOSYS || r == -EINVAL || r == -EFAULT);
  CHECK(SYS1(SYS_iopl, 3) <= 0);
  CHECK(SYS3(SYS_ioperm, 0x80, 1, 1) <= 0);
  CHECK_EQ(SYS3(SYS_init_module, 8, 8, "") < 0, 1);
  CHECK_EQ(SYS2(SYS_delete_module, "none", 0) < 0, 1);
  CHECK_EQ(SYS4(SYS_kexec_load, 0, 0, 0, 0xf0000000) < 0, 1);
  CHECK_EQ(SYS4(SYS_reboot, 1, 2, 3, 0) < 0, 1);
  CHECK_EQ(SYS5(SYS_mount, 8, 8, 8, 0, 0) < 0, 1);
  CHECK_EQ(SYS2(SYS_umount2, "/none", 0) < 0, 1);
  CHECK_EQ(SYS2(SYS_pivot_root, "/none", "/none") < 0, 1);
  CHECK_EQ(SYS2(SYS_sethostname, 8, 4) < 0, 1);
  CHECK_EQ(SYS1(SYS_uselib, "/none"), -ENOSYS);
  CHECK_EQ(SYS3(SYS_nfsservctl, 0, 0, 0), -ENOSYS);
  r = SYS3(SYS_syslog, 10, 0, 0);
  CHECK(r >= 0 || r == -EPERM);
  r = SYS3(444, 0, 0, 1); // landlock version
  CHECK(r > 0 || r == -ENOSYS || r == -EOPNOTSUPP);
  r = SYS3(SYS_lookup_dcookie, 0, 0, 0);
  CHECK(r < 0);
  r = SYS5(SYS_remap_file_pages, 8, 4096, 0, 0, 0);
  CHECK(r == -EINVAL || r == -ENOSYS);
  r = SYS5(SYS_kcmp, 1, 999999, 0, 0, 0);
  CHECK(r < 0);
}

T_CASES({ "scheduling", scheduling }, { "clocks", clocks }, { "identity", identity }, { "personalities", personalities }, { "keys", keys }, { "queues", queues }, { "sysv", sysv }, { "refused", refused },
  { "prctls", prctls }, { "limits", limits })
