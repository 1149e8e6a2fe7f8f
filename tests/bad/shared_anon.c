// MAP_SHARED | MAP_ANONYMOUS with a forked child that only reads it after the parent wrote (no race): must be right, or refused by name.
#include "guest/t.h"
int main(void) {
  volatile int *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(s != MAP_FAILED);
  s[0] = 41;
  int p[2];
  CHECK_EQ(pipe(p), 0);
  pid_t c = fork();
  if (c == 0) {
    char x;
    (void)!read(p[0], &x, 1);
    s[1] = s[0] + 1;
    _exit(s[0] == 42 ? 0 : 9);
  }
  s[0] = 42;
  CHECK_EQ(write(p[1], "x", 1), 1);
  CHECK_EQ(t_wait(c), 0);
  printf("%d\n", s[1]);
  return 0;
}
