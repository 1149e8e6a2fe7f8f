// Big frames, the stack growing far down by page faults, deep recursion, alloca.
#include "guest/t.h"
#include <alloca.h>
#include <sys/resource.h>
static __attribute__((noinline)) long deep(long n) {
  volatile char pad[900];
  pad[0] = (char)n;
  pad[899] = 1;
  return n ? deep(n - 1) + pad[0] * 0 + 1 : 0;
}
static __attribute__((noinline)) int big(void) {
  volatile char b[4 << 20];
  for (size_t i = 0; i < sizeof b; i += 4096) b[i] = 1;
  b[10] = 3;
  return b[10];
}
static __attribute__((noinline)) int far_first(void) {
  volatile char b[3 << 20];
  b[0] = 7;
  return b[0];
} // lowest address touched first
int main(void) {
  CHECK_EQ(far_first(), 7);
  CHECK_EQ(deep(5000), 5000);
  CHECK_EQ(big(), 3);
  char *p = alloca(200000);
  memset(p, 1, 200000);
  struct rlimit r;
  CHECK_EQ(getrlimit(RLIMIT_STACK, &r), 0);
  printf("ok\n");
  return 0;
}
