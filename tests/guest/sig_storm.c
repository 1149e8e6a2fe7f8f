// Two processes throw signals at each other as fast as they can, while computing something whose result must not change.
// rr-test: timeout=40
#include "guest/t.h"
static volatile int hits;
static void h(int s) {
  (void)s;
  hits++;
}
static uint64_t work(void) {
  uint64_t x = 1, r = 0;
  for (int i = 0; i < 300000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    r += x & 255;
    if (i % 1000 == 0) (void)getppid();
  }
  return r;
}
int main(void) {
  struct sigaction a = { .sa_handler = h, .sa_flags = SA_RESTART };
  sigaction(SIGUSR1, &a, NULL);
  sigaction(SIGRTMIN, &a, NULL);
  uint64_t want = work();
  pid_t me = getpid(), c = fork();
  if (c == 0) {
    for (int i = 0; i < 2000; i++) {
      kill(me, i & 1 ? SIGUSR1 : SIGRTMIN);
      if (i % 16 == 0) usleep(100);
    }
    _exit(work() == want ? 0 : 1);
  }
  int st;
  while (waitpid(c, &st, WNOHANG) == 0) {
    CHECK_EQ(work(), want);
    kill(c, SIGUSR1);
  }
  CHECK_EQ(st, 0);
  CHECK(hits > 0);
  printf("~%d hits\n", hits);
  printf("%lu\n", (unsigned long)want);
  return 0;
}
