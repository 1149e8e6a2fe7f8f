// Nested functions: their trampolines are code on the stack, which is therefore executable.
// rr-test: cflags="-Wno-pedantic -O0"
#include "guest/t.h"
static int apply(int (*f)(int), int n) {
  int s = 0;
  for (int i = 0; i < n; i++) s += f(i);
  return s;
}
static int level(int d) {
  int local = d;
  int add(int x) { return x * local + 1; }
  return d ? apply(add, 5) + level(d - 1) : apply(add, 3);
}
int main(void) {
  for (int i = 0; i < 200; i++) level(10);
  printf("%d\n", level(20));
  return 0;
}
