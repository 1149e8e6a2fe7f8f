// A guest for exactness: loops, calls, REP, signals by a timer and by faults, threads that take turns, system calls.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

volatile unsigned long sum, handled, faults, turns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char from[3000], to[3000];
static sigjmp_buf out;

static void on_signal(int signo) { handled++; sum += (unsigned long)signo; }
static void on_fault(int signo) { (void)signo; faults++; siglongjmp(out, 1); }

__attribute__((noinline)) static unsigned long mix(unsigned long x) { return (x ^ x >> 7) * 0x9e3779b97f4a7c15ul; }

static void copy(void) {
  void *d = to, *s = from;
  unsigned long n = sizeof to;
  __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
}

static void round_of(unsigned long seed) {
  for (int i = 0; i < 40; i++) sum = mix(sum + seed);
  memset(from, (int)sum, sizeof from);
  copy();
  pthread_mutex_lock(&lock);
  turns++;
  pthread_mutex_unlock(&lock);
  if (turns % 4 == 0) sum += (unsigned long)getppid() * 0;
  if (!sigsetjmp(out, 1) && turns % 8 == 3) *(volatile int *)8 = 1;
  if (turns % 5 == 0) raise(SIGUSR1);
}

static void *other(void *arg) {
  for (unsigned long i = 0; i < 60; i++) {
    pthread_mutex_lock(&lock);
    sum = mix(sum + i);
    turns++;
    pthread_mutex_unlock(&lock);
    if (i % 3 == 0) usleep(1);
  }
  return arg;
}

int main(void) {
  struct itimerval t = { { 0, 700 }, { 0, 700 } };
  pthread_t thread;
  signal(SIGUSR1, on_signal);
  signal(SIGALRM, on_signal);
  signal(SIGSEGV, on_fault);
  setitimer(ITIMER_REAL, &t, NULL);
  pthread_create(&thread, NULL, other, NULL);
  for (unsigned long i = 0; i < 60; i++) round_of(i);
  pthread_join(thread, NULL);
  t = (struct itimerval){ 0 };
  setitimer(ITIMER_REAL, &t, NULL);
  printf("turns %lu\n", turns);
  return 0;
}
