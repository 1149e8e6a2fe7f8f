// Terminals: job control, interrupt, hang-up.
// rr-test: cflags="-lutil"
#include "guest/t.h"
#include <sys/resource.h>
#include <pty.h>
#include <termios.h>
#include <sys/ioctl.h>
#include <poll.h>
int main() {
  int m;
  char b[100];
  pid_t c = forkpty(&m, 0, 0, 0);
  CHECK(c >= 0);
  if (!c) {
    CHECK(isatty(0));
    CHECK_EQ(tcgetpgrp(0), getpgrp());
    char l[50];
    if (!fgets(l, 50, stdin)) _exit(9);
    printf("got %s", l);
    fflush(stdout);
    struct sigaction a = { .sa_handler = SIG_DFL };
    pause();
    _exit(1);
  }
  CHECK_EQ(write(m, "hi\n", 3), 3);
  int n = 0;
  while (n < 20) {
    int r = read(m, b + n, sizeof b - n);
    if (r <= 0) break;
    n += r;
    b[n] = 0;
    if (strstr(b, "got hi")) break;
  }
  CHECK(strstr(b, "got hi"));
  struct winsize w = { 24, 80 };
  CHECK_EQ(ioctl(m, TIOCSWINSZ, &w), 0);
  usleep(20000);
  CHECK_EQ(write(m, "\3", 1), 1);
  CHECK_EQ(t_wait(c), 1000 + SIGINT);
  // background write / SIGTTOU, job control
  c = forkpty(&m, 0, 0, 0);
  if (!c) {
    int st;
    signal(SIGTTOU, SIG_IGN);
    pid_t d = fork();
    if (!d) {
      setpgid(0, 0);
      char x;
      signal(SIGTTOU, SIG_DFL);
      read(0, &x, 1);
      _exit(x == 'q' ? 5 : 6);
    }
    setpgid(d, d);
    CHECK_EQ(waitpid(d, &st, WUNTRACED), d);
    CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGTTIN);
    CHECK_EQ(tcsetpgrp(0, d), 0);
    kill(-d, SIGCONT);
    CHECK_EQ(waitpid(d, &st, WUNTRACED), d);
    CHECK_EQ(st, 0x500);
    CHECK_EQ(tcsetpgrp(0, getpgrp()), 0);
    _exit(11);
  }
  usleep(100000);
  write(m, "q\n", 2);
  CHECK_EQ(t_wait(c), 11);
  close(m);
  // hangup
  c = forkpty(&m, 0, 0, 0);
  if (!c) {
    for (;;) pause();
  }
  usleep(20000);
  close(m);
  CHECK_EQ(t_wait(c), 1000 + SIGHUP);
  puts("ok");
  return 0;
}
