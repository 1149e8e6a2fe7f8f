// SIGIO, SIGPIPE and their siginfo.
#include "guest/t.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/eventfd.h>
#include <sys/epoll.h>
// async io signals: SIGIO via O_ASYNC, F_SETSIG, F_SETOWN; SIGPIPE; SIGURG
#include <sys/socket.h>
static volatile int sig, band, fd;
static void h(int s, siginfo_t *i, void *u) {
  sig = s;
  band = i->si_band;
  fd = i->si_fd;
}
int main() {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGIO, &a, 0);
  sigaction(SIGRTMIN + 2, &a, 0);
  sigaction(SIGPIPE, &a, 0);
  int p[2];
  pipe(p);
  fcntl(p[0], F_SETOWN, getpid());
  fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
  write(p[1], "x", 1);
  CHECK_EQ(sig, SIGIO);
  fcntl(p[0], F_SETSIG, SIGRTMIN + 2);
  sig = 0;
  write(p[1], "x", 1);
  CHECK_EQ(sig, SIGRTMIN + 2);
  CHECK_EQ(fd, p[0]);
  CHECK(band & POLLIN);
  close(p[0]);
  sig = 0;
  CHECK_ERR(write(p[1], "x", 1), EPIPE);
  CHECK_EQ(sig, SIGPIPE);
  int s[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  close(s[1]);
  sig = 0;
  CHECK_ERR(send(s[0], "x", 1, 0), EPIPE);
  CHECK_EQ(sig, SIGPIPE);
  sig = 0;
  CHECK_ERR(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  CHECK_EQ(sig, 0);
  // F_SETOWN_EX thread
  struct f_owner_ex o = { F_OWNER_TID, gettid() };
  int q[2];
  pipe(q);
  CHECK_EQ(fcntl(q[0], F_SETOWN_EX, &o), 0);
  fcntl(q[0], F_SETFL, O_ASYNC);
  write(q[1], "z", 1);
  CHECK_EQ(sig, SIGIO);
  // dnotify-like lease
  puts("ok");
  return 0;
}
