// Threads that block in the kernel while others run: pipes, sleeps, poll, joins, reads into memory that others use.
#include "guest/t.h"
#include <pthread.h>
#include <poll.h>
static int p[2], q[2];
static volatile long count;
static volatile int stop;
static void *reader(void *a) {
  char b[16];
  long s = 0;
  ssize_t n;
  while ((n = read(p[0], b, sizeof b)) > 0) {
    s += n;
    for (ssize_t i = 0; i < n; i++) CHECK_EQ(write(q[1], &b[i], 1), 1);
  }
  return (void *)(s + (long)a * 0);
}
static void *counter(void *a) {
  while (!stop) count++;
  return a;
}
static void *sleeper(void *a) {
  for (int i = 0; i < 20; i++) {
    struct timespec t = { 0, 2000000 };
    CHECK_EQ(nanosleep(&t, NULL), 0);
  }
  return a;
}
static void *poller(void *a) {
  char c;
  long n = 0;
  struct pollfd f = { q[0], POLLIN, 0 };
  while (n < 1000) {
    CHECK_EQ(poll(&f, 1, 5000), 1);
    CHECK_EQ(read(q[0], &c, 1), 1);
    CHECK_EQ(c, (char)n);
    n++;
  }
  (void)a;
  return (void *)n;
}
int main(void) {
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(pipe(q), 0);
  pthread_t r, c, s, l;
  pthread_create(&r, NULL, reader, NULL);
  pthread_create(&c, NULL, counter, NULL);
  pthread_create(&s, NULL, sleeper, NULL);
  pthread_create(&l, NULL, poller, NULL);
  for (int i = 0; i < 1000; i++) {
    char x = (char)i;
    CHECK_EQ(write(p[1], &x, 1), 1);
    if (i % 100 == 0) usleep(500);
  }
  close(p[1]);
  void *v;
  pthread_join(r, &v);
  CHECK_EQ((long)v, 1000);
  pthread_join(l, &v);
  CHECK_EQ((long)v, 1000);
  pthread_join(s, NULL);
  stop = 1;
  pthread_join(c, NULL);
  CHECK(count > 0);
  printf("~counted %ld\n", count);
  puts("ok");
  return 0;
}
