// Ends of threads and processes: cancellation with cleanup, pthread_exit of main, exit with threads running, exec from a thread, robust mutexes.
#include "guest/t.h"
#include <pthread.h>
static volatile int cleaned, started;
static pthread_mutex_t rob;
static void clean(void *p) { cleaned += (int)(long)p; }
static void *sleepy(void *p) {
  pthread_cleanup_push(clean, (void *)3l);
  started = 1;
  for (;;) sleep(100);
  pthread_cleanup_pop(0);
  return p;
}
static void *spin(void *p) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  pthread_cleanup_push(clean, (void *)40l);
  started = 1;
  volatile long x = 0;
  for (;;) x++;
  pthread_cleanup_pop(0);
  return p;
}
static void *hold(void *p) {
  pthread_mutex_lock(&rob);
  return p;
}
static void *late(void *p) {
  usleep(20000);
  (void)!write(1, "thread after main\n", 18);
  (void)p;
  exit(5);
}
static void *endless(void *p) {
  for (;;) {
    volatile int x = 0;
    x++;
  }
  return p;
}
static void *blocked(void *p) {
  int q[2];
  (void)!pipe(q);
  char c;
  (void)!read(q[0], &c, 1);
  return p;
}
static void *exe(void *p) {
  (void)p;
  execl("/bin/echo", "echo", "from a thread", (char *)NULL);
  return NULL;
}
int main(void) {
  pthread_t t[4];
  void *v;
  pthread_create(&t[0], NULL, sleepy, NULL);
  while (!started) sched_yield();
  CHECK_EQ(pthread_cancel(t[0]), 0);
  pthread_join(t[0], &v);
  CHECK(v == PTHREAD_CANCELED);
  CHECK_EQ(cleaned, 3);
  started = 0;
  pthread_create(&t[0], NULL, spin, NULL);
  while (!started) sched_yield();
  CHECK_EQ(pthread_cancel(t[0]), 0);
  pthread_join(t[0], &v);
  CHECK(v == PTHREAD_CANCELED);
  CHECK_EQ(cleaned, 43);
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&rob, &a);
  pthread_create(&t[0], NULL, hold, NULL);
  pthread_join(t[0], NULL);
  CHECK_EQ(pthread_mutex_lock(&rob), EOWNERDEAD);
  CHECK_EQ(pthread_mutex_consistent(&rob), 0);
  CHECK_EQ(pthread_mutex_unlock(&rob), 0);
  CHECK_EQ(pthread_mutex_lock(&rob), 0);
  pthread_mutex_unlock(&rob);
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    pthread_create(&t[0], NULL, late, NULL);
    pthread_exit(NULL);
  }
  CHECK_EQ(t_wait(c), 5);
  c = fork();
  if (c == 0) {
    pthread_create(&t[0], NULL, endless, NULL);
    pthread_create(&t[1], NULL, blocked, NULL);
    usleep(5000);
    exit(6);
  }
  CHECK_EQ(t_wait(c), 6);
  c = fork();
  if (c == 0) {
    pthread_create(&t[1], NULL, endless, NULL);
    pthread_create(&t[2], NULL, blocked, NULL);
    pthread_create(&t[0], NULL, exe, NULL);
    for (;;) pause();
  }
  CHECK_EQ(t_wait(c), 0);
  c = fork();
  if (c == 0) {
    pthread_create(&t[1], NULL, endless, NULL);
    execl("/bin/echo", "echo", "from main with threads", (char *)NULL);
  }
  CHECK_EQ(t_wait(c), 0);
  c = fork();
  if (c == 0) {
    pthread_create(&t[1], NULL, endless, NULL);
    pthread_create(&t[2], NULL, blocked, NULL);
    usleep(2000);
    kill(getpid(), SIGKILL);
  }
  CHECK_EQ(t_wait(c), 1000 + SIGKILL);
  puts("ok");
  return 0;
}
