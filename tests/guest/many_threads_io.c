// Many threads that all read, write, poll, sleep, allocate and map at once; totals must be right.
// rr-test: timeout=60
#include "guest/t.h"
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
static int pipes[8][2], efd;
static void *worker(void *arg) {
  long me = (long)arg, sum = 0;
  for (int i = 0; i < 200; i++) {
    char msg[32], got[32];
    int n = sprintf(msg, "thread %ld step %d\n", me, i);
    CHECK_EQ(write(pipes[me][1], msg, (size_t)n), n);
    struct pollfd f = { pipes[me][0], POLLIN, 0 };
    CHECK_EQ(poll(&f, 1, 5000), 1);
    CHECK_EQ(read(pipes[me][0], got, sizeof got), n);
    CHECK(!memcmp(msg, got, (size_t)n));
    sum += n;
    if (i % 20 == 0) {
      char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      CHECK(p != MAP_FAILED);
      memset(p, (int)me, 65536);
      CHECK_EQ(p[65535], me);
      CHECK_EQ(munmap(p, 65536), 0);
    }
    if (i % 50 == 7) usleep(300);
    char *q = malloc((size_t)(i * 37 + 1));
    q[i] = 1;
    free(q);
    if (i % 10 == 0) {
      uint64_t one = 1;
      CHECK_EQ(write(efd, &one, 8), 8);
    }
  }
  return (void *)sum;
}
int main(void) {
  efd = eventfd(0, 0);
  pthread_t t[8];
  for (long i = 0; i < 8; i++) {
    CHECK_EQ(pipe(pipes[i]), 0);
    CHECK_EQ(pthread_create(&t[i], NULL, worker, (void *)i), 0);
  }
  long sum = 0;
  for (int i = 0; i < 8; i++) {
    void *r;
    pthread_join(t[i], &r);
    sum += (long)r;
  }
  uint64_t v;
  CHECK_EQ(read(efd, &v, 8), 8);
  CHECK_EQ(v, 160);
  printf("%ld\n", sum);
  return 0;
}
