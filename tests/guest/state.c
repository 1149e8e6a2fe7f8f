// Register state where it is easily lost: x87 with all its parts, MXCSR, vectors and masks through handlers, clone, fork, threads that
// switch, exec'd code; flags and segment registers through calls; handlers that change what they return to.
// rr-test: timeout=40 cflags="-mno-red-zone -lm"
#include "guest/t.h"
#include <cpuid.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#define REG(u, r) (((ucontext_t *)(u))->uc_mcontext.gregs[r])
static bool avx, avx512;
__attribute__((constructor)) static void features(void) {
  unsigned a, b, c, d, lo, hi;
  __cpuid(1, a, b, c, d);
  if (!(c & 1u << 27)) return;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  avx = c & 1u << 28 && (lo & 6) == 6;
  __cpuid_count(7, 0, a, b, c, d);
  avx512 = avx && b & 1u << 16 && b & 1u << 30 && (lo & 0xe6) == 0xe6;
}
struct fenv28 { unsigned w[7]; };

static void on_usr(int s) {
  (void)s;
  __asm__ volatile("fninit; fldpi; fldl2e; fld1");
  unsigned m = 0x7f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(m));
  if (avx512) __asm__ volatile("vpternlogd $255,%%zmm31,%%zmm31,%%zmm31; vpternlogd $255,%%zmm0,%%zmm0,%%zmm0; kxnorw %%k3,%%k3,%%k3" : : : "memory");
  else __asm__ volatile("pcmpeqb %%xmm0,%%xmm0" : : : "xmm0");
}
static void x87_through_handler(void) {
  signal(SIGUSR1, on_usr);
  unsigned short cw = 0x27f, now, sw; // double precision
  unsigned mx = 0x3f80, mnow;
  __asm__ volatile("fninit; fldcw %0; fld1; fldpi; fldl2t; ffree %%st(1); fincstp; fdecstp; ldmxcsr %1" : : "m"(cw), "m"(mx));
  struct fenv28 before, after;
  __asm__ volatile("fnstenv %0; fldenv %0" : "=m"(before));
  SYS2(SYS_kill, getpid(), SIGUSR1);
  SYS0(SYS_gettid);
  __asm__ volatile("fnstenv %0; fldenv %0; fnstcw %1; fnstsw %2; stmxcsr %3" : "=m"(after), "=m"(now), "=m"(sw), "=m"(mnow));
  CHECK_EQ(now, cw);
  CHECK_EQ(mnow, mx);
  CHECK_EQ(after.w[0] & 0xffff, before.w[0] & 0xffff);
  CHECK_EQ(after.w[1] & 0xffff, before.w[1] & 0xffff);
  CHECK_EQ(after.w[2] & 0xffff, before.w[2] & 0xffff);
  double t;
  __asm__ volatile("fstpl %0" : "=m"(t));
  CHECK(t == 3.3219280948873623 || t == 3.3219280948873626);
  mx = 0x1f80;
  __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mx));
  // rounding modes as a program sets them
  for (int r = 0; r < 4; r++) {
    static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
    CHECK_EQ(fesetround(modes[r]), 0);
    raise(SIGUSR1);
    CHECK_EQ(fegetround(), modes[r]);
    volatile double x = 1, y = 3, q = x / y;
    printf("%a\n", q);
  }
  fesetround(FE_TONEAREST);
  long double big = 1.0L;
  for (int i = 0; i < 60; i++) big = big / 3 + 1.0L / (i + 1);
  printf("%La\n", big);
}

static void on_edit(int s, siginfo_t *i, void *u) { // changes xmm, x87, flags, registers of what it interrupted
  (void)s, (void)i;
  struct _libc_fpstate *f = ((ucontext_t *)u)->uc_mcontext.fpregs;
  f->_xmm[7].element[0] = 0x11223344;
  f->mxcsr = 0x1fa0;
  f->cwd = 0x77f;
  REG(u, REG_R12) = 0x1234;
  REG(u, REG_EFL) |= 0x401; // DF, CF
}
static void edited_by_handler(void) {
  struct sigaction a = { .sa_sigaction = on_edit, .sa_flags = SA_SIGINFO };
  sigaction(SIGUSR2, &a, NULL);
  unsigned x = 0, m = 0;
  unsigned short cw = 0;
  unsigned long r12 = 0, fl = 0;
  __asm__ volatile("pxor %%xmm7,%%xmm7; xor %%r12d,%%r12d; mov %5,%%eax; mov %6,%%edi; mov %7,%%esi; clc; cld; syscall; pushfq; cld; pop %4; movd %%xmm7,%0; stmxcsr %1; fnstcw %2; mov %%r12,%3"
    : "=r"(x), "=m"(m), "=m"(cw), "=r"(r12), "=r"(fl) : "i"(SYS_tkill), "r"((int)SYS0(SYS_gettid)), "i"(SIGUSR2) : "rax", "rcx", "rdi", "rsi", "r11", "r12", "xmm7", "cc", "memory");
  CHECK_EQ(x, 0x11223344);
  CHECK_EQ(m, 0x1fa0);
  CHECK_EQ(cw, 0x77f);
  CHECK_EQ(r12, 0x1234);
  CHECK_EQ(fl & 0x401, 0x401);
  unsigned mx = 0x1f80;
  __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mx));
}

// All vector registers, by themselves, through a system call and a handler.
static unsigned char set[32][64], got[32][64];
static void vectors_set(void) {
  if (avx512) __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n vmovdqu64 \\n*64(%0),%%zmm\\n\n .endr" : : "r"(set) : "memory");
  else if (avx) __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovdqu \\n*64(%0),%%ymm\\n\n .endr" : : "r"(set) : "memory");
  else __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu \\n*64(%0),%%xmm\\n\n .endr" : : "r"(set) : "memory");
}
static void vectors_get(void) {
  if (avx512) __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n vmovdqu64 %%zmm\\n,\\n*64(%0)\n .endr" : : "r"(got) : "memory");
  else if (avx) __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovdqu %%ymm\\n,\\n*64(%0)\n .endr" : : "r"(got) : "memory");
  else __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu %%xmm\\n,\\n*64(%0)\n .endr" : : "r"(got) : "memory");
}
static void vectors_same(void) {
  int width = avx512 ? 64 : avx ? 32 : 16, n = avx512 ? 32 : 16;
  for (int i = 0; i < n; i++) CHECK(!memcmp(set[i], got[i], (size_t)width));
}
static void random_set(unsigned seed) {
  for (int i = 0; i < 32; i++)
    for (int k = 0; k < 64; k++) set[i][k] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
}
static volatile int ticks_seen;
static void on_alarm(int s) {
  (void)s;
  ticks_seen++;
  if (avx512) __asm__ volatile("vpternlogd $255,%%zmm5,%%zmm5,%%zmm5; vzeroupper; kxnorw %%k1,%%k1,%%k1" : : : "memory");
  else __asm__ volatile("pxor %%xmm5,%%xmm5" : : : "xmm5");
}
static void vectors_through(void) {
  random_set(1);
  vectors_set();
  t_sys(SYS_getpid, 0, 0, 0, 0, 0, 0);
  vectors_get();
  vectors_same();
  signal(SIGUSR1, on_usr);
  random_set(2);
  long pid = SYS0(SYS_getpid);
  vectors_set();
  t_sys(SYS_kill, pid, SIGUSR1, 0, 0, 0, 0);
  vectors_get();
  vectors_same();
  unsigned mx = 0x1f80;
  __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mx));
  // a timer that interrupts a computing loop
  struct sigaction a = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
  sigaction(SIGALRM, &a, NULL);
  struct itimerval it = { { 0, 2000 }, { 0, 2000 } };
  setitimer(ITIMER_REAL, &it, NULL);
  for (int i = 0; i < 200000 && ticks_seen < 10; i++) {
    random_set((unsigned)i);
    vectors_set();
    for (volatile int k = 0; k < 50; k++) {}
    vectors_get();
    vectors_same();
  }
  it = (struct itimerval){ { 0, 0 }, { 0, 0 } };
  setitimer(ITIMER_REAL, &it, NULL);
}
static void vectors_fork(void) {
  random_set(3);
  vectors_set();
  long r = t_sys(SYS_fork, 0, 0, 0, 0, 0, 0);
  vectors_get();
  vectors_same();
  if (!r) _exit(9);
  CHECK_EQ(t_wait((pid_t)r), 9);
}
static char child_stack[65536] __attribute__((aligned(64)));
static volatile int child_saw;
static int child(void *a) {
  (void)a;
  unsigned m;
  unsigned short cw;
  __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(m), "=m"(cw));
  child_saw = (int)(m << 16 | cw);
  return 0;
}
static void clone_inherits(void) {
  unsigned mx = 0x5f80, m0 = 0x1f80;
  unsigned short cw = 0x27f;
  __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(mx), "m"(cw));
  int r = clone(child, child_stack + sizeof child_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  __asm__ volatile("ldmxcsr %0; fninit" : : "m"(m0));
  CHECK_EQ(t_wait(r), 0);
  CHECK_EQ((unsigned)child_saw, (0x5f80u << 16 | 0x27f));
}
static void *worker(void *a) {
  unsigned char mine[64], back[64];
  memset(mine, (int)(long)a, 64);
  unsigned mx = 0x1f80 | (unsigned)((long)a & 3) << 13;
  __asm__ volatile("ldmxcsr %0" : : "m"(mx));
  for (int i = 0; i < 300; i++) {
    if (avx) __asm__ volatile("vmovdqu (%0),%%ymm9; mov %2,%%eax; syscall; vmovdqu %%ymm9,(%1)" : : "r"(mine), "r"(back), "i"(SYS_sched_yield) : "rax", "rcx", "r11", "memory");
    else __asm__ volatile("movdqu (%0),%%xmm9; mov %2,%%eax; syscall; movdqu %%xmm9,(%1)" : : "r"(mine), "r"(back), "i"(SYS_sched_yield) : "rax", "rcx", "r11", "memory");
    CHECK(!memcmp(mine, back, avx ? 32 : 16));
    unsigned m;
    __asm__ volatile("stmxcsr %0" : "=m"(m));
    CHECK_EQ(m & ~0x3fu, mx & ~0x3fu);
  }
  return NULL;
}
static void vectors_threads(void) {
  pthread_t t[6];
  for (long i = 0; i < 6; i++) CHECK_EQ(pthread_create(&t[i], NULL, worker, (void *)(i + 1)), 0);
  for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
}
static void flags_through_calls(void) {
  for (unsigned i = 0; i < 64; i++) {
    unsigned long f = 0x202 | (i & 1) | (i & 2 ? 4 : 0) | (i & 4 ? 0x10 : 0) | (i & 8 ? 0x40 : 0) | (i & 16 ? 0x80 : 0) | (i & 32 ? 0x800 : 0), g, r11, rcx;
    __asm__ volatile("push %3; popfq; mov %4,%%eax; syscall; pushfq; pop %0; mov %%r11,%1; mov %%rcx,%2" : "=r"(g), "=r"(r11), "=r"(rcx) : "r"(f), "i"(SYS_getuid) : "rax", "rcx", "r11", "cc", "memory");
    CHECK_EQ(g, f);
    CHECK_EQ(r11, f);
    CHECK(rcx > 0x1000);
  }
}
T_CASES({ "x87_through_handler", x87_through_handler }, { "edited_by_handler", edited_by_handler }, { "vectors_through", vectors_through },
  { "vectors_fork", vectors_fork }, { "clone_inherits", clone_inherits }, { "vectors_threads", vectors_threads }, { "flags_through_calls", flags_through_calls })
