// Plain computing with many shapes of loops and calls; the answer was computed natively.
#include "guest/t.h"
static uint64_t x = 88172645463325252ull;
static uint64_t rnd(void) {
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}
static long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int cmp(const void *a, const void *b) {
  uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
  return (p > q) - (p < q);
}
static long ack(long m, long n) { return !m ? n + 1 : !n ? ack(m - 1, 1) : ack(m - 1, ack(m, n - 1)); }
int main(void) {
  static uint64_t v[50000];
  for (int i = 0; i < 50000; i++) v[i] = rnd();
  qsort(v, 50000, 8, cmp);
  for (int i = 1; i < 50000; i++) CHECK(v[i - 1] <= v[i]);
  static unsigned char sv[200001];
  long primes = 0;
  for (long i = 2; i <= 200000; i++) {
    if (!sv[i]) {
      primes++;
      for (long k = i * i; k <= 200000; k += i) sv[k] = 1;
    }
  }
  double m = 0;
  for (int i = 1; i < 100000; i++) m += 1.0 / i / i;
  printf("%016lx %ld %ld %ld %.12f\n", (unsigned long)v[777], primes, fib(24), ack(2, 300), m);
  return 0;
}
