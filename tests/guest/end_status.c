// Exit statuses of the recorded program itself, by return, exit, _exit and the raw call.
// rr-test: name=0 args=0
// rr-test: name=1 args=1 status=1
// rr-test: name=42 args=42 status=42
// rr-test: name=255 args=255 status=255
// rr-test: name=127 args=127 status=127
#include "guest/t.h"
int main(int c, char **v) {
  int s = atoi(v[c - 1]);
  printf("leaving with %d\n", s);
  if (s == 1) return 1;
  if (s == 42) exit(42);
  fflush(stdout);
  if (s == 255) _exit(-1);
  return (int)syscall(SYS_exit_group, s);
}
