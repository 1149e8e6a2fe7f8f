// fnstenv, fxsave, xsave and back: what they store is the guest's own state, never an address of the recorder.
#include "guest/t.h"
#include <cpuid.h>
static unsigned char a[8192] __attribute__((aligned(64))), b[8192] __attribute__((aligned(64)));
int main(void) {
  struct {
    unsigned cw, sw, tw, ip, cs, dp, ds;
  } e;
  double x = 2.5;
  __asm__ volatile("fninit\n fldl %1\n fnstenv %0\n fldenv %0\n fstp %%st(0)" : "=m"(e) : "m"(x) : "memory");
  CHECK_EQ(e.cw & 0xffff, 0x37f);
  CHECK_EQ(e.sw >> 11 & 7, 7);
  __asm__ volatile("fninit\n fldl %1\n fld1\n fxsave %0\n fninit\n fxrstor %0\n" : "=m"(a) : "m"(x) : "memory");
  double y, z;
  __asm__ volatile("fstpl %0\n fstpl %1" : "=m"(y), "=m"(z));
  CHECK(y == 1 && z == 2.5);
  CHECK_EQ(a[4], 0xc0); // two registers in use
  unsigned lo, hi, q, w, size, t;
  __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  CHECK_EQ(lo & 3, 3);
  __cpuid_count(13, 0, q, w, size, t);
  CHECK(w <= sizeof a);
  printf("xcr0 has sse\n");
  __asm__ volatile("movups %1,%%xmm3\n xsave %0" : "=m"(a) : "m"(b), "a"(7), "d"(0) : "memory", "xmm3");
  uint64_t bv = *(uint64_t *)(a + 512);
  CHECK_EQ(bv & ~7ul, 0);
  for (int i = 0; i < 16; i++) b[160 + 3 * 16 + i] = (unsigned char)(i + 1);
  memcpy(a + 160 + 3 * 16, b + 160 + 3 * 16, 16);
  *(uint64_t *)(a + 512) |= 2;
  unsigned char got[16];
  __asm__ volatile("xrstor %1\n movups %%xmm3,%0" : "=m"(got) : "m"(a), "a"(7), "d"(0) : "memory", "xmm3");
  CHECK(!memcmp(got, b + 160 + 3 * 16, 16));
  // printf with doubles still works after all this
  printf("%.3f %.3f\n", y + 0.25, z);
  return 0;
}
