// AIO by the raw calls: reads, writes, vectors, sync, several at once, eventfd, errors, threads, fork.
#include "guest/t.h"
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
static long setup(unsigned n, aio_context_t *c) { return SYS2(SYS_io_setup, n, c); }
static long submit(aio_context_t c, long n, struct iocb **q) { return SYS3(SYS_io_submit, c, n, q); }
static long events(aio_context_t c, long least, long n, struct io_event *e, struct timespec *t) { return SYS5(SYS_io_getevents, c, least, n, e, t); }
static aio_context_t shared;
static void *collector(void *a) {
  long want = (long)a, got = 0;
  while (got < want) {
    struct io_event e[4];
    struct timespec t = { 1, 0 };
    long r = events(shared, 1, 4, e, &t);
    if (r == -EINTR) continue;
    CHECK(r >= 0);
    for (long i = 0; i < r; i++) CHECK_EQ(e[i].res, 100);
    got += r;
  }
  return NULL;
}
int main(void) {
  aio_context_t c = 0, bad = 77;
  long r = setup(16, &c);
  if (r == -ENOSYS) return puts("none"), 0;
  CHECK_EQ(r, 0);
  CHECK_EQ(setup(16, &bad), -EINVAL);
  bad = 0;
  CHECK_EQ(setup(0, &bad), -EINVAL);
  CHECK_EQ(setup(5, (void *)8), -EFAULT);
  int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600), e = eventfd(0, EFD_NONBLOCK);
  char w[1000], b[1000] = { 0 }, b2[1000] = { 0 };
  for (int i = 0; i < 1000; i++) w[i] = (char)(i * 7);
  struct iovec v[2] = { { b2, 100 }, { b2 + 500, 300 } };
  struct iocb q[5] = { { .aio_data = 1, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (unsigned)fd, .aio_buf = (unsigned long)w, .aio_nbytes = 1000, .aio_key = 55 },
    { .aio_data = 2, .aio_lio_opcode = IOCB_CMD_FSYNC, .aio_fildes = (unsigned)fd } };
  struct iocb *p[5] = { &q[0], &q[1] };
  CHECK_EQ(submit(c, 2, p), 2);
  CHECK_EQ(q[0].aio_key, 0);
  struct io_event ev[8];
  memset(ev, 0, sizeof ev);
  CHECK_EQ(events(c, 2, 8, ev, NULL), 2);
  CHECK_EQ(ev[0].data + ev[1].data, 3);
  int first = ev[0].data == 1 ? 0 : 1;
  CHECK_EQ(ev[first].res, 1000);
  CHECK_EQ(ev[first].obj, (unsigned long)&q[0]);
  q[0] = (struct iocb){ .aio_data = 3, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (unsigned)fd, .aio_buf = (unsigned long)b, .aio_nbytes = 1000, .aio_offset = 500,
    .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = (unsigned)e };
  q[1] = (struct iocb){ .aio_data = 4, .aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = (unsigned)fd, .aio_buf = (unsigned long)v, .aio_nbytes = 2, .aio_flags = IOCB_FLAG_RESFD,
    .aio_resfd = (unsigned)e };
  CHECK_EQ(submit(c, 2, p), 2);
  long got = 0;
  struct timespec t = { 5, 0 };
  while (got < 2) got += events(c, 1, 1, ev + got, &t);
  CHECK_EQ(ev[0].res + ev[1].res, 900);
  CHECK(!memcmp(b, w + 500, 500));
  CHECK(!memcmp(b2, w, 100) && !memcmp(b2 + 500, w + 100, 300));
  uint64_t n = 0;
  CHECK_EQ(read(e, &n, 8), 8);
  CHECK_EQ(n, 2);
  t = (struct timespec){ 0, 1000000 };
  CHECK_EQ(events(c, 1, 1, ev, &t), 0);
  t = (struct timespec){ 0, 0 };
  CHECK_EQ(events(c, 1, 1, ev, &t), 0);
  CHECK_EQ(events(c, 0, 1, ev, NULL), 0);
  CHECK_EQ(events(c, 2, 1, ev, &t), -EINVAL);
  CHECK_EQ(events(123, 1, 1, ev, &t), -EINVAL);
  CHECK_EQ(submit(123, 1, p), -EINVAL);
  CHECK_EQ(submit(c, -1, p), -EINVAL);
  CHECK_EQ(submit(c, 0, p), 0);
  CHECK_EQ(submit(c, 1, (void *)8), -EFAULT);
  p[1] = (void *)8;
  q[0].aio_flags = 0;
  CHECK_EQ(submit(c, 2, p), 1); // the second can't be read
  CHECK_EQ(events(c, 1, 8, ev, NULL), 1);
  q[0].aio_fildes = 999;
  CHECK_EQ(submit(c, 1, p), -EBADF);
  q[0].aio_fildes = (unsigned)fd;
  q[0].aio_lio_opcode = 99;
  CHECK_EQ(submit(c, 1, p), -EINVAL);
  // a thread collects what another submits
  shared = c;
  pthread_t th;
  CHECK_EQ(pthread_create(&th, NULL, collector, (void *)10), 0);
  for (int i = 0; i < 10; i++) {
    q[0] = (struct iocb){ .aio_data = 9, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (unsigned)fd, .aio_buf = (unsigned long)b, .aio_nbytes = 100 };
    CHECK_EQ(submit(c, 1, p), 1);
    usleep(500);
  }
  pthread_join(th, NULL);
  pid_t k = fork();
  if (!k) _exit(submit(c, 1, p) == -EINVAL ? 5 : 6); // contexts are not inherited
  CHECK_EQ(t_wait(k), 5);
  // a file that is mapped
  char *m = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
  q[0] = (struct iocb){ .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (unsigned)fd, .aio_buf = (unsigned long)"across", .aio_nbytes = 6, .aio_offset = 4093 };
  CHECK_EQ(submit(c, 1, p), 1);
  CHECK_EQ(events(c, 1, 8, ev, NULL), 1);
  CHECK(!memcmp(m + 4093, "across", 6));
  CHECK_EQ(SYS1(SYS_io_destroy, c), 0);
  CHECK_EQ(SYS1(SYS_io_destroy, c), -EINVAL);
  puts("ok");
  return 0;
}
