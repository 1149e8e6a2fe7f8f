// Computes for some seconds.
#include <stdio.h>
int main(void) {
  unsigned x = 1;
  for (unsigned long i = 0; i < 1500000000ul; i++) {
    x = x * 1103515245 + 12345;
    if (x == 77) x++;
  }
  printf("%u\n", x);
  return 0;
}
