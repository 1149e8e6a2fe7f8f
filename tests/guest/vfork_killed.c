// vfork children that are killed, and that fault; vfork from threads.
#include "guest/t.h"
#include <sys/time.h>
#include <sys/resource.h>
// vfork child killed, stopped; vfork in threads; vfork+signal handler in parent pending
#include <pthread.h>
static volatile int n;
static void h(int s) { n++; }
static void *w(void *p) {
  for (int i = 0; i < 5; i++) {
    pid_t c = vfork();
    if (!c) _exit(i);
    CHECK_EQ(t_wait(c), i);
  }
  return 0;
}
int main() {
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, 0);
  int me = getpid();
  pid_t c = vfork();
  if (!c) {
    kill(me, SIGUSR1);
    for (volatile int i = 0; i < 100000; i++)
      ;
    CHECK_EQ(n, 0);
    _exit(2);
  }
  CHECK_EQ(n, 1);
  CHECK_EQ(t_wait(c), 2);
  pthread_t t[3];
  for (int i = 0; i < 3; i++) pthread_create(t + i, 0, w, 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
  int p[2];
  pipe(p);
  pid_t killer = fork();
  if (!killer) {
    pid_t v;
    CHECK_EQ(read(p[0], &v, 4), 4);
    usleep(20000);
    kill(v, SIGKILL);
    _exit(0);
  }
  c = vfork();
  if (!c) {
    int x = getpid();
    write(p[1], &x, 4);
    pause();
    _exit(3);
  }
  CHECK_EQ(t_wait(c), 1009);
  CHECK_EQ(t_wait(killer), 0);
  c = vfork();
  if (!c) {
    raise(SIGTERM);
    _exit(1);
  }
  CHECK_EQ(t_wait(c), 1015);
  c = vfork();
  if (!c) { *(volatile int *)0 = 0; }
  CHECK_EQ(t_wait(c), 1011);
  puts("ok");
  return 0;
}
