// Faults in the middle of wide instructions: a gather that meets an unmapped page goes on after the handler mapped it; masked stores; rep with both.
// rr-test: cflags=-mavx2
#include "guest/t.h"
#include <immintrin.h>
static volatile int faults;
static void h(int s, siginfo_t *i, void *u) {
  (void)s, (void)u;
  faults++;
  CHECK_EQ(mprotect((void *)((uintptr_t)i->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE), 0);
}
int main(void) {
  if (!__builtin_cpu_supports("avx2")) {
    puts("ok");
    return 0;
  }
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGSEGV, &a, NULL);
  char *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 16; i++) *(int *)(p + i * 4096) = i + 1;
  for (int i = 1; i < 16; i += 2) mprotect(p + i * 4096, 4096, PROT_NONE);
  __m256i idx = _mm256_setr_epi32(0, 4096, 8192, 12288, 16384, 20480, 24576, 28672);
  __m256i g = _mm256_i32gather_epi32((int *)p, idx, 1);
  int out[8];
  _mm256_storeu_si256((__m256i *)out, g);
  for (int i = 0; i < 8; i++) CHECK_EQ(out[i], i + 1);
  CHECK(faults >= 4);
  // a masked store beside an unmapped page does not fault
  int before = faults;
  _mm256_maskstore_epi32((int *)(p + 9 * 4096 - 16), _mm256_setr_epi32(-1, -1, -1, -1, 0, 0, 0, 0), g);
  CHECK_EQ(faults, before);
  _mm256_maskstore_epi32((int *)(p + 9 * 4096 - 16), _mm256_setr_epi32(-1, -1, -1, -1, -1, 0, 0, 0), g);
  CHECK_EQ(faults, before + 1);
  CHECK_EQ(*(int *)(p + 9 * 4096), 5);
  // rep movs through pages that open one by one
  for (int i = 10; i < 16; i++) mprotect(p + i * 4096, 4096, PROT_NONE);
  before = faults;
  memset(p, 7, 5 * 4096);
  void *di = p + 10 * 4096 + 100, *si = p + 3;
  long n = 5 * 4096;
  __asm__ volatile("rep movsb" : "+D"(di), "+S"(si), "+c"(n)::"memory");
  CHECK_EQ(n, 0);
  CHECK_EQ(faults, before + 6);
  for (int i = 0; i < 5 * 4096 - 3; i++) CHECK_EQ(p[10 * 4096 + 100 + i], 7);
  puts("ok");
  return 0;
}
