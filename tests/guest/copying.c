// Moving bytes inside the kernel: sendfile, splice, tee, vmsplice, copy_file_range; large reads and writes over 1 MiB; process_vm of oneself.
#include "guest/t.h"
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/socket.h>
int main(void) {
  size_t size = 3 << 20;
  char *a = malloc(size), *b = calloc(1, size);
  for (size_t i = 0; i < size; i++) a[i] = (char)(i * 13 + i / 777);
  int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0644);
  CHECK_EQ(write(fd, a, size), size);
  CHECK_EQ(pread(fd, b, size, 0), size);
  CHECK(!memcmp(a, b, size));
  memset(b, 0, size);
  CHECK_EQ(pread(fd, b, size, 1), size - 1);
  CHECK(!memcmp(a + 1, b, size - 1));
  int out = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644);
  off_t off = 100;
  CHECK_EQ(sendfile(out, fd, &off, 1 << 20), 1 << 20);
  CHECK_EQ(off, 100 + (1 << 20));
  CHECK_EQ(pread(out, b, 1 << 20, 0), 1 << 20);
  CHECK(!memcmp(a + 100, b, 1 << 20));
  loff_t i = 5, o = 7;
  ssize_t n = copy_file_range(fd, &i, out, &o, 10000, 0);
  CHECK(n == 10000);
  CHECK_EQ(i, 10005);
  CHECK_EQ(o, 10007);
  int p[2], q[2];
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(pipe(q), 0);
  i = 1000;
  n = splice(fd, &i, p[1], NULL, 20000, 0);
  CHECK(n > 0);
  CHECK_EQ(i, 1000 + n);
  ssize_t t = tee(p[0], q[1], (size_t)n, 0);
  CHECK_EQ(t, n);
  CHECK_EQ(read(q[0], b, (size_t)n), n);
  CHECK(!memcmp(a + 1000, b, (size_t)n));
  memset(b, 0, (size_t)n);
  o = 0;
  ssize_t m = 0;
  while (m < n) {
    ssize_t k = splice(p[0], NULL, out, &o, (size_t)(n - m), 0);
    CHECK(k > 0);
    m += k;
  }
  CHECK_EQ(pread(out, b, (size_t)n, 0), n);
  CHECK(!memcmp(a + 1000, b, (size_t)n));
  struct iovec v = { a, 3000 };
  CHECK_EQ(vmsplice(p[1], &v, 1, 0), 3000);
  CHECK_EQ(read(p[0], b, 5000), 3000);
  CHECK(!memcmp(a, b, 3000));
  int s[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  pid_t c = fork();
  if (c == 0) {
    close(s[0]);
    size_t d = 0;
    while (d < size) {
      ssize_t k = write(s[1], a + d, size - d);
      CHECK(k > 0);
      d += (size_t)k;
    }
    _exit(0);
  }
  close(s[1]);
  size_t d = 0;
  memset(b, 0, size);
  for (ssize_t k; (k = read(s[0], b + d, size - d)) > 0;) d += (size_t)k;
  CHECK_EQ(d, size);
  CHECK(!memcmp(a, b, size));
  CHECK_EQ(t_wait(c), 0);
  // a read that meets the end of writable memory gives what fits, or EFAULT when nothing does
  char *e = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_EQ(munmap(e + 8192, 4096), 0);
  n = pread(fd, e + 4096 + 100, 8192, 0);
  CHECK_EQ(n, 4096 - 100);
  CHECK(!memcmp(e + 4196, a, (size_t)n));
  CHECK_ERR(pread(fd, e + 8192, 10, 0), EFAULT);
  CHECK_ERR(write(fd, e + 8192, 10), EFAULT);
  lseek(out, 0, SEEK_SET);
  CHECK_EQ(write(out, e + 8192 - 10, 20), 10);
  CHECK_EQ(write(p[1], a, 100), 100);
  n = read(p[0], e + 8192 - 30, 100);
  printf("pipe into half-mapped memory: %zd errno %d\n", n, n < 0 ? errno : 0);
  CHECK_EQ(mprotect(e, 4096, PROT_READ), 0);
  n = pread(fd, e + 10, 50, 0);
  CHECK(n == -1 && errno == EFAULT);
  printf("%016lx\n", (unsigned long)t_hash(b, size));
  return 0;
}
