// Reads its standard input to the end; the replay must not need it.
// rr-test: stdin="text:first line\nsecond line\nthird"
#include "guest/t.h"
int main(void) {
  char b[100];
  int n = 0;
  while (fgets(b, sizeof b, stdin)) printf("%d: %s\n", ++n, b);
  CHECK_EQ(n, 3);
  return 0;
}
