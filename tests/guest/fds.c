// Descriptors: dup2 to high numbers, close everything, close_range, limits, flags, lowest free number, /proc/self/fd shows the guest's only.
#include "guest/t.h"
#include <dirent.h>
#include <sys/resource.h>
static int listed(void) {
  DIR *d = opendir("/proc/self/fd");
  CHECK(d != NULL);
  int n = 0;
  struct dirent *e;
  while ((e = readdir(d)))
    if (e->d_name[0] != '.') {
      n++;
      printf("%s ", atoi(e->d_name) == dirfd(d) ? "dir" : e->d_name);
    }
  puts("");
  closedir(d);
  return n;
}
int main(void) {
  for (int i = 3; i < 1024; i++) close(i);
  printf("first %d\n", open("/dev/null", O_RDONLY));
  CHECK_EQ(listed(), 5);
  struct rlimit r;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &r), 0);
  int top = (int)(r.rlim_cur > 1000 ? 1000 : r.rlim_cur) - 1;
  CHECK_EQ(dup2(0, top), top);
  CHECK_EQ(dup2(1, 200), 200);
  CHECK_EQ(fcntl(0, F_DUPFD, 300), 300);
  CHECK_EQ(fcntl(0, F_DUPFD_CLOEXEC, 300), 301);
  CHECK_EQ(fcntl(301, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(dup3(0, 302, O_CLOEXEC), 302);
  CHECK_ERR(dup3(0, 0, 0), EINVAL);
  CHECK_EQ(dup2(0, 0), 0);
  CHECK_ERR(dup2(77, 77), EBADF);
  CHECK_ERR(dup2(0, -1), EBADF);
  CHECK_ERR(dup2(0, (int)r.rlim_cur), EBADF);
  CHECK_EQ(listed(), 10);
  CHECK_EQ(close_range(200, 302, 0), 0);
  CHECK_ERR(fcntl(200, F_GETFD), EBADF);
  CHECK_EQ(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC), 0);
  CHECK_EQ(fcntl(top, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(close_range(3, ~0u, 0), 0);
  CHECK_ERR(fcntl(top, F_GETFD), EBADF);
  CHECK_EQ(listed(), 4);
  // what daemons do: close all of them up to the limit, one by one
  for (long i = 3; i < (long)(r.rlim_cur > 70000 ? 70000 : r.rlim_cur); i++) CHECK_ERR(close((int)i), EBADF);
  struct rlimit l = { 20, r.rlim_max };
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &l), 0);
  int n = 0;
  while (open("/dev/null", O_RDONLY) >= 0) n++;
  CHECK_EQ(errno, EMFILE);
  CHECK_EQ(n, 17);
  CHECK_ERR(fcntl(0, F_DUPFD, 20), EINVAL);
  int p[2];
  CHECK_ERR(pipe(p), EMFILE);
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &l), 0);
  CHECK_EQ(l.rlim_cur, 20);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &r), 0);
  int fl = fcntl(3, F_GETFL);
  CHECK_EQ(fl & O_ACCMODE, O_RDONLY);
  CHECK_EQ(fcntl(3, F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(fcntl(3, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  CHECK_ERR(fcntl(3, 9999, 0), EINVAL);
  fflush(stdout);
  int save = dup(1);
  close(1);
  CHECK_EQ(open("out", O_RDWR | O_CREAT | O_TRUNC, 0644), 1);
  printf("into the file\n");
  fflush(stdout);
  CHECK_EQ(dup2(save, 1), 1);
  char b[50] = { 0 };
  int f = open("out", O_RDONLY);
  CHECK_EQ(read(f, b, 49), 14);
  printf("read back: %s", b);
  return 0;
}
