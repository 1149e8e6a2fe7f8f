// Queued real-time signals, sigwaitinfo, signalfd, also where the disposition is to ignore.
#include "guest/t.h"
#include <sys/signalfd.h>
#include <poll.h>
int main() {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGRTMIN + 1);
  sigaddset(&s, SIGRTMIN);
  sigaddset(&s, SIGUSR1);
  sigaddset(&s, SIGCHLD);
  sigprocmask(SIG_BLOCK, &s, 0);
  siginfo_t i;
  for (int k = 0; k < 5; k++) {
    union sigval v = { .sival_int = k };
    CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 1, v), 0);
    CHECK_EQ(sigqueue(getpid(), SIGRTMIN, v), 0);
  }
  for (int k = 0; k < 5; k++) {
    CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN);
    CHECK_EQ(i.si_value.sival_int, k);
    CHECK_EQ(i.si_code, SI_QUEUE);
    CHECK_EQ(i.si_pid, getpid());
  }
  for (int k = 0; k < 5; k++) {
    CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN + 1);
    CHECK_EQ(i.si_value.sival_int, k);
  }
  struct timespec z = { 0, 0 }, t = { 0, 10000000 };
  CHECK_ERR(sigtimedwait(&s, &i, &z), EAGAIN);
  CHECK_ERR(sigtimedwait(&s, &i, &t), EAGAIN);
  pid_t c = fork();
  if (!c) _exit(5);
  CHECK_EQ(sigwaitinfo(&s, &i), SIGCHLD);
  CHECK_EQ(i.si_pid, c);
  CHECK_EQ(i.si_status, 5);
  CHECK_EQ(i.si_code, CLD_EXITED);
  t_wait(c);
  int fd = signalfd(-1, &s, 0);
  union sigval v = { .sival_int = 77 };
  sigqueue(getpid(), SIGRTMIN, v);
  kill(getpid(), SIGUSR1);
  struct signalfd_siginfo f[4];
  CHECK_EQ(read(fd, f, sizeof f), 2 * sizeof *f);
  CHECK_EQ(f[0].ssi_signo, SIGUSR1);
  CHECK_EQ(f[1].ssi_int, 77);
  c = fork();
  if (!c) {
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  struct pollfd p = { fd, POLLIN, 0 };
  CHECK_EQ(poll(&p, 1, 3000), 1);
  CHECK(read(fd, f, sizeof *f) == sizeof *f);
  t_wait(c);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while (read(fd, f, sizeof *f) > 0)
    ;
  CHECK_EQ(errno, EAGAIN);
  struct sigaction a = { .sa_handler = SIG_IGN };
  sigaction(SIGUSR1, &a, 0);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(sigtimedwait(&s, &i, &z), SIGUSR1);
  c = fork();
  if (!c) {
    usleep(20000);
    union sigval v = { .sival_int = 9 };
    sigqueue(getppid(), SIGRTMIN, v);
    _exit(0);
  }
  do { CHECK(sigwaitinfo(&s, &i) > 0); } while (i.si_signo == SIGCHLD);
  CHECK_EQ(i.si_value.sival_int, 9);
  CHECK_EQ(i.si_pid, c);
  t_wait(c);
  puts("ok");
  return 0;
}
