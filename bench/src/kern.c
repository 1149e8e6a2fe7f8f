// kern NAME [SIZE]: small single-thread kernels, each prints one deterministic line.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/syscall.h>

static uint64_t s = 88172645463325252ull;
static uint32_t rnd(void) {
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return (uint32_t)(s >> 20);
}

static uint64_t sieve(long n) {
  uint64_t c = 0;
  for (int rep = 0; rep < 6; rep++) {
    unsigned char *p = calloc(1, (size_t)n + 1);
    for (long i = 2; i * i <= n; i++)
      if (!p[i])
        for (long k = i * i; k <= n; k += i) p[k] = 1;
    for (long i = 2; i <= n; i++) c += !p[i];
    free(p);
  }
  return c;
}
__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) static long fib(long n) {
  if (n < 2) return n;
  return fib(n - 1) + fib(n - 2);
}
static int cmp(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}
static uint64_t sorting(long n) {
  uint32_t *v = malloc((size_t)n * 4);
  uint64_t r = 0;
  for (int rep = 0; rep < 1; rep++) {
    for (long i = 0; i < n; i++) v[i] = rnd();
    qsort(v, (size_t)n, 4, cmp);
    r += v[n / 2];
  }
  free(v);
  return r;
}
#define OP(k) \
  __attribute__((noinline)) static uint64_t op##k(uint64_t a) { return a * (2 * k + 1) + (a >> (k + 3)); }
OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7) static uint64_t indirect(long n) {
  uint64_t (*volatile t[8])(uint64_t) = { op0, op1, op2, op3, op4, op5, op6, op7 };
  uint64_t a = 1;
  for (long i = 0; i < n; i++) a = t[(a >> 7) & 7](a ^ (uint64_t)i);
  return a;
}
static uint64_t copying(long n) {
  size_t m = 8u << 20;
  unsigned char *a = malloc(m), *b = malloc(m);
  for (size_t i = 0; i < m; i++) a[i] = (unsigned char)rnd();
  uint64_t r = 0;
  for (long i = 0; i < n; i++) {
    size_t off = rnd() % 4096, len = 1 + rnd() % (i % 16 ? 2000 : 1000000);
    memcpy(b + off, a + 2 * off, len);
    r += b[off + len / 2];
  }
  return r;
}
static uint64_t matmul(long n) {
  double *a = malloc(8 * (size_t)(n * n)), *b = malloc(8 * (size_t)(n * n)), *c = calloc(8, (size_t)(n * n));
  for (long i = 0; i < n * n; i++) {
    a[i] = rnd() % 100;
    b[i] = rnd() % 100;
  }
  for (long i = 0; i < n; i++)
    for (long k = 0; k < n; k++) {
      double x = a[i * n + k];
      for (long j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j];
    }
  double t = 0;
  for (long i = 0; i < n * n; i++) t += c[i];
  return (uint64_t)t;
}
static uint64_t getpp(long n) {
  uint64_t r = 0;
  for (long i = 0; i < n; i++) r += syscall(SYS_getppid) != 0;
  return r;
}
static uint64_t read1(long n) {
  int fd = open("/dev/zero", O_RDONLY);
  char c = 1;
  uint64_t r = 0;
  for (long i = 0; i < n; i++) r += read(fd, &c, 1) == 1;
  return r;
}

int main(int c, char **v) {
  static const struct {
    const char *n;
    uint64_t (*f)(long);
    long d;
  } k[] = {
    { "sieve", sieve, 30000000 },
    { "qsort", sorting, 5000000 },
    { "indirect", indirect, 150000000 },
    { "memcpy", copying, 1500000 },
    { "matmul", matmul, 1400 },
    { "getppid", getpp, 1000000 },
    { "read1", read1, 1000000 },
  };
  if (c < 2) return 2;
  if (!strcmp(v[1], "fib")) {
    printf("fib %ld\n", fib(c > 2 ? atol(v[2]) : 41));
    return 0;
  }
  for (size_t i = 0; i < sizeof k / sizeof *k; i++)
    if (!strcmp(v[1], k[i].n)) {
      printf("%s %llu\n", v[1], (unsigned long long)k[i].f(c > 2 ? atol(v[2]) : k[i].d));
      return 0;
    }
  return 2;
}
