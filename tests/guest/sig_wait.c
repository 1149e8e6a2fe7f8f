// Taking signals without a handler: sigwait, sigwaitinfo, sigtimedwait, signalfd, sigsuspend, ppoll and pselect masks.
#include "guest/t.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
static volatile int hits;
static void h(int s) {
  (void)s;
  hits++;
}
int main(void) {
  sigset_t m, none;
  sigemptyset(&m);
  sigaddset(&m, SIGUSR1);
  sigaddset(&m, SIGRTMIN + 1);
  sigaddset(&m, SIGCHLD);
  sigemptyset(&none);
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, NULL);
  CHECK_EQ(sigprocmask(SIG_BLOCK, &m, NULL), 0);
  raise(SIGUSR1);
  int s;
  CHECK_EQ(sigwait(&m, &s), 0);
  CHECK_EQ(s, SIGUSR1);
  CHECK_EQ(hits, 0);
  struct timespec z = { 0, 0 }, t = { 0, 20000000 };
  CHECK_ERR(sigtimedwait(&m, NULL, &z), EAGAIN);
  CHECK_ERR(sigtimedwait(&m, NULL, &t), EAGAIN);
  for (int i = 0; i < 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i });
  for (int i = 0; i < 3; i++) {
    siginfo_t n;
    CHECK_EQ(sigwaitinfo(&m, &n), SIGRTMIN + 1);
    CHECK_EQ(n.si_value.sival_int, i);
  }
  pid_t c = fork();
  if (c == 0) _exit(7);
  siginfo_t n;
  CHECK_EQ(sigwaitinfo(&m, &n), SIGCHLD);
  CHECK_EQ(n.si_pid, c);
  CHECK_EQ(n.si_code, CLD_EXITED);
  CHECK_EQ(n.si_status, 7);
  CHECK_EQ(t_wait(c), 7);
  c = fork();
  if (c == 0) {
    struct timespec w = { 0, 20000000 };
    nanosleep(&w, NULL);
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  CHECK_EQ(sigwaitinfo(&m, &n), SIGUSR1);
  CHECK_EQ(n.si_pid, c);
  CHECK_EQ(t_wait(c), 0);
  sigtimedwait(&m, NULL, &z);
  int fd = signalfd(-1, &m, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd >= 0);
  struct signalfd_siginfo si[4];
  CHECK_ERR(read(fd, si, sizeof si), EAGAIN);
  raise(SIGUSR1);
  sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 88 });
  struct pollfd p = { fd, POLLIN, 0 };
  CHECK_EQ(poll(&p, 1, 1000), 1);
  CHECK_EQ(read(fd, si, sizeof si), 2 * sizeof *si);
  CHECK_EQ(si[0].ssi_signo, SIGUSR1);
  CHECK_EQ(si[1].ssi_int, 88);
  close(fd);
  raise(SIGUSR1);
  CHECK_ERR(sigsuspend(&none), EINTR);
  CHECK_EQ(hits, 1);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1));
  raise(SIGUSR1);
  CHECK_ERR(ppoll(NULL, 0, NULL, &none), EINTR);
  CHECK_EQ(hits, 2);
  raise(SIGUSR1);
  CHECK_ERR(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
  CHECK_EQ(hits, 3);
  raise(SIGUSR1);
  CHECK_EQ(ppoll(NULL, 0, &t, NULL), 0);
  CHECK_EQ(hits, 3);
  // the mask is what exec inherits, pending too
  CHECK_EQ(sigprocmask(SIG_UNBLOCK, &m, NULL), 0);
  CHECK_EQ(hits, 4);
  puts("ok");
  return 0;
}
