// The masks of sigsuspend, ppoll, pselect and epoll_pwait: in the handler, after it, and when the time is over.
#include "guest/t.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
// masks of sigsuspend/ppoll/pselect/epoll_pwait
static volatile int got;
static sigset_t inmask;
static void h(int s) {
  got = s;
  sigprocmask(0, 0, &inmask);
}
int main() {
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, 0);
  sigaction(SIGUSR2, &a, 0);
  sigset_t b, o, e;
  sigemptyset(&b);
  sigaddset(&b, SIGUSR1);
  sigaddset(&b, SIGUSR2);
  sigprocmask(SIG_BLOCK, &b, 0);
  sigemptyset(&e);
  sigaddset(&e, SIGUSR2);
  for (int k = 0; k < 5; k++)
    for (int pre = 0; pre < 2; pre++) {
      got = 0;
      pid_t c = 0;
      if (pre) raise(SIGUSR1);
      else if (!(c = fork())) {
        usleep(20000);
        kill(getppid(), SIGUSR1);
        _exit(0);
      }
      struct timespec ts = { 3, 0 };
      int r;
      struct epoll_event ev;
      int ep = epoll_create1(0);
      switch (k) {
      case 0: r = sigsuspend(&e); break;
      case 1: r = ppoll(0, 0, &ts, &e); break;
      case 2: r = pselect(0, 0, 0, 0, &ts, &e); break;
      case 3: r = epoll_pwait(ep, &ev, 1, 3000, &e); break;
      case 4: r = syscall(441, ep, &ev, 1, &ts, &e, 8);
      }
      CHECK_EQ(r, -1);
      CHECK_EQ(errno, EINTR);
      CHECK_EQ(got, SIGUSR1);
      CHECK(sigismember(&inmask, SIGUSR2) == 1 && sigismember(&inmask, SIGUSR1) == 1);
      sigprocmask(0, 0, &o);
      CHECK(sigismember(&o, SIGUSR1) && sigismember(&o, SIGUSR2));
      close(ep);
      if (c) t_wait(c);
    }
  // timed out with a mask: mask restored, pending stays
  sigfillset(&e);
  raise(SIGUSR1);
  struct timespec ts = { 0, 1000000 };
  CHECK_EQ(ppoll(0, 0, &ts, &e), 0);
  sigset_t p;
  sigpending(&p);
  CHECK(sigismember(&p, SIGUSR1));
  sigprocmask(0, 0, &o);
  CHECK(!sigismember(&o, SIGTERM));
  puts("ok");
  return 0;
}
