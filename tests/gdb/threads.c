// Three threads that take turns, so that each can be looked at.
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn, done;
static __thread int mine;

static void work(int me, int round) {
  mine = me * 100 + round;
  done++;
}

static void *run(void *arg) {
  int me = (int)(long)arg;
  for (int round = 0; round < 5; round++) {
    pthread_mutex_lock(&lock);
    while (turn != me) pthread_cond_wait(&turned, &lock);
    work(me, round);
    turn = (turn + 1) % 3;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

int main(void) {
  pthread_t t[3];
  for (long i = 0; i < 3; i++) pthread_create(&t[i], NULL, run, (void *)i);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  printf("done %d\n", done);
  return done == 15 ? 0 : 1;
}
