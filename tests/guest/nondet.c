// Instructions whose results no two runs share: the replay must print the very same lines.
#include "guest/t.h"
#include <cpuid.h>
static uint64_t tsc(void) {
  uint32_t a, d;
  __asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
  return a | (uint64_t)d << 32;
}
int main(void) {
  uint64_t h = 0, last = 0;
  for (int i = 0; i < 2000; i++) {
    uint64_t t = tsc();
    CHECK(t >= last);
    last = t;
    h = h * 31 + t;
  }
  printf("~rdtsc %016lx\n", (unsigned long)h);
  uint32_t a, b, c, d;
  uint64_t rax;
  __asm__ volatile("mov $-1,%%rax\n mov $-1,%%rdx\n mov $-1,%%rcx\n rdtscp\n mov %%rdx,%1\n mov %%rcx,%2"
                   : "=a"(rax), "=r"(h), "=r"(last)::"rcx", "rdx");
  CHECK(rax >> 32 == 0 && h >> 32 == 0 && last >> 32 == 0);
  printf("~rdtscp %08lx cpu %lu\n", (unsigned long)rax, (unsigned long)last & 0xfff);
  __cpuid(0, a, b, c, d);
  printf("~vendor %.4s%.4s%.4s\n", (char *)&b, (char *)&d, (char *)&c);
  for (unsigned l = 0; l < 14; l++) {
    unsigned w, x, y, z;
    __cpuid_count(l, 0, w, x, y, z);
    printf("~%u %08x %08x %08x %08x\n", l, w, x, y, z);
  }
  __cpuid(1, a, b, c, d);
  if (c & bit_RDRND) {
    h = 0;
    for (int i = 0; i < 300; i++) {
      uint64_t v;
      unsigned v4;
      unsigned short v2;
      unsigned char ok;
      do __asm__ volatile("rdrand %0\n setc %1" : "=r"(v), "=q"(ok)::"cc");
      while (!ok);
      h = h * 31 + v;
      do __asm__ volatile("rdrand %0\n setc %1" : "=r"(v4), "=q"(ok)::"cc");
      while (!ok);
      h = h * 31 + v4;
      v = ~0ul;
      do __asm__ volatile("rdrand %w0\n setc %1" : "+r"(v), "=q"(ok)::"cc");
      while (!ok);
      CHECK_EQ(v >> 16, 0xffffffffffffl); // the 16-bit form keeps the rest
      v2 = (unsigned short)v;
      h = h * 31 + v2;
    }
    printf("~rdrand %016lx\n", (unsigned long)h);
  }
  __cpuid_count(7, 0, a, b, c, d);
  if (b & bit_RDSEED) {
    uint64_t v;
    unsigned char ok;
    int tries = 0;
    do __asm__ volatile("rdseed %0\n setc %1" : "=r"(v), "=q"(ok)::"cc");
    while (!ok && ++tries < 100000);
    printf("~rdseed %d %016lx\n", ok, (unsigned long)v);
  }
  if (c & bit_RDPID) {
    uint64_t v;
    __asm__ volatile("rdpid %0" : "=r"(v));
    CHECK_EQ(v >> 32, 0);
    printf("~rdpid %lu\n", (unsigned long)v);
  }
  unsigned lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  printf("~xcr0 %x %x\n", lo, hi);
  unsigned long base = 0;
  unsigned short lim = 0;
  __asm__ volatile("lsl %1,%0\n" : "=r"(base) : "r"(0x7bl) : "cc");
  (void)lim;
  puts("done");
  return 0;
}
