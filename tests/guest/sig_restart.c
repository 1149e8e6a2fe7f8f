// Every call that waits, interrupted: EINTR or restarted, with what was left of its time.
#include "guest/t.h"
#include <sys/time.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <linux/futex.h>
static volatile int hits;
static void h(int s) { hits++; }
static void arm(int us) {
  struct itimerval t = { { 0, 0 }, { 0, us } };
  setitimer(ITIMER_REAL, &t, 0);
}
static int fl;
static void set(int f) {
  struct sigaction a = { .sa_handler = h, .sa_flags = f };
  sigaction(SIGALRM, &a, 0);
}
int main() {
  for (int k = 0; k < 2; k++) {
    set(k ? SA_RESTART : 0);
    double t0;
    struct timespec ts = { 0, 60000000 }, rem = { 9, 9 };
    arm(20000);
    t0 = t_now();
    CHECK_ERR(nanosleep(&ts, &rem), EINTR);
    CHECK(rem.tv_sec == 0 && rem.tv_nsec > 1000000 && rem.tv_nsec <= 60000000);
    arm(20000);
    rem = (struct timespec){ 9, 9 };
    int r = clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &rem);
    CHECK_EQ(r, EINTR);
    CHECK(rem.tv_sec == 0 && rem.tv_nsec > 1000000);
    struct timespec abs;
    clock_gettime(CLOCK_REALTIME, &abs);
    abs.tv_sec += 2;
    arm(20000);
    CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &abs, &rem), EINTR);
    struct pollfd p = { 0 };
    int pp[2];
    pipe(pp);
    p.fd = pp[0];
    p.events = POLLIN;
    arm(20000);
    CHECK_ERR(poll(&p, 1, 500), EINTR);
    arm(20000);
    CHECK_ERR(poll(0, 0, 500), EINTR);
    fd_set f;
    FD_ZERO(&f);
    FD_SET(pp[0], &f);
    struct timeval tv = { 1, 0 };
    arm(20000);
    CHECK_ERR(select(pp[0] + 1, &f, 0, 0, &tv), EINTR);
    CHECK(tv.tv_sec == 0 && tv.tv_usec > 100000 && tv.tv_usec < 999999);
    ts = (struct timespec){ 1, 0 };
    arm(20000);
    CHECK_ERR(pselect(pp[0] + 1, &f, 0, 0, &ts, 0), EINTR);
    arm(20000);
    CHECK_ERR(ppoll(&p, 1, &ts, 0), EINTR);
    int e = epoll_create1(0);
    struct epoll_event ev = { .events = EPOLLIN };
    epoll_ctl(e, EPOLL_CTL_ADD, pp[0], &ev);
    arm(20000);
    CHECK_ERR(epoll_wait(e, &ev, 1, 500), EINTR);
    int sv[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
    tv = (struct timeval){ 0, 300000 };
    setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    char b[4];
    arm(20000);
    CHECK_ERR(recv(sv[0], b, 4, 0), EINTR);
    arm(20000);
    CHECK_ERR(read(sv[0], b, 4), EINTR);
    int fx = 0;
    ts = (struct timespec){ 0, 200000000 };
    arm(20000);
    t0 = t_now();
    int fr = syscall(SYS_futex, &fx, FUTEX_WAIT, 0, &ts, 0, 0);
    CHECK(fr == -1);
    CHECK_EQ(errno, EINTR);
    abs.tv_sec += 5;
    arm(20000);
    fr = syscall(SYS_futex, &fx, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &abs, 0, -1);
    CHECK(fr == -1);
    CHECK_EQ(errno, EINTR);
    arm(20000);
    CHECK_ERR(pause(), EINTR);
    if (!k) {
      arm(20000);
      CHECK_ERR(read(pp[0], b, 1), EINTR);
      tv = (struct timeval){ 0, 0 };
      setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
      arm(20000);
      CHECK_ERR(recv(sv[0], b, 4, 0), EINTR);
      arm(20000);
      pid_t c = fork();
      if (!c) {
        usleep(100000);
        _exit(0);
      }
      arm(20000);
      int st;
      CHECK_ERR(waitpid(c, &st, 0), EINTR);
      CHECK_EQ(t_wait(c), 0);
    } else {
      pid_t c = fork();
      if (!c) {
        usleep(60000);
        write(pp[1], "x", 1);
        usleep(60000);
        write(sv[1], "y", 1);
        usleep(60000);
        _exit(3);
      }
      arm(20000);
      CHECK_EQ(read(pp[0], b, 1), 1);
      arm(20000);
      tv = (struct timeval){ 0, 0 };
      setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
      CHECK_EQ(recv(sv[0], b, 4, 0), 1);
      arm(10000);
      int st;
      CHECK_EQ(waitpid(c, &st, 0), c);
      CHECK_EQ(st, 0x300);
      arm(20000);
      fr = syscall(SYS_futex, &fx, FUTEX_WAIT, 0, &ts, 0, 0);
      CHECK_EQ(errno, EINTR);
    }
  }
  struct sigaction none = { .sa_handler = SIG_IGN };
  printf("~%d\n", hits);
  return 0;
}
