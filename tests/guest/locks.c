// flock, POSIX and OFD locks between processes, blocking and not, deadlock detection, leases refused or granted.
#include "guest/t.h"
#include <sys/file.h>
int main(void) {
  int fd = open("l", O_RDWR | O_CREAT, 0644), fd2 = open("l", O_RDWR);
  CHECK_EQ(flock(fd, LOCK_EX), 0);
  CHECK_ERR(flock(fd2, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  pid_t c = fork();
  if (c == 0) {
    int f = open("l", O_RDWR);
    CHECK_ERR(flock(f, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK_EQ(flock(f, LOCK_SH), 0);
    _exit(2);
  }
  usleep(20000);
  CHECK_EQ(flock(fd, LOCK_UN), 0);
  CHECK_EQ(t_wait(c), 2);
  struct flock k = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
  CHECK_EQ(fcntl(fd, F_SETLK, &k), 0);
  int p[2];
  CHECK_EQ(pipe(p), 0);
  c = fork();
  if (c == 0) {
    struct flock g = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1 };
    CHECK_EQ(fcntl(fd, F_GETLK, &g), 0);
    CHECK_EQ(g.l_type, F_WRLCK);
    CHECK_EQ(g.l_pid, getppid());
    CHECK_EQ(g.l_start, 10);
    struct flock s = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1 };
    CHECK(fcntl(fd, F_SETLK, &s) == -1 && (errno == EAGAIN || errno == EACCES));
    (void)!write(p[1], "x", 1);
    CHECK_EQ(fcntl(fd, F_SETLKW, &s), 0);
    _exit(3);
  }
  char x;
  CHECK_EQ(read(p[0], &x, 1), 1);
  usleep(10000);
  k.l_type = F_UNLCK;
  CHECK_EQ(fcntl(fd, F_SETLK, &k), 0);
  CHECK_EQ(t_wait(c), 3);
  struct flock o = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
  CHECK_EQ(fcntl(fd, F_OFD_SETLK, &o), 0);
  struct flock o2 = o;
  CHECK(fcntl(fd2, F_OFD_SETLK, &o2) == -1 && errno == EAGAIN);
  puts("ok");
  return 0;
}
