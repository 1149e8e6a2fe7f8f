// Names, affinity, membarrier, setuid with threads.
#include "guest/t.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sched.h>
#include <linux/membarrier.h>
// names, affinity, membarrier, rseq, setuid with threads, getcpu
static volatile int stop;
static void *w(void *p) {
  prctl(PR_SET_NAME, "worker-x");
  while (!stop) usleep(1000);
  return (void *)(long)getuid();
}
int main() {
  pthread_t t;
  pthread_create(&t, 0, w, 0);
  usleep(10000);
  char b[20] = { 0 };
  CHECK_EQ(pthread_getname_np(t, b, 20), 0);
  puts(b);
  CHECK_EQ(pthread_setname_np(t, "other"), 0);
  pthread_getname_np(t, b, 20);
  puts(b);
  cpu_set_t s;
  CHECK_EQ(pthread_getaffinity_np(t, sizeof s, &s), 0);
  CHECK_EQ(pthread_setaffinity_np(t, sizeof s, &s), 0);
  CHECK_EQ(sched_getaffinity(0, sizeof s, &s), 0);
  struct sched_param sp;
  int pol;
  CHECK_EQ(pthread_getschedparam(t, &pol, &sp), 0);
  long q = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  printf("mb %d\n", q >= 0);
  if (q & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) {
    CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
    CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
  }
  if (q & 1) CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
  if (getuid() == 0) {
    CHECK_EQ(setgid(1234), 0);
    CHECK_EQ(setuid(4321), 0);
  }
  stop = 1;
  void *r;
  pthread_join(t, &r);
  if (getuid() == 4321) CHECK_EQ(r, 4321);
  puts("ok");
  return 0;
}
