// System calls to catch, one of them long enough for another thread to run meanwhile; a thread with a name.
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

long getppid_result;
static volatile int spun;
static void in_thread(void) { spun++; }
static void *run(void *arg) {
  prctl(PR_SET_NAME, "worker");
  for (int i = 0; i < 3; i++) in_thread();
  return arg;
}

int main(void) {
  pthread_t t;
  struct timespec ts = { 0, 20000000 };
  getppid_result = getppid();
  getppid_result = getppid();
  pthread_create(&t, NULL, run, NULL);
  nanosleep(&ts, NULL);
  pthread_join(t, NULL);
  puts("slept");
  return 0;
}
