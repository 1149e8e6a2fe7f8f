// Sub-reapers, death signals, sessions, process groups.
#include "guest/t.h"
#include <sys/prctl.h>
#include <poll.h>
// subreaper, deathsig, orphan, sessions, pgrp, ctty
int main() {
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int p[2];
  pipe(p);
  pid_t c = fork();
  if (!c) {
    int me = getpid();
    pid_t g = fork();
    if (!g) {
      while (getppid() == me) usleep(1000);
      usleep(20000);
      int pp = getppid();
      write(p[1], &pp, 4);
      _exit(8);
    }
    _exit(1);
  }
  CHECK_EQ(t_wait(c), 1);
  int st;
  pid_t g = wait(&st);
  CHECK_EQ(st, 0x800);
  int pp;
  read(p[0], &pp, 4);
  CHECK_EQ(pp, getpid());
  c = fork();
  if (!c) {
    pid_t g = fork();
    if (!g) {
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      for (;;) pause();
    }
    usleep(20000);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  g = wait(&st);
  CHECK_EQ(st, SIGUSR1);
  c = fork();
  if (!c) {
    CHECK_EQ(setsid(), getpid());
    CHECK_EQ(getsid(0), getpid());
    CHECK_ERR(setsid(), EPERM);
    pid_t d = fork();
    if (!d) {
      CHECK_EQ(setpgid(0, 0), 0);
      CHECK_EQ(getpgrp(), getpid());
      pause();
      _exit(0);
    }
    usleep(30000);
    CHECK_EQ(kill(-d, SIGTERM), 0);
    CHECK_EQ(t_wait(d), 1015);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  // process groups and wait by pgid
  c = fork();
  if (!c) {
    setpgid(0, 0);
    usleep(20000);
    _exit(12);
  }
  setpgid(c, c);
  CHECK_EQ(waitpid(-c, &st, 0), c);
  CHECK_EQ(st, 0xc00);
  puts("ok");
  return 0;
}
