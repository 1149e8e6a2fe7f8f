// An event loop like a small server's: one process accepts, reads, answers ten clients (processes) by epoll, with timers and signals between.
// rr-test: timeout=40
#include "guest/t.h"
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
static void client(int n, struct sockaddr_un *a) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  while (connect(s, (struct sockaddr *)a, sizeof *a) < 0) {
    CHECK(errno == EAGAIN || errno == ECONNREFUSED || errno == EINTR);
    usleep(1000);
  }
  for (int i = 0; i < 50; i++) {
    char q[64], r[64];
    int k = sprintf(q, "%d %d;", n, i);
    CHECK_EQ(write(s, q, (size_t)k), k);
    size_t got = 0;
    while (!got || r[got - 1] != ';') {
      ssize_t m = read(s, r + got, sizeof r - got);
      CHECK(m > 0);
      got += (size_t)m;
    }
    CHECK_EQ(atoi(r), n * 1000 + i);
  }
  _exit(n);
}
int main(void) {
  struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "server" };
  int l = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), ep = epoll_create1(0);
  CHECK_EQ(bind(l, (struct sockaddr *)&a, sizeof a), 0);
  CHECK_EQ(listen(l, 20), 0);
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGCHLD);
  sigprocmask(SIG_BLOCK, &m, NULL);
  for (int i = 1; i <= 10; i++)
    if (fork() == 0) client(i, &a);
  int sf = signalfd(-1, &m, SFD_NONBLOCK), tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec it = { { 0, 2000000 }, { 0, 2000000 } };
  timerfd_settime(tf, 0, &it, NULL);
  for (int *f = (int[]){ l, sf, tf, -1 }; *f >= 0; f++) {
    struct epoll_event e = { EPOLLIN, { .fd = *f } };
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, *f, &e), 0);
  }
  int left = 10, answers = 0, sum = 0, timers = 0;
  while (left) {
    struct epoll_event ev[16];
    int n = epoll_wait(ep, ev, 16, -1);
    CHECK(n > 0);
    for (int i = 0; i < n; i++) {
      int fd = ev[i].data.fd;
      if (fd == l) {
        int c = accept4(l, NULL, NULL, SOCK_NONBLOCK);
        struct epoll_event e = { EPOLLIN | EPOLLRDHUP, { .fd = c } };
        if (c >= 0) CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, c, &e), 0);
      } else if (fd == sf) {
        struct signalfd_siginfo si;
        while (read(sf, &si, sizeof si) > 0) {}
        int st;
        while (waitpid(-1, &st, WNOHANG) > 0) {
          left--;
          sum += WEXITSTATUS(st);
        }
      } else if (fd == tf) {
        uint64_t v;
        if (read(tf, &v, 8) == 8) timers += (int)v;
      } else {
        char b[256];
        ssize_t k = read(fd, b, sizeof b - 1);
        if (k <= 0) {
          close(fd);
          continue;
        }
        b[k] = 0;
        int c, q;
        CHECK_EQ(sscanf(b, "%d %d;", &c, &q), 2);
        k = sprintf(b, "%d;", c * 1000 + q);
        CHECK_EQ(write(fd, b, (size_t)k), k);
        answers++;
      }
    }
  }
  CHECK_EQ(sum, 55);
  CHECK_EQ(answers, 500);
  printf("~%d timers\n", timers);
  puts("ok");
  return 0;
}
