// A lost update between two threads: both read the counter, both add, one addition is gone.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long balance = 100, audit;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void pay_in(long amount) {
  long seen = balance;                                    // the read
  pthread_barrier_wait(&both);                            // both have read
  pthread_mutex_lock(&lock);
  balance = seen + amount;                                // the write
  audit += amount;
  pthread_mutex_unlock(&lock);
}

static void *worker(void *arg) {
  long amount = (long)arg;
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&lock);
    audit += 0;
    pthread_mutex_unlock(&lock);
  }
  pay_in(amount);
  usleep(10);
  return NULL;
}

int main(void) {
  pthread_t t[2];
  pthread_barrier_init(&both, NULL, 2);
  for (long i = 0; i < 2; i++) pthread_create(&t[i], NULL, worker, (void *)(10 + i));
  for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
  printf("audit %ld\n", audit);
  fflush(stdout);
  if (balance != 100 + audit) abort();                    // the symptom
  return 0;
}
