// Some seconds of work under a debugger: memory that is written again and again, calls, output.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 1 << 20 };
static unsigned *work;
long rounds, rare;

__attribute__((noinline)) void at_start(void) { rare++; }
__attribute__((noinline)) void at_end(void) { rare++; }
__attribute__((noinline)) unsigned often(unsigned x) { return x * 1103515245u + 12345u; }

int main(int argc, char **argv) {
  long n = argc > 1 ? atol(argv[1]) : 1;
  work = malloc(WORDS * sizeof *work);
  memset(work, 0, WORDS * sizeof *work);
  at_start();
  unsigned x = 1;
  for (rounds = 0; rounds < n; rounds++) {
    for (int i = 0; i < 1000000; i++) {
      x = often(x);
      work[x >> 12] += x;
    }
    if (rounds == n / 2) rare = 77;
  }
  printf("x %u\n", x);
  at_end();
  return 0;
}
