// mmap in all its forms, and what truncation, growth and other writers of a file show through mappings.
#include "guest/t.h"
#include <setjmp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
static sigjmp_buf jump;
static volatile long fault_addr, fault_code;
static void on_fault(int s, siginfo_t *i, void *u) {
  (void)u;
  fault_addr = (long)i->si_addr;
  fault_code = i->si_code;
  siglongjmp(jump, s);
}
static void catch_faults(void) {
  struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
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
static long raw_mmap(unsigned long a, unsigned long n, int prot, int flags, int fd, unsigned long off) { return t_sys(SYS_mmap, (long)a, (long)n, prot, flags, fd, (long)off); }

static void errors(void) {
  CHECK_EQ(raw_mmap(0, 0, RW, AN, -1, 0), -EINVAL);
  CHECK_EQ(raw_mmap(0, -1ul, RW, AN, -1, 0), -ENOMEM);
  CHECK_EQ(raw_mmap(0, 1ul << 47, RW, AN, -1, 0), -ENOMEM);
  CHECK_EQ(raw_mmap(0, P, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
  CHECK_EQ(raw_mmap(0, P, RW, MAP_ANONYMOUS | 3, 0, 1), -EINVAL);
  CHECK_EQ(raw_mmap(0, P, RW, MAP_PRIVATE, -1, 0), -EBADF);
  CHECK_EQ(raw_mmap(0, P, RW, MAP_PRIVATE, 999, 0), -EBADF);
  CHECK_EQ(raw_mmap(4097, P, RW, AN | MAP_FIXED, -1, 0), -EINVAL);
  CHECK_EQ(raw_mmap(0x800000000000ul, P, RW, AN | MAP_FIXED, -1, 0), -ENOMEM);
  CHECK_EQ(raw_mmap(0, P, RW, AN, -1, 5), -EINVAL);
  CHECK_EQ(raw_mmap(1ul << 62, P, RW, AN | MAP_FIXED_NOREPLACE, -1, 0), -ENOMEM);
  int fd[2];
  CHECK_EQ(pipe(fd), 0);
  CHECK_EQ(raw_mmap(0, P, PROT_READ, MAP_PRIVATE, fd[0], 0), -ENODEV);
  int d = open(".", O_RDONLY);
  CHECK_EQ(raw_mmap(0, P, PROT_READ, MAP_PRIVATE, d, 0), -ENODEV);
  int w = open("w", O_WRONLY | O_CREAT, 0600);
  CHECK_EQ(raw_mmap(0, P, PROT_READ, MAP_PRIVATE, w, 0), -EACCES);
  CHECK_EQ(raw_mmap(0, P, PROT_WRITE, MAP_SHARED, w, 0), -EACCES);
  int r = open("w", O_RDONLY);
  CHECK_EQ(raw_mmap(0, P, RW, MAP_SHARED, r, 0), -EACCES);
  CHECK(raw_mmap(0, P, RW, MAP_PRIVATE, r, 0) > 0);
  CHECK_EQ(raw_mmap(0, P, PROT_READ, MAP_SHARED_VALIDATE | 0x200000, r, 0), -EOPNOTSUPP);
  int o = open("w", O_PATH);
  CHECK_EQ(raw_mmap(0, P, PROT_READ, MAP_PRIVATE, o, 0), -EBADF);
  CHECK_EQ(raw_mmap(0, 2 * P, PROT_READ, MAP_SHARED, r, 0x7ffffffffffff000ul), -EOVERFLOW);
}

static void fixed(void) {
  char *p = an(8);
  memset(p, 7, 8 * P);
  CHECK(mmap(p + 2 * P, 3 * P, PROT_READ, AN | MAP_FIXED, -1, 0) == p + 2 * P);
  CHECK_EQ(p[2 * P - 1], 7);
  CHECK_EQ(p[2 * P], 0);
  CHECK_EQ(p[5 * P], 7);
  catch_faults();
  CHECK_EQ(wr(p + 3 * P), SIGSEGV);
  CHECK_EQ(fault_code, SEGV_ACCERR);
  CHECK_EQ(fault_addr, (long)(p + 3 * P));
  CHECK_EQ(raw_mmap((unsigned long)p + P, P, RW, AN | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
  CHECK_EQ(munmap(p + P, 2 * P), 0);
  CHECK_EQ(raw_mmap((unsigned long)p, 2 * P, RW, AN | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
  CHECK_EQ(raw_mmap((unsigned long)p + P, 2 * P, RW, AN | MAP_FIXED_NOREPLACE, -1, 0), (long)(p + P));
  CHECK_EQ(munmap(p, 8 * P), 0);
  CHECK_EQ(munmap(p, 8 * P), 0); // nothing there: no error
  CHECK_EQ(rd(p), SIGSEGV);
  CHECK_EQ(fault_code, SEGV_MAPERR);
  CHECK_EQ(SYS2(SYS_munmap, p, 0), -EINVAL);
  CHECK_EQ(SYS2(SYS_munmap, p + 1, P), -EINVAL);
  CHECK_EQ(SYS2(SYS_munmap, p, 1ul << 60), -EINVAL);
  // a hint that is free is taken; one that is not aligned is rounded
  char *h = mmap(p + 100, P, RW, AN, -1, 0);
  CHECK(h == p);
  // a failed MAP_FIXED of a file leaves what was there (bad descriptor)
  *h = 9;
  CHECK_EQ(raw_mmap((unsigned long)h, P, RW, MAP_PRIVATE | MAP_FIXED, 999, 0), -EBADF);
  CHECK_EQ(*h, 9);
}

static void low(void) {
  char *p = mmap(NULL, 16 * P, RW, AN | MAP_32BIT, -1, 0);
  CHECK(p != MAP_FAILED && (unsigned long)p + 16 * P <= 0x80000000ul);
  p[5] = 1;
  char *q = mmap(NULL, 16 * P, RW, AN | MAP_32BIT, -1, 0);
  CHECK(q != MAP_FAILED && q != p && (unsigned long)q < 0x80000000ul);
  munmap(p, 16 * P);
}

static void grows_down(void) {
  catch_faults();
  char *p = an(600); // room, then a hole with the growing page at its end
  CHECK_EQ(munmap(p, 599 * P), 0);
  char *g = mmap(p + 599 * P, P, RW, AN | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
  CHECK(g == p + 599 * P);
  CHECK_EQ(wr(g), 0);
  CHECK_EQ(wr(g - 1), 0);
  CHECK_EQ(wr(g - 5 * P), 0);
  CHECK_EQ(*(g - 5 * P), 1);
  CHECK_EQ(*(g - 3 * P), 0);
  // mprotect of a growing mapping from its start
  CHECK_EQ(mprotect(g, P, PROT_READ | PROT_GROWSDOWN), 0);
  CHECK_EQ(wr(g - 4 * P), SIGSEGV);
  CHECK_EQ(rd(g - 4 * P), 0);
  char *n = an(1);
  CHECK_EQ(SYS3(SYS_mprotect, n, P, PROT_READ | PROT_GROWSDOWN), -EINVAL);
  CHECK_EQ(SYS3(SYS_mprotect, n, P, PROT_READ | PROT_GROWSUP), -EINVAL);
  CHECK_EQ(SYS3(SYS_mprotect, n, P, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN), -EINVAL);
}

static void huge(void) {
  long r = raw_mmap(0, 4ul << 20, RW, AN | MAP_HUGETLB, -1, 0);
  CHECK(r > 0 || r == -ENOMEM || r == -ENOSYS);
  if (r > 0) {
    CHECK_EQ(r & 0x1fffff, 0);
    if (rd((char *)r) == 0) munmap((void *)r, 4ul << 20);
  }
  r = raw_mmap(0, 4ul << 20, RW, AN | MAP_HUGETLB | 13 << 26, -1, 0);
  CHECK_EQ(r, -EINVAL);
  char *p = mmap(NULL, 8ul << 20, RW, AN, -1, 0);
  CHECK_EQ(madvise(p, 8ul << 20, MADV_HUGEPAGE), 0);
  memset(p, 3, 8ul << 20);
  CHECK_EQ(madvise(p + P, 4ul << 20, MADV_DONTNEED), 0);
  CHECK_EQ(p[0] + p[P] + p[(4ul << 20) + P], 6);
  CHECK_EQ(madvise(p, 8ul << 20, MADV_NOHUGEPAGE), 0);
  munmap(p, 8ul << 20);
}

static void sparse(void) {
  char *g = mmap(NULL, 512ul << 30, RW, AN | MAP_NORESERVE, -1, 0);
  CHECK(g != MAP_FAILED);
  for (int i = 0; i < 64; i++) g[(unsigned long)i << 33] = (char)(i + 1);
  long sum = 0;
  for (int i = 0; i < 64; i++) sum += g[(unsigned long)i << 33];
  CHECK_EQ(sum, 2080);
  CHECK_EQ(munmap(g + (1ul << 33), 500ul << 30), 0);
  CHECK_EQ(g[0], 1);
  munmap(g, 512ul << 30);
  int fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(ftruncate(fd, 1l << 40), 0);
  char *m = mmap(NULL, 1ul << 30, RW, MAP_SHARED, fd, 1l << 39);
  CHECK(m != MAP_FAILED);
  m[0] = 'a';
  m[(1ul << 30) - 1] = 'z';
  char c;
  CHECK_EQ(pread(fd, &c, 1, (1l << 39) + (1l << 30) - 1), 1);
  CHECK_EQ(c, 'z');
  munmap(m, 1ul << 30);
  close(fd);
}

static void shared_file(void) {
  catch_faults();
  int fd = open("s", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char *empty = mmap(NULL, P, RW, MAP_SHARED, fd, 0);
  CHECK(empty != MAP_FAILED);
  CHECK_EQ(rd(empty), SIGBUS);
  CHECK_EQ(fault_code, BUS_ADRERR);
  CHECK_EQ(fault_addr, (long)empty);
  CHECK_EQ(ftruncate(fd, 10), 0);
  CHECK_EQ(rd(empty), 0);
  strcpy(empty, "abc");
  empty[100] = 5; // behind the end: in the page, not in the file
  char b[20] = { 0 };
  CHECK_EQ(pread(fd, b, 20, 0), 10);
  CHECK(!strcmp(b, "abc"));
  char *m = mmap(NULL, 4 * P, RW, MAP_SHARED, fd, 0);
  CHECK_EQ(rd(m + P), SIGBUS);
  CHECK_EQ(ftruncate(fd, 3 * P + 5), 0);
  CHECK_EQ(rd(m + 3 * P), 0);
  m[2 * P] = 'x';
  CHECK_EQ(pread(fd, b, 1, 2 * P), 1);
  CHECK_EQ(b[0], 'x');
  CHECK_EQ(pwrite(fd, "hello", 5, 2 * P - 2), 5);
  CHECK(!memcmp(m + 2 * P - 2, "hello", 5));
  char *o = mmap(NULL, P, PROT_READ, MAP_SHARED, fd, 2 * P);
  CHECK_EQ(o[0], 'l');
  m[2 * P] = 'y';
  CHECK_EQ(o[0], 'y');
  CHECK_EQ(msync(m, 4 * P, MS_SYNC), 0);
  CHECK_EQ(msync(m, P, MS_ASYNC), 0);
  CHECK_EQ(msync(m, P, MS_INVALIDATE), 0);
  CHECK_EQ(SYS3(SYS_msync, m, P, MS_SYNC | MS_ASYNC), -EINVAL);
  CHECK_EQ(SYS3(SYS_msync, m + 1, P, MS_SYNC), -EINVAL);
  CHECK_EQ(SYS3(SYS_msync, m, P, 64), -EINVAL);
  CHECK_EQ(fallocate(fd, 3 /* keep size, punch hole */, P, P), 0);
  CHECK_EQ(m[P], 0);
  CHECK_EQ(m[2 * P], 'y');
  CHECK_EQ(ftruncate(fd, P), 0);
  CHECK_EQ(rd(m + P), SIGBUS);
  CHECK_EQ(wr(m + 2 * P), SIGBUS);
  CHECK_EQ(rd(o), SIGBUS);
  CHECK_EQ(SYS3(SYS_write, open("/dev/null", O_WRONLY), m + P, 10), 10);
  int pp[2];
  CHECK_EQ(pipe(pp), 0);
  CHECK_EQ(SYS3(SYS_write, pp[1], m + P, 10), -EFAULT);
  CHECK_EQ(SYS3(SYS_read, pp[0], m, 0), 0);
  CHECK_EQ(munmap(m, 4 * P), 0);
  CHECK_EQ(munmap(o, P), 0);
  close(fd);
}

static void private_file(void) {
  catch_faults();
  char data[3 * P];
  for (int i = 0; i < 3 * P; i++) data[i] = (char)(i * 7 + i / P);
  t_write_file("p", data, sizeof data);
  int fd = open("p", O_RDWR);
  char *m = mmap(NULL, 4 * P, RW, MAP_PRIVATE, fd, 0);
  CHECK(!memcmp(m, data, sizeof data));
  CHECK_EQ(rd(m + 3 * P), SIGBUS);
  m[P] = 99;
  CHECK_EQ(pwrite(fd, "ZZ", 2, P), 2);
  CHECK_EQ(m[P], 99);
  CHECK_EQ(m[P + 1], data[P + 1]);
  CHECK_EQ(madvise(m + P, P, MADV_DONTNEED), 0);
  CHECK_EQ(m[P], 'Z');
  CHECK_EQ(m[P + 1], 'Z');
  CHECK_EQ(ftruncate(fd, P), 0);
  CHECK_EQ(rd(m + P), SIGBUS);
  CHECK_EQ(rd(m), 0);
  CHECK_EQ(ftruncate(fd, 2 * P), 0);
  CHECK_EQ(m[P], 0);
  // tail of the last page is zero
  CHECK_EQ(ftruncate(fd, 100), 0);
  char *t = mmap(NULL, P, PROT_READ, MAP_PRIVATE, fd, 0);
  for (int i = 100; i < P; i++) CHECK_EQ(t[i], 0);
  // read only, then made writable
  CHECK_EQ(mprotect(t, P, RW), 0);
  t[5] = 44;
  CHECK_EQ(t[5], 44);
  char *s = mmap(NULL, P, PROT_READ, MAP_SHARED, open("p", O_RDONLY), 0);
  CHECK_EQ(SYS3(SYS_mprotect, s, P, RW), -EACCES);
  char *x = mmap(NULL, P, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);
  CHECK_EQ(x[5], data[5]);
  CHECK_EQ(unlink("p"), 0);
  CHECK_EQ(x[6], data[6]);
  close(fd);
  CHECK_EQ(x[7], data[7]);
}

static void dev_zero(void) {
  int fd = open("/dev/zero", O_RDWR);
  char *p = mmap(NULL, 2 * P, RW, MAP_PRIVATE, fd, 0);
  CHECK(p != MAP_FAILED);
  CHECK_EQ(p[5], 0);
  p[5] = 3;
  char *s = mmap(NULL, 2 * P, RW, MAP_SHARED, fd, 0);
  CHECK(s != MAP_FAILED);
  s[5] = 4;
  CHECK_EQ(s[5] + p[5], 7);
  CHECK_EQ(read(fd, p, 2 * P), 2 * P);
  CHECK_EQ(p[5], 0);
  int full = open("/dev/full", O_RDWR);
  CHECK_ERR(write(full, "x", 1), ENOSPC);
}

static void shared_anon(void) {
  char *p = mmap(NULL, 4 * P, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  p[0] = 42;
  p[2 * P] = 43;
  CHECK_EQ(madvise(p, 4 * P, MADV_DONTNEED), 0);
  CHECK_EQ(p[0], 42);
  CHECK_EQ(madvise(p, P, MADV_REMOVE), 0);
  CHECK_EQ(p[0], 0);
  CHECK_EQ(p[2 * P], 43);
  CHECK_EQ(mprotect(p, P, PROT_READ), 0);
  CHECK_EQ(p[0], 0);
}

static void alias(void) { // two views of a memfd, of different protection
  int fd = memfd_create("alias", MFD_CLOEXEC);
  CHECK_EQ(ftruncate(fd, 2 * P), 0);
  char *a = mmap(NULL, 2 * P, RW, MAP_SHARED, fd, 0);
  char *b = mmap(NULL, 2 * P, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(a != MAP_FAILED && b != MAP_FAILED);
  strcpy(a + P - 2, "abcd");
  CHECK(!strcmp(b + P - 2, "abcd"));
  char buf[10];
  CHECK_EQ(pread(fd, buf, 5, P - 2), 5);
  CHECK(!strcmp(buf, "abcd"));
  CHECK_EQ(pwrite(fd, "XY", 2, P - 2), 2);
  CHECK(!strcmp(b + P - 2, "XYcd"));
  CHECK(!strcmp(a + P - 2, "XYcd"));
  close(fd);
  a[0] = 7;
  CHECK_EQ(b[0], 7);
  // a private third view
  munmap(a, 2 * P);
  CHECK_EQ(b[0], 7);
}

static void recycle(void) {
  int fd = memfd_create("recycle", 0);
  CHECK_EQ(ftruncate(fd, 64 * P), 0);
  for (int i = 0; i < 200; i++) {
    char *m = mmap(NULL, (size_t)((i % 8 + 1) * P), RW, i & 1 ? MAP_SHARED : MAP_PRIVATE, fd, (i % 56) * P);
    CHECK(m != MAP_FAILED);
    CHECK(*m >= 0);
    *m = (char)(i & 63);
    CHECK_EQ(munmap(m, (size_t)((i % 8 + 1) * P)), 0);
  }
  unsigned long h = 0;
  char page[P];
  for (int i = 0; i < 64; i++) {
    CHECK_EQ(pread(fd, page, P, i * P), P);
    h ^= t_hash(page, P) + (unsigned long)i;
  }
  printf("%016lx\n", h);
}

static void brk_forms(void) {
  long b = SYS1(SYS_brk, 0);
  CHECK_EQ(SYS1(SYS_brk, 1), b);
  CHECK_EQ(SYS1(SYS_brk, -1l), b);
  CHECK_EQ(SYS1(SYS_brk, b + 1), b + 1);
  CHECK_EQ(SYS1(SYS_brk, b + 10 * P), b + 10 * P);
  memset((void *)b, 5, 10 * P);
  CHECK_EQ(SYS1(SYS_brk, b + 3 * P), b + 3 * P);
  CHECK_EQ(SYS1(SYS_brk, b + 10 * P), b + 10 * P);
  CHECK_EQ(((char *)b)[2 * P], 5);
  CHECK_EQ(((char *)b)[5 * P], 0);
  // a mapping in the way
  long way = (b + 20 * P) & -P;
  CHECK_EQ(raw_mmap((unsigned long)way, P, RW, AN | MAP_FIXED, -1, 0), way);
  CHECK_EQ(SYS1(SYS_brk, way + P), b + 10 * P);
  munmap((void *)way, P);
  CHECK_EQ(SYS1(SYS_brk, b), b);
  // a hole in the heap
  CHECK_EQ(SYS1(SYS_brk, b + 16 * P), b + 16 * P);
  CHECK_EQ(munmap((void *)((b + 4 * P) & -P), 2 * P), 0);
  CHECK_EQ(SYS1(SYS_brk, b), b);
}

static void populate(void) {
  t_write_file("pop", "0123456789", 10);
  int fd = open("pop", O_RDWR);
  char *m = mmap(NULL, P, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  CHECK_EQ(m[3], '3');
  m = mmap(NULL, P, RW, MAP_SHARED | MAP_POPULATE | MAP_NONBLOCK, fd, 0);
  CHECK_EQ(m[3], '3');
  m = mmap(NULL, P, RW, AN | MAP_LOCKED, -1, 0);
  CHECK(m != MAP_FAILED);
  m = mmap(NULL, 8 * P, RW, AN | MAP_STACK | MAP_NORESERVE | MAP_DENYWRITE | MAP_EXECUTABLE, -1, 0);
  CHECK(m != MAP_FAILED);
  CHECK_EQ(madvise(m, 8 * P, 22 /* MADV_POPULATE_READ */), 0);
  CHECK_EQ(madvise(m, 8 * P, 23 /* MADV_POPULATE_WRITE */), 0);
  unsigned char v[8];
  CHECK_EQ(mincore(m, 8 * P, v), 0);
  CHECK_EQ(v[7] & 1, 1);
}
static void rlimits_short_file(void) {
  catch_faults();
  int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(write(fd, "abc", 3), 3);
  char *m = mmap(NULL, 3 * P, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK_EQ(m[0], 'a');
  CHECK_EQ(m[P - 1], 0);
  CHECK_EQ(rd(m + P), SIGBUS);
  char buf[16];
  int p[2];
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(SYS3(SYS_write, p[1], m + P, 1), -EFAULT);
  CHECK_EQ(SYS3(SYS_write, p[1], m + P - 3, 6), -EFAULT); // one page of a pipe is copied whole or not at all
  (void)buf;
  // the file grows under the private mapping
  CHECK_EQ(pwrite(fd, "tail", 4, P), 4);
  CHECK_EQ(rd(m + P), 0);
  CHECK(!memcmp(m + P, "tail", 4));
}

static void dup_mapped(void) {
  int fd = memfd_create("x", 0);
  CHECK_EQ(ftruncate(fd, 8192), 0);
  int d = dup(fd);
  char *p = mmap(NULL, 8192, 3, MAP_SHARED, fd, 0);
  close(fd);
  CHECK_EQ(write(d, "abc", 3), 3);
  CHECK(!memcmp(p, "abc", 3));
  struct iovec v[2] = { { "def", 3 }, { "ghi", 3 } };
  CHECK_EQ(writev(d, v, 2), 6);
  CHECK(!memcmp(p, "abcdefghi", 9));
  CHECK_EQ(pwritev(d, v, 2, 4000), 6);
  CHECK(!memcmp(p + 4000, "defghi", 6));
  int pp[2];
  CHECK_EQ(pipe(pp), 0);
  CHECK_EQ(write(pp[1], "PIPE", 4), 4);
  loff_t o = 5000;
  CHECK_EQ(splice(pp[0], NULL, d, &o, 4, 0), 4);
  CHECK(!memcmp(p + 5000, "PIPE", 4));
  t_write_file("sf", "SENDFILE", 8);
  lseek(d, 6000, SEEK_SET);
  CHECK_EQ(sendfile(d, open("sf", O_RDONLY), NULL, 8), 8);
  CHECK(!memcmp(p + 6000, "SENDFILE", 8));
  int f2 = open("sf", O_RDONLY);
  loff_t a = 0, b = 7000;
  long r = syscall(SYS_copy_file_range, f2, &a, d, &b, 8, 0);
  printf("~%ld\n", r);
  CHECK_EQ(recv(d, p, 1, 0), -1);
  // read of itself into itself
  lseek(d, 0, SEEK_SET);
  CHECK_EQ(read(d, p + 100, 9), 9);
  CHECK(!memcmp(p + 100, "abcdefghi", 9));
}

static void grow_under(void) {
  int fd = open("gu", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(ftruncate(fd, 100), 0);
  char *w = mmap(NULL, 64 * 4096, 3, MAP_SHARED, fd, 0), *p = mmap(NULL, 64 * 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  for (int i = 1; i < 64; i++) {
    CHECK_EQ(ftruncate(fd, i * 4096 + 10), 0);
    w[i * 4096] = (char)i;
    CHECK_EQ(pwrite(fd, "tail", 4, i * 4096 + 20), 4);
    CHECK_EQ(w[i * 4096 + 20], 't');
  }
  printf("~%d\n", p[4096 * 5]);
  for (int i = 63; i > 0; i--) CHECK_EQ(w[i * 4096], i);
  close(fd);
}

static void rename_mapped(void) {
  t_write_file("m1", "first", 5);
  int fd = open("m1", O_RDWR);
  char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  t_write_file("m2", "other", 5);
  CHECK_EQ(rename("m2", "m1"), 0);
  CHECK(!memcmp(p, "first", 5));
  int fd2 = open("m1", O_RDWR);
  char *q = mmap(NULL, 4096, 3, MAP_SHARED, fd2, 0);
  CHECK(!memcmp(q, "other", 5));
  q[0] = 'O';
  char b[6] = { 0 };
  CHECK_EQ(pread(fd2, b, 5, 0), 5);
  CHECK(!strcmp(b, "Other"));
}

T_CASES({ "errors", errors }, { "fixed", fixed }, { "low", low }, { "grows_down", grows_down }, { "huge", huge }, { "sparse", sparse }, { "shared_file", shared_file },
  { "private_file", private_file }, { "dev_zero", dev_zero }, { "shared_anon", shared_anon }, { "alias", alias }, { "recycle", recycle }, { "brk_forms", brk_forms },
  { "populate", populate }, { "short_file", rlimits_short_file }, { "dup_mapped", dup_mapped },
  { "grow_under", grow_under }, { "rename_mapped", rename_mapped })
