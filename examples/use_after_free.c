// Use after free between threads: the reader takes the pointer, the writer frees what it points to, the reader uses it.
//
//   cc -g -pthread examples/use_after_free.c -o use_after_free
//   rr record ./use_after_free                    never fails
//   rr record --chaos ./use_after_free            fails within 30 runs
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config { int version; char name[40]; };
static struct config *volatile current;

static struct config *make(int version) {
  struct config *c = malloc(sizeof *c);
  c->version = version;
  snprintf(c->name, sizeof c->name, "configuration %d", version);
  return c;
}

static void *update(void *arg) {
  (void)arg;
  for (int i = 1; i <= 30; i++) {
    struct config *old = current;
    current = make(i);
    memset(old, 0xdd, sizeof *old);
    free(old); // wrong: somebody may be reading it
    sched_yield();
  }
  return NULL;
}

static int check(const struct config *c) {
  char expected[40];
  int version = c->version;
  snprintf(expected, sizeof expected, "configuration %d", version);
  return strcmp(expected, c->name) == 0;
}

int main(void) {
  pthread_t writer;
  current = make(0);
  pthread_create(&writer, NULL, update, NULL);
  for (int i = 0; i < 40; i++) {
    if (!check(current)) {
      puts("the reader used freed memory");
      return 1;
    }
    sched_yield();
  }
  pthread_join(writer, NULL);
  puts("all configurations were whole");
  return 0;
}
