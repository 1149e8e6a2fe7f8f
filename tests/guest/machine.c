// Instructions whose results show the machine or the kernel: time, cpuid, random numbers, flags, traps, segments, old entries.
// rr-test: timeout=40
#include "guest/t.h"
#include <asm/prctl.h>
#include <cpuid.h>
#include <setjmp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <x86intrin.h>
#define REG(u, r) (((ucontext_t *)(u))->uc_mcontext.gregs[r])
static sigjmp_buf jump;
static volatile int got, got_code, traps, trapno, errcode;
static volatile long got_addr, got_ip;
static volatile long skip;
static void on_signal(int s, siginfo_t *i, void *u) {
  got = s;
  got_code = i->si_code;
  got_addr = (long)i->si_addr;
  got_ip = REG(u, REG_RIP);
  trapno = (int)REG(u, REG_TRAPNO);
  errcode = (int)REG(u, REG_ERR);
  if (skip >= 0) REG(u, REG_RIP) += skip;
  else siglongjmp(jump, 1);
}
static void handle(int s) {
  struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
  sigaction(s, &a, NULL);
}
static void handle_all(void) {
  handle(SIGSEGV);
  handle(SIGILL);
  handle(SIGTRAP);
  handle(SIGFPE);
  handle(SIGBUS);
  handle(SIGSYS);
  got = 0;
}
#define ARGS(x) x, sizeof(x) - 1
// Runs `code` (machine code that ends by itself in a fault); what came of it is in got, got_code, got_addr, got_ip - start.
static long page_at;
static void run(const char *code, size_t n, long skip_by) {
  static char *page;
  if (!page) page = mmap(NULL, 8192, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page_at = (long)page;
  memset(page, 0x90, 64);
  memcpy(page, code, n);
  page[n] = (char)0xc3;
  skip = skip_by;
  got = 0;
  if (!sigsetjmp(jump, 1)) ((void (*)(void))page)();
  skip = -1;
}

static void tsc(void) {
  unsigned long last = 0;
  for (int i = 0; i < 2000; i++) {
    unsigned aux;
    unsigned long t = i & 1 ? __rdtsc() : __rdtscp(&aux);
    CHECK(t > last);
    last = t;
  }
  printf("~%lu\n", last);
  int v;
  CHECK_EQ(prctl(PR_GET_TSC, &v), 0);
  CHECK_EQ(v, PR_TSC_ENABLE);
  CHECK_EQ(prctl(PR_SET_TSC, PR_TSC_ENABLE), 0);
  CHECK_ERR(prctl(PR_SET_TSC, 77), EINVAL);
}
static void tsc_trap(void) { // a machine may accept it without effect
  handle_all();
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV)) {
    CHECK_EQ(errno, EINVAL);
    return;
  }
  int v = 0;
  CHECK_EQ(prctl(PR_GET_TSC, &v), 0);
  CHECK_EQ(v, PR_TSC_SIGSEGV);
  skip = 2;
  (void)__rdtsc();
  printf("~%d\n", got);
  CHECK_EQ(prctl(PR_SET_TSC, PR_TSC_ENABLE), 0);
}
static void leaves(void) {
  unsigned a, b, c, d;
  __cpuid(0, a, b, c, d);
  unsigned max = a;
  for (unsigned l = 0; l <= max && l < 64; l++)
    for (unsigned s = 0; s < 4; s++) {
      __cpuid_count(l, s, a, b, c, d);
      printf("~%x.%x %x %x %x %x\n", l, s, a, b, c, d);
    }
  __cpuid(0x80000000, a, b, c, d);
  max = a;
  for (unsigned l = 0x80000000; l <= max && l < 0x80000040; l++) {
    __cpuid_count(l, 0, a, b, c, d);
    printf("~%x %x %x %x %x\n", l, a, b, c, d);
  }
  for (unsigned l = 0x40000000; l < 0x40000004; l++) __cpuid_count(l, 0, a, b, c, d);
  __cpuid(1, a, b, c, d);
  CHECK(d & 1 << 26); // SSE2
  register unsigned long rax __asm__("rax") = 0xffffffff00000000ul;
  register unsigned long rcx __asm__("rcx") = 0xffffffff00000000ul;
  __asm__ volatile("cpuid" : "+r"(rax), "+r"(rcx) : : "rbx", "rdx");
  CHECK_EQ(rax >> 32, 0);
  CHECK_EQ(rcx >> 32, 0);
}
static void cpuid_fault(void) {
  handle_all();
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_CPUID, 0), 1);
  long r = SYS2(SYS_arch_prctl, ARCH_SET_CPUID, 0);
  printf("~%ld\n", r);
  if (r == -ENODEV) return;
  CHECK_EQ(r, 0);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_CPUID, 0), 0);
  run(ARGS("\x53\x0f\xa2\x5b"), 2);
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_SET_CPUID, 1), 0);
}
static void randoms(void) {
  unsigned a, b, c, d;
  __cpuid(1, a, b, c, d);
  if (c & 1u << 30) {
    unsigned long v = 0;
    unsigned w = 0;
    unsigned short x = 0;
    unsigned char ok;
    for (int i = 0; i < 20; i++) {
      __asm__ volatile("rdrand %0; setc %1" : "=r"(v), "=q"(ok) : : "cc");
      __asm__ volatile("rdrand %0; setc %1" : "=r"(w), "=q"(ok) : : "cc");
      __asm__ volatile("rdrand %0; setc %1" : "=r"(x), "=q"(ok) : : "cc");
      printf("~%lx %x %x %d\n", v, w, x, ok);
    }
  }
  __cpuid_count(7, 0, a, b, c, d);
  if (b & 1u << 18) {
    unsigned long v = 0;
    unsigned char ok;
    __asm__ volatile("rdseed %0; setc %1" : "=r"(v), "=q"(ok) : : "cc");
    printf("~%lx %d\n", v, ok);
  }
}
static void xcr(void) {
  unsigned a, b, c, d;
  __cpuid(1, a, b, c, d);
  if (!(c & 1u << 27)) return;
  unsigned lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  CHECK(lo & 3);
  __cpuid_count(0xd, 0, a, b, c, d);
  CHECK_EQ(a & lo, lo);
  printf("~%x %x\n", lo, b);
  handle_all();
  run(ARGS("\xb9\x05\x00\x00\x00\x0f\x01\xd0"), 3); // xgetbv of 5
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(trapno, 13);
}
static void cpu_number(void) {
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  unsigned long limit = 0;
  unsigned char ok;
  __asm__ volatile("lsl %2, %0; setz %1" : "+r"(limit), "=q"(ok) : "r"(0x7bul) : "cc");
  CHECK(ok);
  unsigned aux;
  __rdtscp(&aux);
  printf("~%lx %x\n", limit, aux);
  if (c & 1u << 22) {
    unsigned long id = 0;
    __asm__ volatile("rdpid %0" : "=r"(id));
    CHECK((id & 0xfff) < 4096);
  }
  CHECK(sched_getcpu() >= 0);
  unsigned long rights = 0;
  __asm__ volatile("lar %2, %0; setz %1" : "+r"(rights), "=q"(ok) : "r"(0x33ul) : "cc");
  CHECK(ok);
  __asm__ volatile("verr %w1; setz %0" : "=q"(ok) : "r"(0x2b) : "cc");
  CHECK(ok);
  __asm__ volatile("verw %w1; setz %0" : "=q"(ok) : "r"(0x33) : "cc");
  CHECK(!ok);
  unsigned short cs, ss, ds, es, fs, gs;
  __asm__ volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2; mov %%es, %3; mov %%fs, %4; mov %%gs, %5" : "=r"(cs), "=r"(ss), "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
  CHECK_EQ(cs, 0x33);
  CHECK_EQ(ss, 0x2b);
  CHECK_EQ(ds | es | fs | gs, 0);
  __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0x2b));
  __asm__ volatile("mov %%ds, %0" : "=r"(ds));
  CHECK_EQ(ds, 0x2b);
  __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0));
}
static void tables(void) { // sgdt and kin: may fault (UMIP), be emulated, or show the kernel's
  handle_all();
  char t[16];
  memset(t, 0, sizeof t);
  skip = -1;
  if (!sigsetjmp(jump, 1)) __asm__ volatile("sidt %0" : "=m"(t));
  if (!sigsetjmp(jump, 1)) __asm__ volatile("sgdt %0" : "=m"(t));
  volatile unsigned long w = 0;
  if (!sigsetjmp(jump, 1)) __asm__ volatile("smsw %0" : "=r"(w));
  if (!sigsetjmp(jump, 1)) __asm__ volatile("sldt %0" : "=r"(w));
  if (!sigsetjmp(jump, 1)) __asm__ volatile("str %0" : "=r"(w));
  printf("~%lx\n", w);
}
static void rtm(void) {
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  if (!(b & 1u << 11)) return;
  unsigned status = ~0u;
  __asm__ volatile("xbegin 1f; xend; jmp 2f; 1: ; 2:" : "+a"(status) : : "memory");
  printf("~%x\n", status);
}
static void fsgs(void) {
  unsigned long hw = 0;
  __asm__ volatile("" : : : "memory");
  hw = getenv("PATH") ? 2 : 2;
  (void)hw;
  unsigned long fs = 0, gs = 0, v;
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_FS, &fs), 0);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_GS, &gs), 0);
  CHECK_EQ(gs, 0);
  static unsigned long block[4] = { 11, 22, 33, 44 };
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_SET_GS, block), 0);
  __asm__ volatile("mov %%gs:8, %0" : "=r"(v));
  CHECK_EQ(v, 22);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_SET_GS, 1ul << 63), -EPERM);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_GS, 8), -EFAULT);
  CHECK_EQ(SYS2(SYS_arch_prctl, 0x9999, 8), -EINVAL);
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  if (b & 1) {
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    CHECK_EQ(v, fs);
    __asm__ volatile("wrgsbase %0" : : "r"(block + 1));
    __asm__ volatile("mov %%gs:8, %0" : "=r"(v));
    CHECK_EQ(v, 33);
    __asm__ volatile("rdgsbase %0" : "=r"(v));
    CHECK_EQ(v, (long)(block + 1));
    __asm__ volatile("rdgsbase %k0" : "=r"(v));
    CHECK_EQ(v, (long)(unsigned)(long)(block + 1));
    handle_all();
    run(ARGS("\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x80\xf3\x48\x0f\xae\xd8"), 5); // wrgsbase of a non-canonical value
    CHECK_EQ(got, SIGSEGV);
    CHECK_EQ(got_code, SI_KERNEL);
  }
  pid_t k = fork();
  if (!k) {
    __asm__ volatile("mov %%gs:0, %0" : "=r"(v));
    _exit((int)v);
  }
  CHECK_EQ(t_wait(k), b & 1 ? 22 : 11);
  __asm__ volatile("mov %0, %%gs" : : "r"(0)); // clears the base
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_GS, &v), 0);
  printf("~%lx\n", v);
}

static void traps_all(void) {
  handle_all();
  run(ARGS("\xcc"), 0);
  CHECK_EQ(got, SIGTRAP);
  CHECK_EQ(got_code, SI_KERNEL);
  CHECK_EQ(got_ip, page_at + 1);
  CHECK_EQ(trapno, 3);
  run(ARGS("\xcd\x03"), 0);
  CHECK_EQ(got, SIGTRAP);
  CHECK_EQ(got_ip, page_at + 2);
  run(ARGS("\x0f\x0b"), 2);
  CHECK_EQ(got, SIGILL);
  CHECK_EQ(got_code, ILL_ILLOPN);
  CHECK_EQ(got_addr, page_at);
  CHECK_EQ(trapno, 6);
  run(ARGS("\x0f\xff\xc0"), 3); // ud0
  CHECK_EQ(got, SIGILL);
  run(ARGS("\x0f\xb9\xc0"), 3); // ud1
  CHECK_EQ(got, SIGILL);
  run(ARGS("\x06"), 1); // push es: not in 64-bit mode
  CHECK_EQ(got, SIGILL);
  run(ARGS("\xce"), 1); // into
  CHECK_EQ(got, SIGILL);
  run(ARGS("\xf0\x90"), 2); // lock nop
  CHECK_EQ(got, SIGILL);
  run(ARGS("\xd6"), 1); // salc
  CHECK_EQ(got, SIGILL);
  run(ARGS("\xcd\x20"), 2); // int 0x20
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(got_code, SI_KERNEL);
  CHECK_EQ(trapno, 13);
  CHECK_EQ(errcode, 0x20 * 8 + 2);
  static const struct { char code[4]; char n; } privileged[] = { { "\xf4", 1 }, { "\xfa", 1 }, { "\xfb", 1 }, { "\xec", 1 }, { "\xee", 1 }, { "\x0f\x32", 2 }, { "\x0f\x30", 2 },
    { "\x0f\x08", 2 }, { "\x0f\x09", 2 }, { "\x0f\x06", 2 }, { "\x0f\x20\xc0", 3 }, { "\x0f\x22\xc0", 3 }, { "\x0f\x21\xc0", 3 }, { "\x0f\x01\xf8", 3 }, { "\xe4\x10", 2 },
    { "\x6c", 1 }, { "\x0f\x33", 2 }, { "\x0f\x07", 2 } };
  for (size_t i = 0; i < sizeof privileged / sizeof *privileged; i++) {
    run(privileged[i].code, (size_t)privileged[i].n, privileged[i].n);
    CHECK_EQ(got, SIGSEGV);
    CHECK_EQ(got_code, SI_KERNEL);
    CHECK_EQ(got_ip, page_at);
    CHECK_EQ(got_addr, 0);
  }
  // division, non-canonical, misaligned
  run(ARGS("\x31\xc9\x31\xd2\xf7\xf1"), 2);
  CHECK_EQ(got, SIGFPE);
  CHECK_EQ(got_code, FPE_INTDIV);
  CHECK_EQ(got_addr, page_at + 4);
  run(ARGS("\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x80\x8a\x00"), 2); // mov al, [non-canonical]
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(got_code, SI_KERNEL);
  CHECK_EQ(got_addr, 0);
  run(ARGS("\x0f\x28\x44\x24\xf7"), 5); // movaps xmm0, [rsp-9]: misaligned
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(trapno, 13);
  run(ARGS("\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x80\xff\xe0"), -1); // jmp to a non-canonical address
  CHECK_EQ(got, SIGSEGV);
  printf("~%d %lx %lx\n", got_code, got_ip, got_addr);
  run(ARGS("\x31\xc0\xff\xe0"), -1); // jmp to 0
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(got_code, SEGV_MAPERR);
  CHECK_EQ(got_addr, 0);
  CHECK_EQ(got_ip, 0);
  run(ARGS("\xb8\x34\x12\x00\x00\xff\xd0"), -1); // call 0x1234
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(got_ip, 0x1234);
}

static void x87_faults(void) {
  handle_all();
  unsigned short cw = 0x37f & ~4, normal = 0x37f; // zero divide is not masked
  __asm__ volatile("fldcw %0; fld1; fldz; fdivrp" : : "m"(cw));
  skip = -1;
  if (!sigsetjmp(jump, 1)) __asm__ volatile("fwait");
  CHECK_EQ(got, SIGFPE);
  CHECK_EQ(got_code, FPE_FLTDIV);
  __asm__ volatile("fninit; fldcw %0" : : "m"(normal));
  unsigned mx = 0x1f80 & ~0x200, m0 = 0x1f80;
  got = 0;
  if (!sigsetjmp(jump, 1)) __asm__ volatile("ldmxcsr %0; xorps %%xmm0, %%xmm0; divss %%xmm0, %%xmm1" : : "m"(mx) : "xmm0", "xmm1");
  __asm__ volatile("ldmxcsr %0" : : "m"(m0));
  printf("~%d %d\n", got, got_code);
}

static volatile int steps;
static volatile unsigned long first_ip, last_ip;
static void on_step(int s, siginfo_t *i, void *u) {
  (void)s;
  CHECK_EQ(i->si_code, TRAP_TRACE);
  if (!steps++) first_ip = (unsigned long)REG(u, REG_RIP);
  last_ip = (unsigned long)REG(u, REG_RIP);
  CHECK_EQ(i->si_addr, (void *)REG(u, REG_RIP));
  if (steps == 200) REG(u, REG_EFL) &= ~0x100l;
}
static void single_step(void) {
  struct sigaction a = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
  sigaction(SIGTRAP, &a, NULL);
  long n = 0;
  __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop; mov $5, %%ecx; 1: dec %%ecx; jnz 1b; pushfq; andl $~0x100, (%%rsp); popfq; mov $3, %0" : "=r"(n) : : "rcx", "cc", "memory");
  CHECK_EQ(n, 3);
  CHECK_EQ(steps, 3 + 10 + 2 + 1);
  // over a system call, and into a function
  steps = 0;
  long pid;
  __asm__ volatile("mov %1, %%eax; pushfq; orl $0x100, (%%rsp); popfq; syscall; nop; pushfq; andl $~0x100, (%%rsp); popfq; mov %%rax, %0" : "=r"(pid) : "i"(SYS_getpid) : "rax", "rcx", "r11", "cc", "memory");
  CHECK_EQ(pid, getpid());
  printf("~%d\n", steps);
}
static void flags_ac_id(void) {
  unsigned long f;
  __asm__ volatile("pushfq; pop %0" : "=r"(f));
  CHECK_EQ(f & 0x202, 0x202);
  __asm__ volatile("pushfq; btcq $21, (%%rsp); popfq; pushfq; pop %0; pushfq; btrq $21, (%%rsp); popfq" : "=r"(f) : : "cc", "memory");
  CHECK(f & 1 << 21);
  __asm__ volatile("pushfq; btsq $14, (%%rsp); popfq; pushfq; pop %0; pushfq; btrq $14, (%%rsp); popfq" : "=r"(f) : : "cc", "memory");
  CHECK(f & 1 << 14); // NT
  __asm__ volatile("pushfq; btrq $9, (%%rsp); btsq $12, (%%rsp); popfq; pushfq; pop %0" : "=r"(f) : : "cc", "memory");
  CHECK_EQ(f & 0x3200, 0x200); // IF and IOPL stay
}
static void strings(void) {
  handle_all();
  char *p = mmap(NULL, 3 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *src = mmap(NULL, 3 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 12288; i++) src[i] = (char)i;
  mprotect(p + 4096, 4096, PROT_NONE);
  unsigned long di = (unsigned long)p + 4000, si = (unsigned long)src, cx = 500;
  skip = 2;
  got = 0;
  __asm__ volatile("rep movsb" : "+D"(di), "+S"(si), "+c"(cx) : : "memory");
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(got_addr, (long)p + 4096);
  CHECK_EQ(cx, 404);
  CHECK_EQ(di, (unsigned long)p + 4096);
  CHECK_EQ(si, (unsigned long)src + 96);
  CHECK(!memcmp(p + 4000, src, 96));
  // backwards into it
  di = (unsigned long)p + 8192 + 92;
  si = (unsigned long)src + 5000;
  cx = 100;
  got = 0;
  skip = 3;
  __asm__ volatile("std; rep movsq; cld" : "+D"(di), "+S"(si), "+c"(cx) : : "memory");
  __asm__ volatile("cld");
  CHECK_EQ(got, SIGSEGV);
  printf("%lu %lu\n", cx, di - (unsigned long)p);
  // scans and compares
  di = (unsigned long)p;
  cx = 5000;
  got = 0;
  skip = 2;
  __asm__ volatile("repne scasb" : "+D"(di), "+c"(cx) : "a"(0x7f) : "cc", "memory");
  CHECK_EQ(got, SIGSEGV);
  CHECK_EQ(di, (unsigned long)p + 4096);
  CHECK_EQ(cx, 904);
  si = (unsigned long)src;
  di = (unsigned long)src + 256;
  cx = 2000;
  __asm__ volatile("repe cmpsb" : "+D"(di), "+S"(si), "+c"(cx) : : "cc", "memory");
  CHECK_EQ(cx, 0);
  cx = 0;
  unsigned long before = di;
  __asm__ volatile("rep stosb" : "+D"(di), "+c"(cx) : "a"(1) : "memory");
  CHECK_EQ(di, before);
  // the handler maps the page, and the copy goes on
  di = (unsigned long)p + 4000;
  si = (unsigned long)src;
  cx = 500;
  mprotect(p + 4096, 4096, 3);
  __asm__ volatile("rep movsb" : "+D"(di), "+S"(si), "+c"(cx) : : "memory");
  CHECK(!memcmp(p + 4000, src, 500));
}

static void vsyscalls(void) {
  handle_all();
  skip = -1;
  got = 0;
  long (*vtime)(long *) = (long (*)(long *))0xffffffffff600400ul;
  int (*vcpu)(unsigned *, unsigned *, void *) = (int (*)(unsigned *, unsigned *, void *))0xffffffffff600800ul;
  long t = 0;
  if (!sigsetjmp(jump, 1)) {
    CHECK_EQ(vtime(&t), t);
    CHECK(labs(time(NULL) - t) <= 1);
    unsigned cpu = 999;
    CHECK_EQ(vcpu(&cpu, NULL, NULL), 0);
    CHECK(cpu < 999);
    puts("~there");
  } else puts("~not there");
}

static long int80(long nr, long a, long b, long c) {
  long r;
  __asm__ volatile("int $0x80" : "=a"(r) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return r;
}
static void old_entry(void) { // int 0x80 in 64-bit code: 32-bit numbers
  handle_all();
  skip = -1;
  if (sigsetjmp(jump, 1)) { // no CONFIG_IA32_EMULATION
    CHECK_EQ(got, SIGSEGV);
    return;
  }
  long r = int80(20, 0, 0, 0); // getpid
  if (r == -ENOSYS) return;
  CHECK_EQ(r, getpid());
  char *low = mmap(NULL, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  strcpy(low, "by the old entry\n");
  fflush(stdout);
  CHECK_EQ(int80(4, 1, (long)low, 17), 17);
  CHECK_EQ(int80(6, 999, 0, 0), -EBADF);
  register long r8 __asm__("r8") = 77;
  __asm__ volatile("int $0x80" : "=a"(r), "+r"(r8) : "0"(64), "c"(0x123456789l) : "memory");
  CHECK_EQ(r, getppid());
  CHECK_EQ(r8, 77);
}
static void sysenter(void) {
  handle_all();
  skip = -1;
  pid_t k = fork();
  if (!k) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    __asm__ volatile("mov $20, %%eax; mov %%rsp, %%rbp; sysenter" : : : "rax", "memory");
    _exit(0);
  }
  int st = t_wait(k);
  printf("~%d\n", st);
}
static void bad_numbers(void) {
  CHECK_EQ(SYS0(100000), -ENOSYS);
  CHECK_EQ(SYS0(-1l), -ENOSYS);
  CHECK_EQ(SYS0(-38l), -ENOSYS);
  CHECK_EQ(SYS0(0x40000000l | SYS_getpid), -ENOSYS); // x32
  CHECK_EQ(SYS0(0xabcdef0000000000l | SYS_getpid), getpid());
}
static void far_transfers(void) {
  handle_all();
  unsigned long v = 0;
  __asm__ volatile("pushq $0x33; lea 1f(%%rip), %%rax; push %%rax; lretq; ud2; 1: mov $7, %0" : "=r"(v) : : "rax", "memory");
  CHECK_EQ(v, 7);
  __asm__ volatile("mov %%rsp, %%rcx; pushq $0x2b; push %%rcx; pushfq; pushq $0x33; lea 1f(%%rip), %%rax; push %%rax; iretq; ud2; 1: mov $8, %0" : "=r"(v) : : "rax", "rcx", "memory");
  CHECK_EQ(v, 8);
}
T_CASES({ "tsc", tsc }, { "tsc_trap", tsc_trap }, { "leaves", leaves }, { "cpuid_fault", cpuid_fault }, { "randoms", randoms }, { "xcr", xcr }, { "cpu_number", cpu_number },
  { "tables", tables }, { "rtm", rtm }, { "fsgs", fsgs }, { "traps", traps_all }, { "x87_faults", x87_faults }, { "single_step", single_step }, { "flags", flags_ac_id },
 { "strings", strings }, { "vsyscalls", vsyscalls }, { "old_entry", old_entry }, { "sysenter", sysenter }, { "bad_numbers", bad_numbers },
  { "far", far_transfers })
