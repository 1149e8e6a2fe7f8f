// Signals and threads: masks of each, pthread_kill, process signals to one that does not block them, sigwait thread, faults in threads, SIGSEGV of one kills all.
#include "guest/t.h"
#include <pthread.h>
static __thread volatile int mine;
static volatile int total;
static volatile int ready, quit;
static pthread_t waiter;
static void h(int s) {
  (void)s;
  mine++;
  __sync_fetch_and_add(&total, 1);
}
static void *target(void *p) {
  __sync_fetch_and_add(&ready, 1);
  while (mine < 5) {
    volatile int x = 0;
    for (int i = 0; i < 100; i++) x++;
  }
  (void)p;
  return (void *)(long)mine;
}
static void *wait_thread(void *p) {
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGTERM);
  sigaddset(&m, SIGHUP);
  int s, n = 0;
  for (;;) {
    CHECK_EQ(sigwait(&m, &s), 0);
    if (s == SIGHUP) break;
    n++;
    *(volatile int *)p = n;
  }
  return (void *)(long)n;
}
static void *paused(void *p) {
  ready = 1;
  while (!quit) pause();
  (void)p;
  return (void *)(long)mine;
}
static void segv(int s, siginfo_t *i, void *u) {
  (void)s;
  (void)u;
  CHECK_EQ(mprotect((void *)((uintptr_t)i->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE), 0);
  mine++;
}
static void *faulter(void *p) {
  volatile char *c = p;
  for (int i = 0; i < 20; i++) c[i * 4096] = 1;
  return (void *)(long)mine;
}
int main(void) {
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGUSR1, &a, NULL);
  pthread_t t[3];
  for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, target, NULL);
  while (ready < 3) sched_yield();
  for (int k = 0; k < 5; k++)
    for (int i = 0; i < 3; i++) {
      int before = total;
      CHECK_EQ(pthread_kill(t[i], SIGUSR1), 0);
      while (total == before) sched_yield();
    }
  for (int i = 0; i < 3; i++) {
    void *v;
    pthread_join(t[i], &v);
    CHECK_EQ((long)v, 5);
  }
  CHECK_EQ(mine, 0);
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGTERM);
  sigaddset(&m, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &m, NULL);
  volatile int n = 0;
  pthread_create(&waiter, NULL, wait_thread, (void *)&n);
  for (int i = 1; i <= 10; i++) {
    kill(getpid(), SIGTERM);
    while (n < i) usleep(200);
  }
  kill(getpid(), SIGHUP);
  void *v;
  pthread_join(waiter, &v);
  CHECK_EQ((long)v, 10);
  // a process signal goes to the one thread that does not block it
  ready = 0;
  pthread_create(&t[0], NULL, paused, NULL);
  while (!ready) sched_yield();
  sigemptyset(&m);
  sigaddset(&m, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &m, NULL);
  total = 0;
  for (int i = 1; i <= 10; i++) {
    kill(getpid(), SIGUSR1);
    while (total < i) usleep(200);
  }
  quit = 1;
  pthread_kill(t[0], SIGUSR1);
  pthread_join(t[0], &v);
  CHECK_EQ((long)v, 11);
  struct sigaction s = { .sa_sigaction = segv, .sa_flags = SA_SIGINFO };
  sigaction(SIGSEGV, &s, NULL);
  char *area = mmap(NULL, 3 * 20 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, faulter, area + i * 20 * 4096);
  for (int i = 0; i < 3; i++) {
    pthread_join(t[i], &v);
    CHECK_EQ((long)v, 20);
  }
  pid_t c = fork();
  if (c == 0) {
    signal(SIGSEGV, SIG_DFL);
    pthread_create(&t[0], NULL, paused, NULL);
    pthread_create(&t[1], NULL, faulter, (void *)4096);
    for (;;) pause();
  }
  CHECK_EQ(t_wait(c), 1000 + SIGSEGV);
  puts("ok");
  return 0;
}
