// rr-test: timeout=60
// Every kind of instruction that touches memory, on memory that another process writes at the same time: what it does to that
// memory and to the registers is what it does to private memory. (The other process writes bytes that nobody here looks at.)
#include "guest/t.h"
#include <immintrin.h>
#include <sched.h>
#include <sys/wait.h>

enum { SIZE = 16384, PART = 4096 };
static unsigned char *s, *p;         // shared and private, the same contents
#define BOTH(code) do { unsigned char *m = s; code; m = p; code; CHECK_EQ(memcmp(s, p, PART), 0); } while (0)
#define SAME(type, code) do { type r_[2]; unsigned char *m = s; r_[0] = (type)(code); m = p; r_[1] = (type)(code); CHECK(!memcmp(&r_[0], &r_[1], sizeof r_[0])); CHECK_EQ(memcmp(s, p, PART), 0); } while (0)

static void fill(unsigned seed) {
  for (int i = 0; i < PART; i++) { seed = seed * 1664525 + 1013904223; p[i] = (unsigned char)(seed >> 24); }
  memcpy(s, p, PART);
  CHECK_EQ(memcmp(s, p, PART), 0);
}

static uint64_t flags_of(uint64_t f) { return f & 0x8d5; }
#define ALU(op, T, c) \
  SAME(uint64_t, ({ uint64_t f; T v = (T)0x8123456789abcdefull; __asm__ volatile("cmpq %%rsp, %%rsp\n clc\n" op " %1, %2\n pushfq\n pop %0" : "=r"(f), "+r"(v), "+m"(*(T *)(m + 64)) : : "cc", "memory"); flags_of(f) ^ v; })); \
  SAME(uint64_t, ({ uint64_t f; T v = (T)0x8123456789abcdefull; __asm__ volatile("cmpq %%rsp, %%rsp\n stc\n" op " %2, %1\n pushfq\n pop %0" : "=r"(f), "+r"(v), "+m"(*(T *)(m + 72)) : : "cc", "memory"); flags_of(f) ^ v; }))
#define ALUS(T, s_) ALU("add" s_, T, 0); ALU("adc" s_, T, 0); ALU("sub" s_, T, 0); ALU("sbb" s_, T, 0); ALU("and" s_, T, 0); ALU("or" s_, T, 0); ALU("xor" s_, T, 0); ALU("cmp" s_, T, 0); ALU("mov" s_, T, 0)
#define ONE(op, T) SAME(uint64_t, ({ uint64_t f; __asm__ volatile("cmpq %%rsp, %%rsp\n stc\n" op " %1\n pushfq\n pop %0" : "=r"(f), "+m"(*(T *)(m + 80)) : : "cc", "memory"); flags_of(f); }))
#define ONES(T, s_) ONE("inc" s_, T); ONE("dec" s_, T); ONE("neg" s_, T); ONE("not" s_, T); ONE("lock incl", uint32_t); ONE("lock neg" s_, T); ONE("lock not" s_, T)

__attribute__((noinline)) static void integers(void) {
  fill(1);
  ALUS(uint64_t, "q"); ALUS(uint32_t, "l"); ALUS(uint16_t, "w"); ALUS(uint8_t, "b");
  ONES(uint64_t, "q"); ONES(uint32_t, "l"); ONES(uint16_t, "w"); ONES(uint8_t, "b");
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("movzbl %1, %k0" : "=r"(r) : "m"(m[5])); r; }));
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("movswq %1, %0" : "=r"(r) : "m"(*(short *)(m + 6))); r; }));
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("movslq %1, %0" : "=r"(r) : "m"(*(int *)(m + 8))); r; }));
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("imulq %1, %0" : "=r"(r) : "m"(*(long *)(m + 8)), "0"(77)); r; }));
  SAME(uint64_t, ({ uint64_t a = 3, d = 0; __asm__ volatile("mulq %2" : "+a"(a), "+d"(d) : "m"(*(long *)(m + 8))); a ^ d; }));
  SAME(uint64_t, ({ uint64_t a = 99999, d = 0; __asm__ volatile("divq %2" : "+a"(a), "+d"(d) : "m"(*(long *)(m + 8))); a ^ d; }));
  SAME(uint64_t, ({ uint64_t r = 5; __asm__ volatile("cmovnzq %1, %0" : "+r"(r) : "m"(*(long *)(m + 16))); r; }));
  BOTH(__asm__ volatile("shll $3, %0\n rorw $5, %1\n sarq %%cl, %2\n rclb $1, %1" : "+m"(*(int *)(m + 20)), "+m"(*(short *)(m + 24)), "+m"(*(long *)(m + 32)) : "c"(9)));
  BOTH(__asm__ volatile("shldq $7, %1, %0" : "+m"(*(long *)(m + 32)) : "r"(0x1234567812345678l)));
  BOTH(__asm__ volatile("setb %0\n sete 1+%0" : "+m"(m[40])));
  BOTH(__asm__ volatile("btsq %1, %0" : "+m"(*(long *)(m + 512)) : "r"(777l) : "memory"));
  BOTH(__asm__ volatile("lock btcq %1, %0" : "+m"(*(long *)(m + 512)) : "r"(-333l) : "memory"));
  BOTH(__asm__ volatile("lock btrq $5, %0" : "+m"(*(long *)(m + 512))));
  SAME(uint64_t, ({ uint64_t r = 9; __asm__ volatile("xaddq %0, %1" : "+r"(r), "+m"(*(long *)(m + 48))); r; }));
  SAME(uint64_t, ({ uint64_t r = 9; __asm__ volatile("lock xaddq %0, %1" : "+r"(r), "+m"(*(long *)(m + 48))); r; }));
  SAME(uint64_t, ({ uint16_t r = 9; __asm__ volatile("xchgw %0, %1" : "+r"(r), "+m"(*(short *)(m + 48))); r; }));
  SAME(uint64_t, ({ uint64_t a = 1; __asm__ volatile("lock cmpxchgq %2, %1" : "+a"(a), "+m"(*(long *)(m + 48)) : "r"(5l)); a; }));
  SAME(uint64_t, ({ uint64_t a = 1; __asm__ volatile("cmpxchgb %b2, %1" : "+a"(a), "+m"(m[49]) : "r"(5l)); a; }));
  SAME(uint64_t, ({ uint64_t a = 1, d = 2; __asm__ volatile("cmpxchg8b %2" : "+a"(a), "+d"(d), "+m"(*(long *)(m + 96)) : "b"(1), "c"(2)); a ^ d; }));
  SAME(uint64_t, ({ uint64_t a = 1, d = 2; __asm__ volatile("lock cmpxchg16b %2\n lock cmpxchg16b %2" : "+a"(a), "+d"(d), "+m"(*(__int128 *)(m + 96)) : "b"(1), "c"(2)); a ^ d; }));
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("movbeq %1, %0" : "=r"(r) : "m"(*(long *)(m + 99))); r; }));
  SAME(uint64_t, ({ uint64_t r; __asm__ volatile("movl %%fs:0, %k0\n xor %k0, %k0\n pushq %1\n popq %0\n pushq %0\n popq 8+%1" : "=&r"(r), "+m"(*(long *)(m + 104)) : : "memory"); r; }));
}

__attribute__((noinline)) static void strings(void) {
  fill(2);
  for (int n = 0; n < 300; n += 37) {
    SAME(uint64_t, ({ void *d = m + 1000, *q = m + 10; long c = n; __asm__ volatile("rep movsb" : "+D"(d), "+S"(q), "+c"(c) : : "memory"); (unsigned char *)d - m; }));
    SAME(uint64_t, ({ void *d = m + 2000; long c = n / 8; __asm__ volatile("rep stosq" : "+D"(d), "+c"(c) : "a"(n * 0x123456789l) : "memory"); (unsigned char *)d - m; }));
    SAME(uint64_t, ({ void *d = m + 900, *q = m + 901; long c = n; __asm__ volatile("std\n rep movsb\n cld" : "+D"(d), "+S"(q), "+c"(c) : : "memory"); (unsigned char *)d - m; }));
    SAME(uint64_t, ({ void *d = m + 3000, *q = p + n; long c = 20; __asm__ volatile("rep movsl" : "+D"(d), "+S"(q), "+c"(c) : : "memory"); (unsigned char *)d - m; }));
    SAME(uint64_t, ({ void *d = m + n; long c = -1; __asm__ volatile("repne scasb" : "+D"(d), "+c"(c) : "a"(0) : "memory"); c; }));
    SAME(uint64_t, ({ void *d = m + n, *q = p + n; long c = 100; __asm__ volatile("repe cmpsb" : "+D"(d), "+S"(q), "+c"(c) : : "memory"); c; }));
    SAME(uint64_t, ({ void *q = m + n; long a; __asm__ volatile("lodsq\n" : "=a"(a), "+S"(q) : : "memory"); a; }));
    BOTH(({ void *d = m + n, *q = m + 40; __asm__ volatile("movsq\n movsw\n stosb" : "+D"(d), "+S"(q) : "a"(7) : "memory"); }));
    SAME(uint64_t, ({ long a = n & 0xff; __asm__ volatile("xlat" : "+a"(a) : "b"(m)); a; }));
  }
  char buf[600];
  BOTH(memcpy(buf, m + 7, 555); memmove(m + 3, m + 5, 500); memset(m + 600, 3, 77); m[800] = 0; CHECK(memchr(m, 3, PART) != NULL); strlen((char *)m));
}

__attribute__((noinline, target("sse4.1"))) static void sse(void) {
  fill(3);
  BOTH(_mm_storeu_si128((void *)(m + 17), _mm_add_epi8(_mm_loadu_si128((void *)(m + 33)), _mm_load_si128((void *)(m + 64)))));
  BOTH(_mm_stream_si128((void *)(m + 128), _mm_load_si128((void *)(m + 64))); _mm_sfence());
  BOTH(_mm_stream_si64((void *)(m + 160), 0x123456789l); _mm_stream_si32((void *)(m + 168), 77); _mm_sfence());
  BOTH(_mm_maskmoveu_si128(_mm_set1_epi8(5), _mm_load_si128((void *)(m + 64)), (char *)m + 200));
  BOTH(_mm_storel_epi64((void *)(m + 240), _mm_loadl_epi64((void *)(m + 7))); _mm_storeh_pd((void *)(m + 248), _mm_loadh_pd(_mm_setzero_pd(), (void *)(m + 99))));
  BOTH(__asm__ volatile("movss %1, %%xmm1\n addss %1, %%xmm1\n movss %%xmm1, %0" : "=m"(*(float *)(m + 260)) : "m"(*(float *)(m + 268)) : "xmm1"));
  BOTH(__asm__ volatile("cvtsi2sdq %1, %%xmm1\n movsd %%xmm1, %0\n pextrw $3, %%xmm1, 8+%0\n" : "=m"(*(double *)(m + 272)) : "m"(*(long *)(m + 268)) : "xmm1"));
  BOTH(__asm__ volatile("fldt %1\n fstpt %0\n fildl %1\n fistpq 16+%0\n fldl 300+%1\n fstps 32+%0\n fbld 64+%1\n fbstp 64+%0\n fnstcw 80+%0\n fldcw 80+%0\n stmxcsr 84+%0\n ldmxcsr 84+%0" : "+m"(*(char (*)[128])(m + 304)) : "m"(*(char (*)[128])(m + 304)) : "st", "memory"));
  BOTH(({ static char area[512] __attribute__((aligned(16))); __asm__ volatile("fxsave %0" : "=m"(area)); memset(m + 1024, 0, 512); __asm__ volatile("fxsave %0\n fxrstor %0" : "+m"(*(char (*)[512])(m + 1024))); memset(m + 1024, 0, 512); }));
}

__attribute__((noinline, target("avx2"))) static void avx(void) {
  fill(4);
  BOTH(_mm256_storeu_si256((void *)(m + 17), _mm256_add_epi8(_mm256_loadu_si256((void *)(m + 33)), _mm256_load_si256((void *)(m + 64)))));
  BOTH(_mm256_stream_si256((void *)(m + 512), _mm256_load_si256((void *)(m + 64))); _mm_sfence());
  BOTH(_mm256_maskstore_epi32((void *)(m + 600), _mm256_setr_epi32(-1, 0, 0, -1, -1, 0, 0, -1), _mm256_load_si256((void *)(m + 64))));
  BOTH(_mm256_storeu_si256((void *)(m + 640), _mm256_maskload_epi32((void *)(m + 600), _mm256_setr_epi32(-1, 0, 0, -1, -1, 0, 0, -1))));
  BOTH(_mm256_storeu_si256((void *)(m + 700), _mm256_i32gather_epi32((void *)m, _mm256_setr_epi32(0, 5, 77, 3, 9, 100, 256, 9), 4)));
  BOTH(_mm256_storeu_si256((void *)(m + 740), _mm256_i64gather_epi64((void *)m, _mm256_setr_epi64x(0, 5, 77, 300), 8)));
  BOTH(_mm256_storeu_ps((void *)(m + 780), _mm256_broadcast_ss((void *)(m + 64))); _mm_storeu_si128((void *)(m + 820), _mm256_extracti128_si256(_mm256_broadcastsi128_si256(_mm_load_si128((void *)(m + 64))), 1)));
}

__attribute__((noinline, target("avx512f,avx512bw,avx512vl"))) static void avx512(void) {
  fill(5);
  BOTH(_mm512_storeu_si512((void *)(m + 17), _mm512_add_epi32(_mm512_loadu_si512((void *)(m + 33)), _mm512_load_si512((void *)(m + 64)))));
  BOTH(_mm512_mask_storeu_epi8((void *)(m + 600), 0x123456789abcdefull, _mm512_load_si512((void *)(m + 64))));
  BOTH(_mm512_storeu_si512((void *)(m + 700), _mm512_maskz_loadu_epi8(0xf0f0f0f012345678ull, (void *)(m + 64))));
  BOTH(_mm512_storeu_si512((void *)(m + 800), _mm512_i32gather_epi32(_mm512_set1_epi32(3), (void *)m, 4)));
  BOTH(_mm512_i32scatter_epi32((void *)m, _mm512_setr_epi32(0, 50, 77, 3, 9, 100, 256, 11, 12, 13, 14, 15, 16, 17, 18, 19), _mm512_load_si512((void *)(m + 64)), 4));
  BOTH(_mm512_storeu_si512((void *)(m + 900), _mm512_mask_add_epi32(_mm512_setzero_si512(), 0x1234, _mm512_set1_epi32(1), _mm512_set1_epi32(*(int *)(m + 64)))));
}

static int callee(int a) { return a * 3 + 1; }
// Calls, jumps, returns and a whole stack in shared memory.
__attribute__((noinline)) static void transfers(void) {
  int (**f)(int) = (void *)(s + 2048);
  f[0] = f[1] = callee;
  CHECK_EQ(f[1](5), 16);
  memset(f, 0, 16);
  long r;
  __asm__ volatile("movq %%rsp, %%rbx\n leaq 3072(%1), %%rsp\n leaq 1f(%%rip), %%rax\n movq %%rax, 2048(%1)\n jmp *2048(%1)\n ud2\n1: callq 2f\n jmp 3f\n2: pushq $77\n popq %0\n pushfq\n popfq\n enter $32, $0\n movl $5, -8(%%rbp)\n addl -8(%%rbp), %k0\n leave\n ret $0\n3: movq %%rbx, %%rsp"
                   : "=&r"(r) : "r"(s) : "rax", "rbx", "memory", "cc");
  CHECK_EQ(r, 82);
  memset(s + 2048, 0, 1024);
}

// Across the border of two pages, and faults: what is not there, what may not be written, with exact registers and memory.
static volatile int hits;
static void on_fault(int sig, siginfo_t *i, void *u) {
  (void)u;
  CHECK(sig == SIGSEGV || sig == SIGBUS);
  hits++;
  long page = ((unsigned char *)i->si_addr - s) / 4096;
  CHECK_EQ(page, 3);
  CHECK_EQ(mprotect(s + 3 * 4096, 4096, PROT_READ | PROT_WRITE), 0);
}
__attribute__((noinline)) static void borders(void) {
  struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
  sigaction(SIGSEGV, &a, NULL);
  for (int k = 1; k < 8; k++) *(volatile uint64_t *)(s + 3 * 4096 - k) = 0x0102030405060708ull * (unsigned)k;
  for (int k = 1; k < 8; k++) __atomic_fetch_add(s + 3 * 4096 - k, 1, __ATOMIC_SEQ_CST);
  CHECK_EQ(s[3 * 4096 - 7], 0x38 + 1);
  for (int n = 0; n < 5; n++) {
    CHECK_EQ(mprotect(s + 3 * 4096, 4096, n < 3 ? PROT_READ : PROT_NONE), 0);
    if (n == 0) *(volatile int *)(s + 3 * 4096) = 5;
    if (n == 1) memset(s + 3 * 4096 - 100, 7, 200);
    if (n == 2) __atomic_fetch_add((int *)(s + 3 * 4096 + 8), 5, __ATOMIC_SEQ_CST);
    if (n == 3) CHECK_EQ(*(volatile unsigned char *)(s + 3 * 4096 + 50), 7);
    if (n == 4) { void *d = p, *q = s + 3 * 4096 - 50; long c = 100; __asm__ volatile("rep movsb" : "+D"(d), "+S"(q), "+c"(c) : : "memory"); CHECK_EQ(c, 0); CHECK_EQ(p[99], 7); }
  }
  CHECK_EQ(hits, 5);
  CHECK_EQ(*(int *)(s + 3 * 4096 + 8), 0x0707070c);
  CHECK_EQ(mprotect(s + 3 * 4096, 4096, PROT_READ), 0);
  CHECK_EQ(*(volatile unsigned char *)(s + 3 * 4096 + 50), 7);
}

int main(void) {
  s = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(s != MAP_FAILED && p != MAP_FAILED);
  volatile unsigned char *noise = s + 2 * 4096;
  pid_t parent = getpid(), c = fork();
  if (!c) {
    for (unsigned i = 0; !noise[0]; i++) { noise[64 + i % 64] = (unsigned char)i; if (i % 1000 == 0) { sched_yield(); if (getppid() != parent) break; } }
    _exit(0);
  }
  integers();
  strings();
  sse();
  if (__builtin_cpu_supports("avx2")) avx();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) avx512();
  transfers();
  unsigned sum = 0;
  for (int i = 0; i < 5000; i++) sum = sum * 31 + noise[64 + i % 64];
  printf("~ noise %u\n", sum);
  noise[0] = 1;
  CHECK_EQ(t_wait(c), 0);
  borders();
  printf("done\n");
  return 0;
}
