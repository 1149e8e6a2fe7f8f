// mremap, mprotect, madvise, mlock, mincore, seals, stacks, /proc/self/mem: what changes a mapping, and what the kernel tells of it.
// rr-test: timeout=40
#include "guest/t.h"
#include <setjmp.h>
#include <sys/resource.h>
static sigjmp_buf jump;
static volatile long fault_addr, fault_code;
static void on_fault(int s, siginfo_t *i, void *u) {
  (void)u;
  fault_addr = (long)i->si_addr;
  fault_code = i->si_code;
  siglongjmp(jump, s);
}
static char alt[65536];
static void catch_faults(void) {
  struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  stack_t s = { .ss_sp = alt, .ss_size = sizeof alt };
  sigaltstack(&s, NULL);
  sigaction(SIGSEGV, &a, NULL);
  sigaction(SIGBUS, &a, NULL);
}
static int rd(volatile char *p) {
  int s = sigsetjmp(jump, 1);
  if (!s) (void)*p;
  return s;
}
static int wr(volatile char *p) {
  int s = sigsetjmp(jump, 1);
  if (!s) *p = 1;
  return s;
}
#define AN (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define P 4096l
static char *an(long pages) {
  char *p = mmap(NULL, (size_t)(pages * P), RW, AN, -1, 0);
  CHECK(p != MAP_FAILED);
  return p;
}
static long raw_mremap(const void *p, long n, long m, long flags, const void *to) { return t_sys(SYS_mremap, (long)p, n, m, flags, (long)to, T_JUNK); }

static void mremap_anon(void) {
  catch_faults();
  char *p = an(20);
  for (int i = 0; i < 20; i++) p[i * P] = (char)(i + 1);
  CHECK_EQ(raw_mremap(p, 20 * P, 5 * P, 0, 0), (long)p);
  CHECK_EQ(rd(p + 5 * P), SIGSEGV);
  CHECK_EQ(raw_mremap(p, 5 * P, 10 * P, 0, 0), (long)p);
  CHECK_EQ(p[4 * P] + p[5 * P], 5);
  CHECK_EQ(raw_mremap(p, 10 * P - 3, 10 * P - 9, 0, 0), (long)p);
  char *wall = mmap(p + 10 * P, P, PROT_READ, AN | MAP_FIXED, -1, 0);
  CHECK(wall != MAP_FAILED);
  CHECK_EQ(raw_mremap(p, 10 * P, 12 * P, 0, 0), -ENOMEM);
  long q = raw_mremap(p, 10 * P, 40 * P, MREMAP_MAYMOVE, 0);
  CHECK(q > 0);
  CHECK_EQ(((char *)q)[4 * P], 5);
  CHECK_EQ(((char *)q)[39 * P], 0);
  CHECK_EQ(rd(p), SIGSEGV);
  char *to = an(60);
  to[50 * P] = 9;
  CHECK_EQ(raw_mremap((void *)q, 40 * P, 40 * P, MREMAP_MAYMOVE | MREMAP_FIXED, to), (long)to);
  CHECK_EQ(to[4 * P], 5);
  CHECK_EQ(to[50 * P], 9);
  // in the middle: a part is moved away
  char *dst = an(4);
  CHECK_EQ(raw_mremap(to + 2 * P, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, dst), (long)dst);
  CHECK_EQ(dst[2 * P], 5);
  CHECK_EQ(rd(to + 3 * P), SIGSEGV);
  CHECK_EQ(rd(to + P), 0);
  // errors
  CHECK_EQ(raw_mremap(to + 1, P, 2 * P, 0, 0), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, 0, 0, 0), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, P, MREMAP_FIXED, dst), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, P, 64, dst), -EINVAL);
  CHECK_EQ(raw_mremap(to, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, to + P), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, to + 100), -EINVAL);
  CHECK_EQ(raw_mremap(to + 3 * P, P, 2 * P, MREMAP_MAYMOVE, 0), -EFAULT);
  CHECK_EQ(raw_mremap(to, 0, P, MREMAP_MAYMOVE, 0), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, 1l << 47, MREMAP_MAYMOVE, 0), -EINVAL);
  CHECK_EQ(raw_mremap(to, P, 1l << 46, MREMAP_MAYMOVE, 0), -ENOMEM);
}

static void mremap_dontunmap(void) {
  char *p = an(4);
  memset(p, 6, 4 * P);
  long q = raw_mremap(p, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
  CHECK(q > 0 && q != (long)p);
  CHECK_EQ(((char *)q)[3 * P], 6);
  CHECK_EQ(p[3 * P], 0);
  p[P] = 1;
  CHECK_EQ(((char *)q)[P], 6);
  char *t = an(4);
  CHECK_EQ(raw_mremap((void *)q, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, t), (long)t);
  CHECK_EQ(t[P], 6);
  CHECK_EQ(((char *)q)[P], 0);
  CHECK_EQ(raw_mremap(p, 2 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), -EINVAL);
}

static void mremap_file(void) {
  catch_faults();
  int fd = open("m", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(ftruncate(fd, 8 * P), 0);
  for (int i = 0; i < 8; i++) CHECK_EQ(pwrite(fd, &(char){ (char)('a' + i) }, 1, i * P), 1);
  char *s = mmap(NULL, 2 * P, RW, MAP_SHARED, fd, P);
  CHECK_EQ(s[0], 'b');
  long q = raw_mremap(s, 2 * P, 6 * P, MREMAP_MAYMOVE, 0);
  CHECK(q > 0);
  CHECK_EQ(((char *)q)[5 * P], 'g');
  ((char *)q)[5 * P] = 'G';
  char c;
  CHECK_EQ(pread(fd, &c, 1, 6 * P), 1);
  CHECK_EQ(c, 'G');
  char *v = mmap(NULL, 2 * P, RW, MAP_PRIVATE, fd, 4 * P);
  v[0] = 'E';
  munmap((void *)q, 6 * P);
  q = raw_mremap(v, 2 * P, 4 * P, MREMAP_MAYMOVE, 0);
  CHECK_EQ(((char *)q)[0], 'E');
  CHECK_EQ(((char *)q)[3 * P], 'h');
  q = raw_mremap((void *)q, 4 * P, 6 * P, MREMAP_MAYMOVE, 0);
  CHECK_EQ(rd((char *)q + 4 * P), SIGBUS);
  CHECK_EQ(ftruncate(fd, 16 * P), 0);
  CHECK_EQ(rd((char *)q + 4 * P), 0);
  munmap((void *)q, 6 * P);
  close(fd);
}

static void mprotect_forms(void) {
  catch_faults();
  char *p = an(10);
  memset(p, 1, 10 * P);
  CHECK_EQ(mprotect(p + 2 * P, P, PROT_READ), 0);
  CHECK_EQ(mprotect(p + 4 * P, P, PROT_NONE), 0);
  CHECK_EQ(mprotect(p + 6 * P, 2 * P, PROT_READ | PROT_EXEC), 0);
  CHECK_EQ(wr(p + 2 * P), SIGSEGV);
  CHECK_EQ(rd(p + 4 * P), SIGSEGV);
  CHECK_EQ(wr(p + 7 * P), SIGSEGV);
  CHECK_EQ(rd(p + 7 * P), 0);
  CHECK_EQ(mprotect(p, 10 * P, RW), 0); // over different ones
  for (int i = 0; i < 10; i++) CHECK_EQ(wr(p + i * P), 0);
  munmap(p + 5 * P, P);
  CHECK_EQ(SYS3(SYS_mprotect, p, 10 * P, PROT_READ), -ENOMEM); // a hole: what lies before it is done
  CHECK_EQ(wr(p + 4 * P), SIGSEGV);
  CHECK_EQ(wr(p + 6 * P), 0);
  CHECK_EQ(SYS3(SYS_mprotect, p, 0, PROT_READ), 0);
  CHECK_EQ(SYS3(SYS_mprotect, p + 5 * P, 0, PROT_READ), 0);
  CHECK_EQ(SYS3(SYS_mprotect, p + 5, P, PROT_READ), -EINVAL);
  CHECK_EQ(SYS3(SYS_mprotect, p, -1l, PROT_READ), -ENOMEM);
  CHECK_EQ(SYS3(SYS_mprotect, p, P, 0x40), -EINVAL);
  CHECK_EQ(mprotect(p, P, PROT_WRITE), 0);
  CHECK_EQ(rd(p), 0); // on x86 what can be written can be read
  CHECK_EQ(mprotect(p, P, PROT_EXEC), 0);
  CHECK_EQ(rd(p), 0);
  // write through a call to what can only be read
  CHECK_EQ(SYS3(SYS_read, open("/dev/zero", O_RDONLY), p, 10), -EFAULT);
  CHECK_EQ(SYS4(SYS_pkey_mprotect, p, P, RW, -1), 0);
  CHECK_EQ(wr(p), 0);
  CHECK_EQ(SYS4(SYS_pkey_mprotect, p, P, RW, 99), -EINVAL);
  // a large range with alternating pages
  char *many = an(512);
  for (int i = 0; i < 512; i += 2) CHECK_EQ(mprotect(many + i * P, P, PROT_READ), 0);
  for (int i = 0; i < 512; i++) CHECK_EQ(wr(many + i * P), i & 1 ? 0 : SIGSEGV);
  CHECK_EQ(mprotect(many, 512 * P, RW), 0);
  CHECK_EQ(munmap(many, 512 * P), 0);
}

static void mprotect_stack(void) {
  catch_faults();
  volatile char here[3 * P];
  here[0] = here[2 * P] = 1;
  char *page = (char *)(((long)here + P) & -P);
  CHECK_EQ(mprotect(page, P, PROT_READ), 0);
  CHECK_EQ(wr(page + 5), SIGSEGV);
  CHECK_EQ(mprotect(page, P, RW), 0);
  CHECK_EQ(wr(page + 5), 0);
}

static void madvise_forms(void) {
  char *p = an(8);
  memset(p, 1, 8 * P);
  CHECK_EQ(madvise(p + P, 2 * P, MADV_DONTNEED), 0);
  CHECK_EQ(p[0] + p[P] + p[2 * P] + p[3 * P], 2);
  for (int a = 0; a <= 4; a++)
    if (a != MADV_DONTNEED) CHECK_EQ(madvise(p, 8 * P, a), 0);
  CHECK_EQ(SYS3(SYS_madvise, p, 8 * P, 5), -EINVAL);
  CHECK_EQ(SYS3(SYS_madvise, p, 8 * P, 99), -EINVAL);
  CHECK_EQ(SYS3(SYS_madvise, p + 1, P, MADV_NORMAL), -EINVAL);
  CHECK_EQ(SYS3(SYS_madvise, p, 0, MADV_DONTNEED), 0);
  munmap(p + 4 * P, P);
  memset(p + 5 * P, 1, P);
  CHECK_EQ(SYS3(SYS_madvise, p, 8 * P, MADV_DONTNEED), -ENOMEM); // done all the same
  CHECK_EQ(p[0] + p[3 * P] + p[5 * P] + p[7 * P], 0);
  CHECK_EQ(SYS3(SYS_madvise, p, 8 * P, MADV_WILLNEED), -ENOMEM);
  CHECK_EQ(madvise(p, P, MADV_DONTDUMP), 0);
  CHECK_EQ(madvise(p, P, MADV_DODUMP), 0);
  int r = madvise(p, P, MADV_MERGEABLE);
  CHECK(!r || errno == EINVAL);
  madvise(p, P, MADV_UNMERGEABLE);
  CHECK_EQ(SYS3(SYS_madvise, p, P, MADV_REMOVE), -EINVAL); // not shared
  CHECK_EQ(madvise(p, P, 20 /* COLD */), 0);
  CHECK_EQ(madvise(p, P, 21 /* PAGEOUT */), 0);
  CHECK_EQ(p[0], 0);
  mlock(p, P);
  CHECK_EQ(SYS3(SYS_madvise, p, P, MADV_DONTNEED), -EINVAL); // locked
  munlock(p, P);
}

static void madvise_free(void) {
  char *p = an(8);
  memset(p, 1, 8 * P);
  int r = madvise(p, 8 * P, MADV_FREE);
  if (r < 0) CHECK_EQ(errno, EINVAL); // before Linux 4.5
  p[0] = 2; // written after: stays
  CHECK_EQ(p[0], 2);
  CHECK(p[P] == 1 || p[P] == 0);
  memset(p, 3, 8 * P);
  CHECK_EQ(p[7 * P], 3);
}

static void madvise_fork(void) {
  catch_faults();
  char *a = an(3), *b = an(3), *c = an(3);
  memset(a, 1, 3 * P);
  memset(b, 2, 3 * P);
  memset(c, 3, 3 * P);
  CHECK_EQ(madvise(a + P, P, MADV_DONTFORK), 0);
  CHECK_EQ(madvise(b + P, P, MADV_WIPEONFORK), 0);
  CHECK_EQ(madvise(c, 3 * P, MADV_WIPEONFORK), 0);
  CHECK_EQ(madvise(c, 3 * P, MADV_KEEPONFORK), 0);
  pid_t k = fork();
  if (!k) {
    CHECK_EQ(rd(a + P), SIGSEGV);
    CHECK_EQ(a[0] + a[2 * P], 2);
    CHECK_EQ(b[0] + b[P] + b[2 * P], 4);
    CHECK_EQ(c[0] + c[P], 6);
    b[P] = 7;
    pid_t g = fork();
    if (!g) _exit(b[P]); // wiped again
    _exit(t_wait(g));
  }
  CHECK_EQ(t_wait(k), 0);
  CHECK_EQ(a[P] + b[P], 3);
  CHECK_EQ(madvise(a + P, P, MADV_DOFORK), 0);
  k = fork();
  if (!k) _exit(a[P]);
  CHECK_EQ(t_wait(k), 1);
  char *s = mmap(NULL, P, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK_EQ(SYS3(SYS_madvise, s, P, MADV_WIPEONFORK), -EINVAL);
  munmap(s, P);
}

static void madvise_remove(void) {
  int fd = memfd_create("rm", 0);
  CHECK_EQ(ftruncate(fd, 4 * P), 0);
  char *p = mmap(NULL, 4 * P, RW, MAP_SHARED, fd, 0);
  memset(p, 1, 4 * P);
  CHECK_EQ(madvise(p + P, P, MADV_REMOVE), 0);
  CHECK_EQ(p[P], 0);
  CHECK_EQ(p[2 * P], 1);
  char c = 9;
  CHECK_EQ(pread(fd, &c, 1, P), 1);
  CHECK_EQ(c, 0);
  char *q = mmap(NULL, 4 * P, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK_EQ(q[P] + q[0], 1);
  CHECK_EQ(SYS3(SYS_madvise, q, P, MADV_REMOVE), -EACCES);
  munmap(p, 4 * P);
  close(fd);
}

static void locks(void) {
  char *p = an(4);
  CHECK_EQ(mlock(p, 4 * P), 0);
  CHECK_EQ(SYS3(SYS_mlock2, p, P, 1), 0);
  CHECK_EQ(SYS3(SYS_mlock2, p, P, 8), -EINVAL);
  CHECK_EQ(munlock(p, 4 * P), 0);
  munmap(p + P, P);
  CHECK_ERR(mlock(p, 4 * P), ENOMEM);
  CHECK_ERR(munlock(p, 4 * P), ENOMEM);
  CHECK_EQ(mlockall(MCL_CURRENT), 0);
  CHECK_EQ(mlockall(MCL_FUTURE), 0);
  CHECK_EQ(mlockall(MCL_CURRENT | MCL_FUTURE | 4), 0);
  CHECK_ERR(mlockall(0), EINVAL);
  CHECK_ERR(mlockall(4), EINVAL);
  CHECK_ERR(mlockall(64), EINVAL);
  CHECK_EQ(munlockall(), 0);
}

static void incore(void) {
  char *p = an(6);
  p[0] = p[2 * P] = 1;
  unsigned char *v = (unsigned char *)an(1);
  memset(v, 0xff, 16);
  CHECK_EQ(mincore(p, 6 * P, v), 0);
  CHECK_EQ(v[0] & 1, 1);
  CHECK_EQ(v[6], 0xff);
  CHECK_EQ(mincore(p, 1, v), 0);
  CHECK_EQ(SYS3(SYS_mincore, p + 1, P, v), -EINVAL);
  CHECK_EQ(SYS3(SYS_mincore, p, 6 * P, 8), -EFAULT);
  munmap(p + 3 * P, P);
  CHECK_EQ(SYS3(SYS_mincore, p, 6 * P, v), -ENOMEM);
  CHECK_EQ(SYS3(SYS_mincore, p, P, v + P - 1), 0);
}

static void seals(void) {
  int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
  CHECK_EQ(ftruncate(fd, 2 * P), 0);
  CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
  char *p = mmap(NULL, 2 * P, RW, MAP_SHARED, fd, 0);
  p[0] = 'q';
  CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  CHECK_EQ(munmap(p, 2 * P), 0);
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  CHECK_ERR(ftruncate(fd, P), EPERM);
  CHECK_ERR(ftruncate(fd, 3 * P), EPERM);
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, 0x10 /* FUTURE_WRITE */), 0);
  CHECK_ERR(write(fd, "x", 1), EPERM);
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
  CHECK_EQ(t_sys(SYS_mmap, 0, P, RW, MAP_SHARED, fd, 0), -EPERM);
  p = mmap(NULL, P, PROT_READ, MAP_SHARED, fd, 0);
  CHECK_EQ(p[0], 'q');
  CHECK_EQ(SYS3(SYS_mprotect, p, P, RW), -EACCES);
  munmap(p, P);
  p = mmap(NULL, P, RW, MAP_PRIVATE, fd, 0);
  p[0] = 'r';
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
  CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
  CHECK_EQ(fcntl(fd, F_GET_SEALS), 0x1f);
  int un = memfd_create("unsealed", 0);
  CHECK_EQ(fcntl(un, F_GET_SEALS), F_SEAL_SEAL);
  CHECK_ERR(memfd_create("bad", 0x4000), EINVAL);
  int h = memfd_create("huge", MFD_HUGETLB);
  CHECK(h >= 0 || errno == ENOSYS || errno == ENOMEM || errno == ENOENT || errno == EINVAL);
}

static void secret(void) {
  int fd = (int)SYS1(447, 0);
  if (fd < 0) {
    CHECK_EQ(fd, -ENOSYS);
    return;
  }
  CHECK_EQ(ftruncate(fd, P), 0);
  char *p = mmap(NULL, P, RW, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return;
  strcpy(p, "secret");
  CHECK(!strcmp(p, "secret"));
  munmap(p, P);
  close(fd);
}

static __attribute__((noipa)) int deep(int n) {
  volatile char frame[900];
  frame[0] = (char)n;
  frame[899] = 1;
  return n ? deep(n - 1) + frame[899] : 0;
}
static void stack_growth(void) {
  CHECK_EQ(deep(7000), 7000); // 7 MiB
  volatile char *far = (volatile char *)__builtin_frame_address(0) - 7500000;
  *far = 5;
  CHECK_EQ(*far, 5);
  struct rlimit l;
  CHECK_EQ(getrlimit(RLIMIT_STACK, &l), 0);
}

static volatile int depth;
static __attribute__((noipa)) int endless(int n) {
  volatile char frame[4000];
  frame[0] = (char)n;
  depth++;
  return n < 100000 ? endless(n + 1) + frame[0] : 0;
}
static void stack_overflow(void) {
  catch_faults();
  struct rlimit l, old;
  CHECK_EQ(getrlimit(RLIMIT_STACK, &old), 0);
  l = old;
  l.rlim_cur = 1 << 20;
  CHECK_EQ(setrlimit(RLIMIT_STACK, &l), 0);
  pid_t k = fork();
  if (!k) {
    if (!sigsetjmp(jump, 1)) endless(0);
    CHECK(depth > 200 && depth < 300); // a mebibyte of 4 KiB frames
    CHECK_EQ(fault_code, SEGV_MAPERR);
    _exit(11);
  }
  CHECK_EQ(t_wait(k), 11);
  k = fork();
  if (!k) {
    signal(SIGSEGV, SIG_DFL);
    endless(0);
  }
  CHECK_EQ(t_wait(k), 1000 + SIGSEGV);
  CHECK_EQ(setrlimit(RLIMIT_STACK, &old), 0);
}

static void stack_guard(void) {
  pid_t k = fork();
  if (!k) { // a mapping 3 MiB below: the stack grows to within a mebibyte of it
    catch_faults();
    char *here = (char *)((long)__builtin_frame_address(0) & -P), *m = here - (3 << 20);
    CHECK(mmap(m, P, RW, AN | MAP_FIXED, -1, 0) == m);
    CHECK_EQ(wr(here - (1 << 20)), 0);
    CHECK_EQ(wr(m + P + (1 << 20) - 2 * P), SIGSEGV);
    CHECK_EQ(fault_code, SEGV_MAPERR);
    CHECK_EQ(rd(m), 0);
    CHECK_EQ(rd(m - P), SIGSEGV);
    _exit(12);
  }
  CHECK_EQ(t_wait(k), 12);
}

static void proc_mem(void) {
  char *p = an(2);
  strcpy(p + 100, "find me");
  int fd = open("/proc/self/mem", O_RDONLY);
  CHECK(fd >= 0);
  char b[16] = { 0 };
  CHECK_EQ(pread(fd, b, 8, (off_t)(p + 100)), 8);
  CHECK(!strcmp(b, "find me"));
  CHECK_EQ(lseek(fd, (off_t)(p + 105), SEEK_SET), (long)(p + 105));
  CHECK_EQ(read(fd, b, 3), 3);
  CHECK(!strcmp(b, "me"));
  CHECK_EQ(pread(fd, b, 8, 16), -1);
  close(fd);
}
static int answer(void) { return 41; }
static void proc_mem_write(void) {
  int fd = open("/proc/self/mem", O_RDWR);
  CHECK(fd >= 0);
  char *p = an(2);
  CHECK_EQ(pwrite(fd, "hello", 6, (off_t)(p + P - 3)), 6);
  CHECK(!strcmp(p + P - 3, "hello"));
  CHECK_EQ(mprotect(p, 2 * P, PROT_READ), 0);
  CHECK_EQ(pwrite(fd, "HELLO", 6, (off_t)(p + P - 3)), 6); // forced
  CHECK(!strcmp(p + P - 3, "HELLO"));
  int (*volatile f)(void) = answer;
  CHECK_EQ(f(), 41);
  unsigned char *code = (unsigned char *)answer;
  for (int i = 0; i < 16; i++)
    if (code[i] == 41) {
      CHECK_EQ(pwrite(fd, "\x2a", 1, (off_t)(code + i)), 1);
      CHECK_EQ(f(), 42);
      break;
    }
  close(fd);
}

static void maps_file(void) {
  char *p = mmap(NULL, 3 * P, RW, AN, -1, 0);
  mprotect(p + P, P, PROT_READ);
  FILE *f = fopen("/proc/self/maps", "r");
  char line[512];
  int seen = 0, stack = 0;
  while (fgets(line, sizeof line, f)) {
    unsigned long a, b;
    char prot[5];
    CHECK_EQ(sscanf(line, "%lx-%lx %4s", &a, &b, prot), 3);
    if (a == (unsigned long)p + P) {
      CHECK_EQ(b, (long)p + 2 * P);
      CHECK(!strcmp(prot, "r--p"));
      seen++;
    }
    if (strstr(line, "[stack]")) stack++;
  }
  fclose(f);
  CHECK_EQ(seen, 1);
  CHECK_EQ(stack, 1);
  // sizes: the program's own
  unsigned long pages, kb = 0, more, vsize;
  f = fopen("/proc/self/statm", "r");
  CHECK_EQ(fscanf(f, "%lu", &pages), 1);
  fclose(f);
  char *block = mmap(NULL, 1000 * P, RW, AN, -1, 0);
  f = fopen("/proc/self/statm", "r");
  CHECK_EQ(fscanf(f, "%lu", &more), 1);
  fclose(f);
  CHECK(more >= pages + 1000 && more < pages + 1100);
  CHECK(pages < 50000);
  f = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, f)) sscanf(line, "VmSize: %lu", &kb);
  fclose(f);
  CHECK(kb >= more * 4 && kb < more * 4 + 400);
  f = fopen("/proc/self/stat", "r");
  CHECK_EQ(fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %lu", &vsize), 1);
  fclose(f);
  CHECK(vsize / 1024 >= more * 4 && vsize / 1024 < more * 4 + 400);
  munmap(block, 1000 * P);
  char name[64];
  static const char *const files[] = { "maps", "smaps", "smaps_rollup", "stat", "statm", "status", "cmdline", "environ", "auxv", "limits", "io", "comm", "cgroup", "mounts",
    "mountinfo", "oom_score", "oom_score_adj", "wchan", "sched", "schedstat", "numa_maps", "pagemap", "personality", "stack", "syscall", "loginuid", "sessionid", "timers",
    "timerslack_ns", "uid_map", "gid_map", "setgroups", "coredump_filter", "clear_refs", "task", "fd", "fdinfo", "ns", "net", "map_files", "attr/current", "root", "cwd", "exe" };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(name, sizeof name, "/proc/%d/%s", (int)getpid(), files[i]);
    int fd = open(name, O_RDONLY);
    if (fd < 0) continue;
    static char b[65536];
    long n = read(fd, b, sizeof b);
    printf("~%s %ld\n", files[i], n);
    close(fd);
    struct stat st;
    stat(name, &st);
    lstat(name, &st);
    long l = readlink(name, b, sizeof b);
    printf("~%ld\n", l);
  }
}
static void userfault(void) {
  long fd = SYS1(SYS_userfaultfd, O_CLOEXEC);
  CHECK(fd >= 0 || fd == -ENOSYS || fd == -EPERM);
  int d = open("/dev/userfaultfd", O_RDWR);
  if (d >= 0) {
    long r = SYS3(SYS_ioctl, d, 0xaa00, O_CLOEXEC);
    CHECK(r >= 0 || r == -ENOTTY);
  }
}
static void seal_mapping(void) {
  char *p = an(2);
  long r = SYS3(462, p, P, 0);
  if (r == -ENOSYS) return;
  CHECK_EQ(r, 0);
  CHECK_EQ(SYS2(SYS_munmap, p, P), -EPERM);
  CHECK_EQ(SYS3(SYS_mprotect, p, P, PROT_READ), -EPERM);
  p[0] = 5;
  CHECK_EQ(raw_mremap(p, P, 2 * P, MREMAP_MAYMOVE, 0), -EPERM);
  CHECK_EQ(t_sys(SYS_mmap, (long)p, P, RW, AN | MAP_FIXED, -1, 0), -EPERM);
  CHECK_EQ(p[0], 5);
}
static void numa(void) {
  char *p = an(4);
  int mode = -1;
  unsigned long mask[16] = { 0 };
  CHECK_EQ(SYS5(SYS_get_mempolicy, &mode, mask, 1024, 0, 0), 0);
  mask[0] = 1;
  CHECK_EQ(SYS6(SYS_mbind, p, 4 * P, 2, mask, 64, 0), 0);
  CHECK_EQ(SYS5(SYS_get_mempolicy, &mode, mask, 1024, p, 2), 0);
  CHECK_EQ(mode, 2);
  CHECK_EQ(SYS3(SYS_set_mempolicy, 0, 0, 0), 0);
  void *pages[2] = { p, p + P };
  int status[2] = { 99, 99 };
  p[0] = 1;
  CHECK_EQ(SYS6(SYS_move_pages, 0, 2, pages, 0, status, 0), 0);
  CHECK_EQ(status[0], 0);
  CHECK(status[1] <= 0);
  CHECK_EQ(SYS5(SYS_get_mempolicy, 8, 0, 0, 0, 0), -EFAULT);
}

T_CASES({ "mremap_anon", mremap_anon }, { "mremap_dontunmap", mremap_dontunmap }, { "mremap_file", mremap_file }, 
  { "mprotect", mprotect_forms }, { "mprotect_stack", mprotect_stack }, { "madvise", madvise_forms }, { "madvise_free", madvise_free }, { "madvise_fork", madvise_fork },
  { "madvise_remove", madvise_remove }, { "locks", locks }, { "incore", incore }, { "seals", seals }, { "secret", secret }, { "stack_guard", stack_guard }, { "stack_overflow", stack_overflow },
  { "stack_growth", stack_growth }, { "proc_mem", proc_mem }, { "proc_mem_write", proc_mem_write }, { "maps_file", maps_file }, { "userfault", userfault },
  { "seal_mapping", seal_mapping }, { "numa", numa })
