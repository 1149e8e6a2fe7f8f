// nondet clock|rdrand: prints what no two runs share, so a replay that prints the same line has truly replayed.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
static uint64_t h = 1469598103934665603ull;
static void mix(uint64_t v) {
  h = (h ^ v) * 1099511628211ull;
  h ^= h >> 29;
}
int main(int c, char **v) {
  if (c > 1 && !strcmp(v[1], "rdrand")) {
    for (int i = 0; i < 20000; i++) {
      unsigned long long r;
      unsigned char ok;
      __asm__ volatile("rdrand %0; setc %1" : "=r"(r), "=qm"(ok));
      if (ok) mix(r);
    }
  } else {
    for (int i = 0; i < 100000; i++) {
      uint32_t a, d, x;
      struct timespec t;
      __asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
      mix(a | (uint64_t)d << 32);
      __asm__ volatile("rdtscp" : "=a"(a), "=d"(d), "=c"(x));
      mix(a | (uint64_t)d << 32);
      clock_gettime(CLOCK_MONOTONIC, &t);
      mix((uint64_t)t.tv_nsec);
      if (i % 1000 == 0) {
        uint64_t r;
        if (getrandom(&r, sizeof r, 0) == sizeof r) mix(r);
      }
    }
    mix((uint64_t)getpid());
    mix((uint64_t)(uintptr_t)&c);
    mix((uint64_t)(uintptr_t)malloc(100));
    mix(*(uint64_t *)getauxval(AT_RANDOM));
  }
  printf("%016llx\n", (unsigned long long)h);
  return 0;
}
