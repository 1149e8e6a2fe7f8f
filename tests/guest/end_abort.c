// The recorded program itself dies by SIGABRT: record and replay end the same way, with everything written before.
// rr-test: signal=ABRT
#include "guest/t.h"
#include <sys/resource.h>
int main(void) {
  struct rlimit r = { 0, 0 };
  setrlimit(RLIMIT_CORE, &r);
  printf("before\n");
  fflush(stdout);
  abort();
  printf("after\n");
  return 0;
}
