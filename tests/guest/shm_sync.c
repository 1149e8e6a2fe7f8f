// Processes that wait for each other through shared memory: spinning on a flag, futexes, mutexes and conditions that are shared
// (robust and PI ones too), barriers, semaphores by fork and by name, a ring buffer.
#include "guest/t.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { TURNS = 200, ITEMS = 2000, RING = 32 };
struct shared {
  _Atomic int turn;
  pthread_mutex_t lock, robust, pi;
  pthread_cond_t cond;
  pthread_barrier_t barrier;
  pthread_rwlock_t rw;
  sem_t sem[2];
  int ball, count, pi_count, rw_count;
  _Atomic unsigned head, tail;
  unsigned ring[RING];
};
static struct shared *s;

static void make(void) {
  s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(s != MAP_FAILED);
  pthread_mutexattr_t m;
  pthread_mutexattr_init(&m);
  pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
  CHECK_EQ(pthread_mutex_init(&s->lock, &m), 0);
  pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
  CHECK_EQ(pthread_mutex_init(&s->robust, &m), 0);
  pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_STALLED);
  pthread_mutexattr_setprotocol(&m, PTHREAD_PRIO_INHERIT);
  CHECK_EQ(pthread_mutex_init(&s->pi, &m), 0);
  pthread_condattr_t c;
  pthread_condattr_init(&c);
  pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
  CHECK_EQ(pthread_cond_init(&s->cond, &c), 0);
  pthread_barrierattr_t b;
  pthread_barrierattr_init(&b);
  pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
  CHECK_EQ(pthread_barrier_init(&s->barrier, &b, 2), 0);
  pthread_rwlockattr_t r;
  pthread_rwlockattr_init(&r);
  pthread_rwlockattr_setpshared(&r, PTHREAD_PROCESS_SHARED);
  CHECK_EQ(pthread_rwlock_init(&s->rw, &r), 0);
  CHECK_EQ(sem_init(&s->sem[0], 1, 0), 0);
  CHECK_EQ(sem_init(&s->sem[1], 1, 0), 0);
}

static void spin(int me) {
  for (int i = 0; i < TURNS; i++) {
    for (int n = 0; s->turn % 2 != me; n++)
      if (n > 1000) { n = 0; sched_yield(); }
    s->turn++;
  }
}

static void ping_pong(int me) {
  for (int i = 0; i < TURNS; i++) {
    CHECK_EQ(pthread_mutex_lock(&s->lock), 0);
    while (s->ball % 2 != me) CHECK_EQ(pthread_cond_wait(&s->cond, &s->lock), 0);
    s->ball++;
    CHECK_EQ(pthread_cond_signal(&s->cond), 0);
    CHECK_EQ(pthread_mutex_unlock(&s->lock), 0);
  }
}

static void locks(void) {
  for (int i = 0; i < TURNS; i++) {
    CHECK_EQ(pthread_mutex_lock(&s->lock), 0);
    s->count++;
    CHECK_EQ(pthread_mutex_unlock(&s->lock), 0);
    CHECK_EQ(pthread_mutex_lock(&s->pi), 0);
    s->pi_count++;
    CHECK_EQ(pthread_mutex_unlock(&s->pi), 0);
    CHECK_EQ(pthread_rwlock_wrlock(&s->rw), 0);
    s->rw_count++;
    CHECK_EQ(pthread_rwlock_unlock(&s->rw), 0);
    CHECK_EQ(pthread_rwlock_rdlock(&s->rw), 0);
    CHECK(s->rw_count > 0);
    CHECK_EQ(pthread_rwlock_unlock(&s->rw), 0);
  }
}

static void sems(int me, sem_t *a, sem_t *b) {
  for (int i = 0; i < TURNS / 2; i++) {
    if (me) CHECK_EQ(sem_wait(a), 0);
    else CHECK_EQ(sem_post(a), 0);
    if (me) CHECK_EQ(sem_post(b), 0);
    else CHECK_EQ(sem_wait(b), 0);
  }
}

static void producer(void) {
  for (unsigned i = 0; i < ITEMS; i++) {
    while (s->head - s->tail == RING) sched_yield();
    s->ring[s->head % RING] = i * i;
    s->head++;
  }
}

static unsigned consumer(void) {
  unsigned sum = 0;
  for (unsigned i = 0; i < ITEMS; i++) {
    while (s->head == s->tail) sched_yield();
    CHECK_EQ(s->ring[s->tail % RING], i * i);
    sum += s->ring[s->tail % RING];
    s->tail++;
  }
  return sum;
}

// Its owner dies: the next one is told.
static void robust(void) {
  pid_t c = fork();
  if (!c) {
    CHECK_EQ(pthread_mutex_lock(&s->robust), 0);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  CHECK_EQ(pthread_mutex_lock(&s->robust), EOWNERDEAD);
  CHECK_EQ(pthread_mutex_consistent(&s->robust), 0);
  CHECK_EQ(pthread_mutex_unlock(&s->robust), 0);
  CHECK_EQ(pthread_mutex_lock(&s->robust), 0);
  CHECK_EQ(pthread_mutex_unlock(&s->robust), 0);
}

// A wait with a timeout that nobody answers, and one that a signal ends.
static void timed(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec >= 1000000000) { t.tv_nsec -= 1000000000; t.tv_sec++; }
  CHECK_ERR(sem_timedwait(&s->sem[0], &t), ETIMEDOUT);
}

int main(void) {
  make();
  char name[64];
  snprintf(name, sizeof name, "/rr-shm_sync.%d", (int)getpid());
  sem_t *x = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
  CHECK(x != SEM_FAILED);
  CHECK_EQ(sem_unlink(name), 0);
  pid_t c = fork();
  if (!c) {
    spin(1);
    ping_pong(1);
    locks();
    pthread_barrier_wait(&s->barrier);
    sems(1, &s->sem[0], &s->sem[1]);
    sems(1, x, &s->sem[1]);
    unsigned sum = consumer();
    _exit(sum == (unsigned)((unsigned long)(ITEMS - 1) * ITEMS * (2 * ITEMS - 1) / 6) ? 0 : 1);
  }
  spin(0);
  ping_pong(0);
  locks();
  pthread_barrier_wait(&s->barrier);
  CHECK_EQ(s->count, 2 * TURNS);
  CHECK_EQ(s->pi_count, 2 * TURNS);
  CHECK_EQ(s->rw_count, 2 * TURNS);
  sems(0, &s->sem[0], &s->sem[1]);
  sems(0, x, &s->sem[1]);
  producer();
  CHECK_EQ(t_wait(c), 0);
  CHECK_EQ(s->turn, 2 * TURNS);
  CHECK_EQ(s->ball, 2 * TURNS);
  robust();
  timed();
  printf("turn %d ball %d\n", s->turn, s->ball);
  return 0;
}
