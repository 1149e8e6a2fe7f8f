// back [N]: about two seconds of branchy work between main's entry and at_end(), for backwards debugging.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
volatile uint64_t seen;
static uint64_t tab[4096];
__attribute__((noinline)) void at_end(void) { seen++; }
__attribute__((noinline)) static uint64_t step(uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  if (x & 4) tab[x & 4095] += x;
  else tab[(x >> 9) & 4095] ^= x;
  return x;
}
int main(int c, char **v) {
  long n = c > 1 ? atol(v[1]) : 700000000;
  uint64_t x = 42;
  for (long i = 0; i < n; i++) x = step(x);
  at_end();
  printf("%llu\n", (unsigned long long)(x ^ tab[17]));
  return 0;
}
