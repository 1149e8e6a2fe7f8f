// A lost wake-up: the consumer looks at the flag without the lock, and only then begins to wait. A signal between the two is lost.
//
//   cc -g -pthread examples/lost_wakeup.c -o lost_wakeup
//   rr record ./lost_wakeup                    never fails
//   rr record --chaos ./lost_wakeup            fails within 30 runs; then: rr debug
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static volatile int items, done;

static void *produce(void *arg) {
  (void)arg;
  for (int i = 0; i < 20; i++) {
    while (items) {} // one at a time
    items = 1;
    pthread_cond_signal(&filled);
  }
  return NULL;
}

static int wait_for_item(void) {
  struct timespec late;
  clock_gettime(CLOCK_REALTIME, &late);
  late.tv_sec += 2;
  if (items) return 0; // wrong: the producer may come right here
  pthread_mutex_lock(&lock);
  int error = pthread_cond_timedwait(&filled, &lock, &late);
  pthread_mutex_unlock(&lock);
  return error;
}

int main(void) {
  pthread_t producer;
  pthread_create(&producer, NULL, produce, NULL);
  for (int i = 0; i < 20; i++) {
    if (wait_for_item() == ETIMEDOUT) {
      printf("item %d is there, and nobody woke the consumer\n", i);
      return 1;
    }
    items = 0;
  }
  pthread_join(producer, NULL);
  puts("all 20 items arrived");
  return 0;
}
