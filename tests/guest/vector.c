// Vector and x87 state lives through system calls, signal handlers (which clobber it) and threads: SSE, AVX, AVX-512 with masks.
#include "guest/t.h"
#include <cpuid.h>
static int level; // 0 sse, 1 avx, 2 avx512
static unsigned char in[32][64], out[32][64];
static uint64_t kin[8], kout[8];
static void __attribute__((noinline)) clobber(void) {
  if (level == 2)
    __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n vpternlogd "
                     "$255,%%zmm\\n,%%zmm\\n,%%zmm\\n\n .endr\n kxnorw %%k1,%%k1,%%k1\n kxnorw %%k7,%%k7,%%k7" ::
                         : "memory");
  else if (level == 1) __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vpcmpeqb %%xmm\\n,%%xmm\\n,%%xmm\\n\n .endr" ::: "memory");
  else __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n pcmpeqb %%xmm\\n,%%xmm\\n\n .endr" ::: "memory");
  __asm__ volatile("fldpi\n fldpi\n fstp %%st(0)\n fstp %%st(0)" ::: "memory");
}
static volatile int handled;
static void handler(int s) {
  (void)s;
  clobber();
  handled++;
}
// Loads everything, makes the system call, stores everything.
static long around(long nr, long a, long b) {
  long r;
  if (level == 2)
    __asm__ volatile(
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n vmovups \\n*64(%4),%%zmm\\n\n .endr\n"
        ".irp n,1,2,3,4,5,6,7\n kmovq \\n*8(%6),%%k\\n\n .endr\n syscall\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n vmovups %%zmm\\n,\\n*64(%5)\n .endr\n"
        ".irp n,1,2,3,4,5,6,7\n kmovq %%k\\n,\\n*8(%7)\n .endr\n"
        : "=a"(r)
        : "0"(nr), "D"(a), "S"(b), "r"(in), "r"(out), "r"(kin), "r"(kout)
        : "rcx", "r11", "memory");
  else if (level == 1)
    __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovups \\n*64(%4),%%ymm\\n\n .endr\n syscall\n"
                     ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovups %%ymm\\n,\\n*64(%5)\n .endr\n"
                     : "=a"(r)
                     : "0"(nr), "D"(a), "S"(b), "r"(in), "r"(out)
                     : "rcx", "r11", "memory");
  else
    __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movups \\n*64(%4),%%xmm\\n\n .endr\n syscall\n"
                     ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movups %%xmm\\n,\\n*64(%5)\n .endr\n"
                     : "=a"(r)
                     : "0"(nr), "D"(a), "S"(b), "r"(in), "r"(out)
                     : "rcx", "r11", "memory");
  return r;
}
static void compare(void) {
  int n = level == 2 ? 32 : 16;
  size_t w = level == 2 ? 64 : level == 1 ? 32 : 16;
  for (int i = 0; i < n; i++) CHECK(!memcmp(in[i], out[i], w));
  if (level == 2)
    for (int i = 1; i < 8; i++) CHECK_EQ(kin[i], kout[i]);
  memset(out, 0, sizeof out);
  memset(kout, 0, sizeof kout);
}
int main(void) {
  unsigned a, b, c, d;
  __cpuid(1, a, b, c, d);
  if (c & 1u << 27) {
    unsigned lo, hi;
    __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    if ((lo & 6) == 6) level = 1;
    __cpuid_count(7, 0, a, b, c, d);
    if (level && (lo & 0xe6) == 0xe6 && b & 1u << 16 && b & 1u << 30) level = 2;
  }
  for (int i = 0; i < 32; i++)
    for (int k = 0; k < 64; k++) in[i][k] = (unsigned char)(i * 64 + k * 3 + 1);
  for (int i = 0; i < 8; i++) kin[i] = 0x0123456789abcdeful * (unsigned)(i + 1);
  for (int top = level; level >= 0; level--) {
    (void)top;
    CHECK_EQ(around(SYS_getpid, 0, 0), getpid());
    compare();
    CHECK_EQ(around(SYS_sched_yield, 0, 0), 0);
    compare();
    signal(SIGUSR1, handler);
    for (int i = 0; i < 20; i++) {
      CHECK_EQ(around(SYS_kill, getpid(), SIGUSR1), 0);
      compare();
    }
    struct timespec t = { 0, 1000 };
    CHECK_EQ(around(SYS_nanosleep, (long)&t, 0), 0);
    compare();
  }
  CHECK(handled > 0);
  // x87 stack and control word, mxcsr, over a call and a handler
  double r;
  unsigned short cw = 0x0f7f, cw2;
  unsigned mx = 0x7f80, mx2;
  long v;
  __asm__ volatile("fninit\n fldcw %4\n ldmxcsr %5\n fld1\n fldpi\n syscall\n fmulp\n fstpl %1\n fnstcw %2\n stmxcsr %3\n fninit"
                   : "=a"(v), "=m"(r), "=m"(cw2), "=m"(mx2)
                   : "m"(cw), "m"(mx), "0"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
                   : "rcx", "r11", "memory");
  CHECK_EQ(v, 0);
  CHECK_EQ(cw2, cw);
  CHECK_EQ(mx2 & ~63u, mx);
  mx = 0x1f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(mx));
  printf("%.15f\n", r);
  return 0;
}
