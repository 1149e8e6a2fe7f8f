#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pair { int a, b; };
static int global = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int mine;
static volatile int done;

int twice(int x) { return 2 * x; }
double half(double x) { return x / 2; }
struct pair swapped(struct pair p) { return (struct pair){ p.b, p.a }; }
const char *name(int n) {
  static char text[32];
  snprintf(text, sizeof text, "number %d", n);
  return text;
}
char *joined(const char *a, const char *b) {
  char *r = malloc(strlen(a) + strlen(b) + 1);
  return strcat(strcpy(r, a), b);
}
int change(int to) { global = to; return global; }
int locked(void) { pthread_mutex_lock(&lock); return 1; }
int whose(void) { return mine; }
int remove_file(void) { return unlink("stays"); }
void crash(void) { *(volatile int *)0 = 1; }

static void *run(void *p) {
  mine = 7;
  while (!done) usleep(1000);
  return p;
}

static void stop_here(struct pair p) { printf("%d %d %d\n", p.a, p.b, global); }

int main(void) {
  pthread_t t;
  struct pair p = { 3, 4 };
  mine = 1;
  pthread_create(&t, NULL, run, NULL);
  usleep(20000);
  pthread_mutex_lock(&lock);
  stop_here(p);
  stop_here(swapped(p));
  done = 1;
  pthread_join(t, NULL);
  return 0;
}
