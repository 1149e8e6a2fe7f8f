// A pseudo terminal: sizes, modes, canonical and raw input, echo, signals from control characters, sessions, hang-up.
// rr-test: stdin=t.h
#include "guest/t.h"
#include <sys/ioctl.h>
#include <termios.h>
static void rd(int m, char *b, const char *end) {
  size_t n = 0;
  while (!n || !strstr(b, end)) {
    ssize_t k = read(m, b + n, 900 - n);
    CHECK(k > 0);
    n += (size_t)k;
    b[n] = 0;
  }
}
int main(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(m >= 0);
  CHECK_EQ(grantpt(m), 0);
  CHECK_EQ(unlockpt(m), 0);
  char *name = ptsname(m);
  CHECK(name);
  struct winsize w = { 24, 80, 0, 0 };
  CHECK_EQ(ioctl(m, TIOCSWINSZ, &w), 0);
  CHECK_EQ(isatty(m), 1);
  CHECK_EQ(isatty(0), 0);
  char b[1000];
  pid_t c = fork();
  if (c == 0) {
    setsid();
    int s = open(name, O_RDWR);
    CHECK(s >= 0);
    CHECK(ioctl(s, TIOCSCTTY, 0) == 0 || errno == EPERM);
    dup2(s, 0);
    dup2(s, 1);
    dup2(s, 2);
    CHECK_EQ(isatty(0), 1);
    CHECK_EQ(tcgetpgrp(0), getpid());
    CHECK_EQ(tcgetsid(0), getpid());
    struct winsize z;
    CHECK_EQ(ioctl(0, TIOCGWINSZ, &z), 0);
    CHECK(z.ws_row == 24 && z.ws_col == 80);
    char l[100];
    dprintf(1, "ready\n");
    ssize_t n = read(0, l, 100);
    CHECK_EQ(n, 6);
    CHECK(!memcmp(l, "hello\n", 6));
    struct termios t;
    CHECK_EQ(tcgetattr(0, &t), 0);
    CHECK(t.c_lflag & ICANON);
    struct termios raw = t;
    cfmakeraw(&raw);
    CHECK_EQ(tcsetattr(0, TCSANOW, &raw), 0);
    dprintf(1, "raw\n");
    CHECK_EQ(read(0, l, 1), 1);
    CHECK_EQ(l[0], 'k');
    CHECK_EQ(tcsetattr(0, TCSAFLUSH, &t), 0);
    pid_t g = fork();
    if (g == 0) {
      setpgid(0, 0);
      signal(SIGTTOU, SIG_IGN);
      CHECK_EQ(tcsetpgrp(0, getpid()), 0);
      signal(SIGTTOU, SIG_DFL);
      dprintf(1, "interrupt me\n");
      for (;;) pause();
    }
    CHECK_EQ(t_wait(g), 1000 + SIGINT);
    signal(SIGTTOU, SIG_IGN);
    CHECK_EQ(tcsetpgrp(0, getpid()), 0);
    int fl;
    CHECK_EQ(ioctl(0, FIONREAD, &fl), 0);
    dprintf(1, "done\n");
    CHECK_EQ(tcdrain(1), 0);
    _exit(0);
  }
  rd(m, b, "ready");
  CHECK_EQ(write(m, "hexlo\b\b\b", 0), 0);
  CHECK_EQ(write(m, "hez\177llo\n", 8), 8);
  rd(m, b, "raw");
  CHECK_EQ(write(m, "k", 1), 1);
  rd(m, b, "interrupt me");
  usleep(20000);
  CHECK_EQ(write(m, "\3", 1), 1);
  rd(m, b, "done");
  CHECK_EQ(t_wait(c), 0);
  ssize_t k;
  while ((k = read(m, b, sizeof b)) > 0) {}
  CHECK(k == -1 && errno == EIO);
  CHECK_ERR(ioctl(0, TCGETS, b), ENOTTY);
  puts("ok");
  return 0;
}
