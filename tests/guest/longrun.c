// Seconds of plain computing with a few system calls between: slices end many times, nothing may drift.
// rr-test: timeout=60 modes=quick
#include "guest/t.h"
int main(void) {
  uint64_t x = 42, s = 0;
  double a = t_now();
  int n = 0;
  while (n < 40) {
    for (int i = 0; i < 8000000; i++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      s += x >> 60;
    }
    n++;
    (void)getppid();
  }
  printf("%d %lu\n", n, (unsigned long)s);
  printf("~%.3f s\n", t_now() - a);
  return 0;
}
