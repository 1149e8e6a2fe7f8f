// Blocking calls under signals: EINTR without SA_RESTART, restarted with it, those that never restart, rest of a nanosleep.
#include "guest/t.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/epoll.h>
static volatile int hits;
static int wfd = -1;
static void h(int s) {
  (void)s;
  if (++hits == 3 && wfd >= 0) (void)!write(wfd, "x", 1);
}
static void arm(int restart, int usec) {
  hits = 0;
  struct sigaction a = { .sa_handler = h, .sa_flags = restart ? SA_RESTART : 0 };
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = { { 0, usec }, { 0, usec } };
  setitimer(ITIMER_REAL, &t, NULL);
}
static void off(void) {
  struct itimerval z = { 0 };
  setitimer(ITIMER_REAL, &z, NULL);
}
int main(void) {
  int p[2];
  char c;
  CHECK_EQ(pipe(p), 0);
  arm(0, 20000);
  CHECK_ERR(read(p[0], &c, 1), EINTR);
  off();
  CHECK(hits >= 1);
  wfd = p[1];
  arm(1, 20000);
  CHECK_EQ(read(p[0], &c, 1), 1);
  off();
  CHECK(hits >= 3);
  CHECK_EQ(c, 'x');
  wfd = -1;
  arm(1, 20000);
  struct pollfd f = { p[0], POLLIN, 0 };
  CHECK_ERR(poll(&f, 1, -1), EINTR);
  off();
  arm(1, 20000);
  fd_set r;
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  CHECK_ERR(select(p[0] + 1, &r, NULL, NULL, NULL), EINTR);
  off();
  arm(1, 20000);
  int e = epoll_create1(0);
  struct epoll_event ev = { .events = EPOLLIN };
  CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev), 0);
  CHECK_ERR(epoll_wait(e, &ev, 1, -1), EINTR);
  off();
  arm(1, 20000);
  CHECK_ERR(pause(), EINTR);
  off();
  arm(1, 20000);
  sigset_t m;
  sigemptyset(&m);
  CHECK_ERR(sigsuspend(&m), EINTR);
  off();
  arm(1, 20000);
  struct timespec t = { 10, 0 }, left = { 0 };
  CHECK_ERR(nanosleep(&t, &left), EINTR);
  off();
  CHECK(left.tv_sec == 9 && left.tv_nsec > 0);
  arm(0, 20000);
  CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &left), EINTR);
  off();
  CHECK_EQ(left.tv_sec, 9);
  arm(0, 20000);
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += 5;
  CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL), EINTR);
  off();
  pid_t ch = fork();
  if (ch == 0) {
    struct timespec w = { 0, 150000000 };
    while (nanosleep(&w, &w)) {}
    _exit(3);
  }
  arm(0, 20000);
  int st;
  CHECK_ERR(waitpid(ch, &st, 0), EINTR);
  off();
  arm(1, 20000);
  CHECK_EQ(waitpid(ch, &st, 0), ch);
  off();
  CHECK_EQ(st, 3 << 8);
  // a signal that is ignored or blocked does not end a call
  signal(SIGALRM, SIG_IGN);
  struct itimerval it = { { 0, 10000 }, { 0, 10000 } };
  setitimer(ITIMER_REAL, &it, NULL);
  struct timespec s = { 0, 60000000 };
  CHECK_EQ(nanosleep(&s, NULL), 0);
  off();
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGALRM, &a, NULL);
  sigset_t al;
  sigemptyset(&al);
  sigaddset(&al, SIGALRM);
  sigprocmask(SIG_BLOCK, &al, NULL);
  hits = 0;
  setitimer(ITIMER_REAL, &it, NULL);
  CHECK_EQ(nanosleep(&s, NULL), 0);
  CHECK_EQ(hits, 0);
  off();
  sigprocmask(SIG_UNBLOCK, &al, NULL);
  CHECK_EQ(hits, 1);
  // SIGSTOP/SIGCONT: a child's read goes on as if nothing had been
  ch = fork();
  if (ch == 0) {
    close(p[1]);
    _exit(read(p[0], &c, 1) == 1 ? c : 99);
  }
  struct timespec sh = { 0, 20000000 };
  nanosleep(&sh, NULL);
  CHECK_EQ(kill(ch, SIGSTOP), 0);
  CHECK_EQ(waitpid(ch, &st, WUNTRACED), ch);
  CHECK(WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
  CHECK_EQ(kill(ch, SIGCONT), 0);
  CHECK_EQ(waitpid(ch, &st, WCONTINUED), ch);
  CHECK(WIFCONTINUED(st));
  CHECK_EQ(write(p[1], "A", 1), 1);
  CHECK_EQ(t_wait(ch), 'A');
  puts("ok");
  return 0;
}
