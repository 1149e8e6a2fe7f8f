// Code that changes: written in RWX pages, through W^X flips, on the page that runs, by a second mapping, after munmap.
#include "guest/t.h"
typedef int (*fn)(void);
static void put(unsigned char *p, int v) {
  p[0] = 0xb8;
  memcpy(p + 1, &v, 4);
  p[5] = 0xc3;
} // mov $v,%eax; ret
int main(void) {
  long sum = 0;
  unsigned char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  for (int i = 0; i < 300; i++) {
    put(p, i);
    CHECK_EQ(((fn)p)(), i);
    sum += i;
  }
  // only the immediate changes, in a function called in between too
  for (int i = 0; i < 300; i++) {
    p[1] = (unsigned char)i;
    CHECK_EQ(((fn)p)() & 255, i & 255);
  }
  // across a page boundary
  for (int i = 0; i < 100; i++) {
    put(p + 4096 - 3, i * 3);
    CHECK_EQ(((fn)(p + 4096 - 3))(), i * 3);
  }
  // W^X
  for (int i = 0; i < 50; i++) {
    CHECK_EQ(mprotect(p, 8192, PROT_READ | PROT_WRITE), 0);
    put(p, i + 1000);
    CHECK_EQ(mprotect(p, 8192, PROT_READ | PROT_EXEC), 0);
    CHECK_EQ(((fn)p)(), i + 1000);
  }
  CHECK_EQ(mprotect(p, 8192, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
  // a loop that rewrites the instruction right behind the store:  movl $v,imm; jmp +0; mov $0,%eax; ret
  unsigned char *q = p + 64;
  for (int i = 0; i < 50; i++) {
    unsigned char *c = q;
    *c++ = 0xc7;
    *c++ = 0x05;
    int rel = 3;
    memcpy(c, &rel, 4);
    c += 4;
    memcpy(c, &i, 4);
    c += 4; // movl $i,3(%rip): over the jmp and the opcode
    *c++ = 0xeb;
    *c++ = 0x00;
    *c++ = 0xb8;
    memset(c, 0, 4);
    c += 4;
    *c++ = 0xc3;
    CHECK_EQ(((fn)q)(), i);
  }
  // a second mapping of the same pages, writable there, executable here
  int fd = memfd_create("code", 0);
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, 4096), 0);
  unsigned char *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *x = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  CHECK(w != MAP_FAILED && x != MAP_FAILED);
  for (int i = 0; i < 100; i++) {
    put(w + 16, i * 7);
    CHECK_EQ(((fn)(x + 16))(), i * 7);
  }
  munmap(w, 4096);
  munmap(x, 4096);
  close(fd);
  // new code at the place of old code, by munmap and mmap, by MAP_FIXED over it, by read(2), by mremap
  for (int i = 0; i < 20; i++) {
    CHECK_EQ(munmap(p, 8192), 0);
    CHECK(mmap(p, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    put(p, i - 5);
    CHECK_EQ(((fn)p)(), i - 5);
    CHECK(mmap(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    put(p, i + 5);
    CHECK_EQ(((fn)p)(), i + 5);
    int pp[2];
    unsigned char code[6];
    CHECK_EQ(pipe(pp), 0);
    put(code, i + 77);
    CHECK_EQ(write(pp[1], code, 6), 6);
    CHECK_EQ(read(pp[0], p, 6), 6);
    CHECK_EQ(((fn)p)(), i + 77);
    close(pp[0]);
    close(pp[1]);
    CHECK_EQ(madvise(p, 4096, MADV_DONTNEED), 0);
    put(p, i + 78);
    CHECK_EQ(((fn)p)(), i + 78);
  }
  unsigned char *to = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char *m = mremap(p, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, to);
  CHECK(m == to);
  CHECK_EQ(((fn)m)(), 97);
  // data and code on one page: many writes beside code that does not change
  volatile unsigned char *data = m + 2048;
  for (int i = 0; i < 2000; i++) {
    data[i & 1023] = (unsigned char)i;
    sum += ((fn)m)();
  }
  printf("%ld\n", sum);
  return 0;
}
