// A signal interrupts just the thread that it is for.
#include "guest/t.h"
#include <pthread.h>
#include <sys/eventfd.h>
#include <poll.h>
// blocking calls in threads + signals + cancellation of accept etc: EINTR to precise thread, SA_RESTART
static int p[2];
static volatile int hits;
static void h(int s) { hits++; }
static void *rd(void *x) {
  char b;
  long r = read(p[0], &b, 1);
  return (void *)(r == 1 ? (long)b : -(long)errno);
}
static void *po(void *x) {
  struct pollfd f = { p[0], POLLIN };
  int r = poll(&f, 1, 5000);
  return (void *)(r < 0 ? -(long)errno : (long)r);
}
int main() {
  pipe(p);
  pthread_t t;
  void *r;
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, 0);
  a.sa_flags = SA_RESTART;
  sigaction(SIGUSR2, &a, 0);
  // (a signal that comes before the thread waits interrupts nothing)
  do {
    int before = hits;
    pthread_create(&t, 0, rd, 0);
    usleep(10000);
    pthread_kill(t, SIGUSR1);
    while (hits == before) usleep(100);
    usleep(10000);
    write(p[1], "A", 1);
    pthread_join(t, &r);
    if (r == (void *)'A') continue;
    char drain;
    read(p[0], &drain, 1);
  } while (r != (void *)-EINTR);
  pthread_create(&t, 0, rd, 0);
  for (int i = 0; i < 2; i++) {
    int before = hits;
    usleep(10000);
    pthread_kill(t, SIGUSR2);
    while (hits == before) usleep(100);
  }
  usleep(10000);
  write(p[1], "A", 1);
  pthread_join(t, &r);
  CHECK_EQ(r, 'A');
  // process signal with all but one thread blocking
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &s, 0);
  sigaddset(&s, SIGUSR1);
  a.sa_flags = 0;
  sigaction(SIGTERM, &a, 0);
  pthread_create(&t, 0, rd, 0);
  usleep(10000);
  hits = 0;
  kill(getpid(), SIGTERM);
  usleep(20000);
  CHECK_EQ(hits, 0);
  write(p[1], "B", 1);
  pthread_join(t, &r);
  pthread_sigmask(SIG_UNBLOCK, &s, 0);
  CHECK_EQ(hits, 1);
  puts("ok");
  return 0;
}
