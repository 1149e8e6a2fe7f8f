// Mappings: hints, fixed, noreplace, of files private and shared, growth by mremap, protection, madvise, brk, mincore, populate, locked, errors.
#include "guest/t.h"
#include <setjmp.h>
static sigjmp_buf j;
static void h(int s) { siglongjmp(j, s); }
static int rd(volatile char *p) {
  int s = sigsetjmp(j, 1);
  if (!s) {
    (void)*p;
    return 0;
  }
  return s;
}
static int wr(volatile char *p) {
  int s = sigsetjmp(j, 1);
  if (!s) {
    *p = *p;
    return 0;
  }
  return s;
}
#define AN (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
int main(void) {
  signal(SIGSEGV, h);
  signal(SIGBUS, h);
  char *p = mmap(NULL, 10 * 4096, RW, AN, -1, 0);
  CHECK(p != MAP_FAILED);
  for (int i = 0; i < 10; i++) {
    CHECK_EQ(p[i * 4096], 0);
    p[i * 4096] = (char)i;
  }
  CHECK_EQ(munmap(p + 4096, 4096), 0);
  CHECK_EQ(rd(p + 4096), SIGSEGV);
  CHECK_EQ(rd(p + 8192), 0);
  CHECK(mmap(p + 4096, 4096, RW, AN | MAP_FIXED_NOREPLACE, -1, 0) == p + 4096);
  CHECK_ERR(mmap(p + 8192, 4096, RW, AN | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? -1 : 0, EEXIST);
  CHECK_EQ(mprotect(p + 12288, 4096, PROT_READ), 0);
  CHECK_EQ(wr(p + 12288), SIGSEGV);
  CHECK_EQ(rd(p + 12288), 0);
  CHECK_EQ(mprotect(p + 12288, 4096, PROT_NONE), 0);
  CHECK_EQ(rd(p + 12288), SIGSEGV);
  CHECK_EQ(mprotect(p, 10 * 4096, RW), 0);
  CHECK_EQ(p[12288], 3);
  CHECK_EQ(madvise(p, 10 * 4096, MADV_DONTNEED), 0);
  CHECK_EQ(p[5 * 4096], 0);
  p[5 * 4096] = 9;
  CHECK_EQ(madvise(p, 40960, MADV_WILLNEED), 0);
  madvise(p, 40960, MADV_HUGEPAGE);
  CHECK_ERR(madvise(p + 1, 4096, MADV_DONTNEED), EINVAL);
  unsigned char vec[10];
  CHECK_EQ(mincore(p, 40960, vec), 0);
  char *q = mremap(p, 40960, 80 * 4096, MREMAP_MAYMOVE);
  CHECK(q != MAP_FAILED);
  CHECK_EQ(q[5 * 4096], 9);
  q[79 * 4096] = 7;
  char *t = mmap(NULL, 80 * 4096, PROT_NONE, AN, -1, 0);
  CHECK(mremap(q, 80 * 4096, 80 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, t) == t);
  CHECK_EQ(t[79 * 4096], 7);
  CHECK_EQ(rd(q), SIGSEGV);
  CHECK(mremap(t, 80 * 4096, 4096, 0) == t);
  CHECK_EQ(rd(t + 4096), SIGSEGV);
  CHECK_ERR(mremap(t, 4096, 1ul << 46, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0, ENOMEM);
  // files
  char data[10000];
  for (int i = 0; i < 10000; i++) data[i] = (char)(i * 3);
  t_write_file("f", data, sizeof data);
  int fd = open("f", O_RDWR);
  char *m = mmap(NULL, 10000, RW, MAP_PRIVATE, fd, 0);
  CHECK(!memcmp(m, data, 10000));
  m[0] = 99;
  char c;
  CHECK_EQ(pread(fd, &c, 1, 0), 1);
  CHECK_EQ(c, data[0]);
  CHECK_EQ(m[10001], 0);
  char *s = mmap(NULL, 10000, RW, MAP_SHARED, fd, 0);
  CHECK(s != MAP_FAILED);
  s[4096] = 55;
  CHECK_EQ(pread(fd, &c, 1, 4096), 1);
  CHECK_EQ(c, 55);
  CHECK_EQ(pwrite(fd, "Z", 1, 8192), 1);
  CHECK_EQ(s[8192], 'Z');
  CHECK_EQ(msync(s, 10000, MS_SYNC), 0);
  char *o = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
  CHECK_EQ(o[0], 55);
  s[4100] = 44;
  CHECK_EQ(o[4], 44);
  CHECK_EQ(wr(o), SIGSEGV);
  CHECK_EQ(ftruncate(fd, 5000), 0);
  CHECK_EQ(rd(s + 8192), SIGBUS);
  CHECK_EQ(s[4096], 55);
  CHECK_EQ(ftruncate(fd, 10000), 0);
  CHECK_EQ(s[8192], 0);
  CHECK_ERR(mmap(NULL, 0, RW, AN, -1, 0) == MAP_FAILED ? -1 : 0, EINVAL);
  CHECK_ERR(mmap(NULL, 4096, RW, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0, EBADF);
  CHECK_ERR(mmap(NULL, 4096, RW, MAP_PRIVATE, fd, 1) == MAP_FAILED ? -1 : 0, EINVAL);
  CHECK_ERR(mmap(NULL, 4096, RW, MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0, EINVAL);
  int ro = open("f", O_RDONLY);
  CHECK_ERR(mmap(NULL, 4096, RW, MAP_SHARED, ro, 0) == MAP_FAILED ? -1 : 0, EACCES);
  CHECK_ERR(mmap((void *)4097, 4096, RW, AN | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0, EINVAL);
  CHECK_ERR(munmap((void *)1, 4096), EINVAL);
  CHECK_ERR(mprotect(p, 4096, 0x100), EINVAL);
  CHECK_ERR(mprotect((void *)0x10000000, 4096, PROT_READ), ENOMEM);
  char *low = mmap((void *)0x30000000, 8192, RW, AN | MAP_32BIT, -1, 0);
  CHECK(low != MAP_FAILED && (unsigned long)low < 1ul << 32);
  low[0] = 1;
  char *pop = mmap(NULL, 1 << 20, RW, AN | MAP_POPULATE, -1, 0);
  CHECK_EQ(pop[12345], 0);
  // brk
  char *b0 = sbrk(0);
  CHECK(b0 != (char *)-1);
  CHECK(sbrk(100000) == b0);
  memset(b0, 5, 100000);
  CHECK_EQ(brk(b0 + 50), 0);
  CHECK_EQ(brk(b0 + 100000), 0);
  CHECK_EQ(b0[49], 5);
  CHECK_EQ(b0[8192 * 2], 0);
  CHECK_EQ(SYS1(SYS_brk, 0), (long)(b0 + 100000));
  CHECK_EQ(SYS1(SYS_brk, 5), (long)(b0 + 100000));
  char *g = mmap(NULL, 256ul << 30, PROT_NONE, AN | MAP_NORESERVE, -1, 0);
  CHECK(g != MAP_FAILED);
  CHECK_EQ(mprotect(g + (100ul << 30), 4096, RW), 0);
  g[100ul << 30] = 1;
  CHECK_EQ(munmap(g, 256ul << 30), 0);
  CHECK_EQ(mlock(low, 4096), 0);
  CHECK_EQ(munlock(low, 4096), 0);
  // shared anonymous memory with a child is the one thing that two address spaces share
  puts("ok");
  return 0;
}
