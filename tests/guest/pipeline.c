// A pipeline of five processes carries megabytes; SIGPIPE and EPIPE; full pipes; O_NONBLOCK; PIPE_BUF atomicity; 2 MiB in one write.
#include "guest/t.h"
int main(void) {
  int in[2], first;
  CHECK_EQ(pipe(in), 0);
  first = in[1];
  int from = in[0];
  for (int k = 0; k < 4; k++) {
    int p[2];
    CHECK_EQ(pipe(p), 0);
    if (fork() == 0) {
      close(first);
      close(p[0]);
      char b[5000];
      ssize_t n;
      while ((n = read(from, b, sizeof b)) > 0) {
        for (ssize_t i = 0; i < n; i++) b[i] = (char)(b[i] + 1);
        for (ssize_t o = 0; o < n;) {
          ssize_t w = write(p[1], b + o, (size_t)(n - o));
          CHECK(w > 0);
          o += w;
        }
      }
      _exit(0);
    }
    close(from);
    close(p[1]);
    from = p[0];
  }
  size_t size = 2 << 20;
  char *big = malloc(size);
  for (size_t i = 0; i < size; i++) big[i] = (char)(i * 31 + i / 1000);
  if (fork() == 0) {
    close(from);
    for (size_t o = 0; o < size;) {
      ssize_t w = write(first, big + o, size - o);
      CHECK(w > 0);
      o += (size_t)w;
    }
    _exit(0);
  }
  close(first);
  char *got = calloc(1, size);
  size_t o = 0;
  ssize_t n;
  while ((n = read(from, got + o, size - o)) > 0) o += (size_t)n;
  CHECK_EQ(o, size);
  for (size_t i = 0; i < size; i++) CHECK_EQ(got[i], (char)(big[i] + 4));
  for (int k = 0; k < 5; k++) {
    int st;
    CHECK(wait(&st) > 0);
    CHECK_EQ(st, 0);
  }
  int p[2];
  CHECK_EQ(pipe2(p, O_NONBLOCK), 0);
  size_t cap = 0;
  while ((n = write(p[1], big, 1000)) > 0) cap += (size_t)n;
  CHECK_EQ(errno, EAGAIN);
  printf("capacity %zu\n", cap);
  CHECK_EQ(fcntl(p[1], F_GETPIPE_SZ), 65536);
  CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 131072), 131072);
  close(p[0]);
  signal(SIGPIPE, SIG_IGN);
  CHECK_ERR(write(p[1], "x", 1), EPIPE);
  signal(SIGPIPE, SIG_DFL);
  pid_t c = fork();
  if (c == 0) {
    (void)!write(p[1], "x", 1);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGPIPE);
  printf("%016lx\n", (unsigned long)t_hash(got, size));
  return 0;
}
