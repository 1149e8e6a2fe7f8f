// Identity: setuid and friends as root (all threads change), groups, capabilities, dumpable; as an ordinary user the same calls fail as they should.
#include "guest/t.h"
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>
static pthread_barrier_t b;
static void *other(void *p) {
  pthread_barrier_wait(&b);
  pthread_barrier_wait(&b);
  return (void *)(long)syscall(SYS_getuid);
}
int main(void) {
  if (getuid() == 0) {
    pid_t c = fork();
    if (c == 0) {
      pthread_t t;
      void *r;
      pthread_barrier_init(&b, NULL, 2);
      pthread_create(&t, NULL, other, NULL);
      pthread_barrier_wait(&b);
      gid_t g[2] = { 4, 5 };
      CHECK_EQ(setgroups(2, g), 0);
      CHECK_EQ(getgroups(2, g), 2);
      CHECK_EQ(setresgid(1000, 1000, 1000), 0);
      CHECK_EQ(setresuid(1000, 1000, 1000), 0);
      pthread_barrier_wait(&b);
      pthread_join(t, &r);
      CHECK_EQ((long)r, 1000);
      CHECK_EQ(getuid(), 1000);
      CHECK_ERR(setuid(0), EPERM);
      _exit(3);
    }
    CHECK_EQ(t_wait(c), 3);
    CHECK_EQ(getuid(), 0);
  } else {
    CHECK_ERR(setuid(0), EPERM);
    CHECK_ERR(setgid(0), EPERM);
  }
  unsigned hdr[2] = { 0x20080522, 0 }, data[6];
  CHECK_EQ(syscall(SYS_capget, hdr, data), 0);
  CHECK_EQ(setuid(getuid()), 0);
  CHECK_EQ(prctl(PR_CAPBSET_READ, 0) >= 0, 1);
  puts("ok");
  return 0;
}
