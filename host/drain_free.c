// The free list of chunks. Lock-free on both sides; the tag in the high half of free_head guards against ABA.
#include "host/drain_free.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>

#define LOW_WATER 16u     // fewer free ones than that: more are given; less while few are in use (each costs a page)
#define LOW_WATER_MIN 4u
#define STEP 32u
#define STEP_MIN 4u
#define USUAL_MAX 1024u   // 32 MiB; more only while every chunk is being filled and someone waits
#define KEEP_FREE 64u

void free_chunks_init(struct free_chunks *f, struct session *s) { f->session = s; }

static void push(struct free_chunks *f, uint32_t index) {
  struct rr_session *m = f->session->memory;
  struct rr_chunk *c = session_chunk(f->session, index);
  uint64_t head = __atomic_load_n(&m->free_head, __ATOMIC_RELAXED), next;
  __atomic_store_n(&c->state, RR_CHUNK_FREE, __ATOMIC_RELAXED);
  do {
    __atomic_store_n(&c->next, (uint32_t)head, __ATOMIC_RELAXED);
    next = ((head >> 32) + 1) << 32 | (index + 1);
  } while (!__atomic_compare_exchange_n(&m->free_head, &head, next, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

// -1: the list is empty, or holds nonsense (then nobody can go on anyway: the drain will find out).
static int pop(struct free_chunks *f) {
  struct rr_session *m = f->session->memory;
  for (uint64_t head = __atomic_load_n(&m->free_head, __ATOMIC_ACQUIRE);;) {
    uint32_t i = (uint32_t)head;
    if (!i || i > RR_CHUNKS) return -1;
    uint64_t next = ((head >> 32) + 1) << 32 | __atomic_load_n(&session_chunk(f->session, i - 1)->next, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(&m->free_head, &head, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return (int)i - 1;
  }
}

void free_chunks_more(struct free_chunks *f, uint32_t count) {
  while (count && f->retired_count) {
    uint32_t index = f->retired[--f->retired_count];
    f->is_retired[index] = false;
    push(f, index);
    count--;
  }
  for (; count && f->fresh < RR_CHUNKS; count--) push(f, f->fresh++);
}

static void wake_waiters(struct free_chunks *f) {
  struct rr_session *m = f->session->memory;
  if (!__atomic_load_n(&m->free_waiters, __ATOMIC_SEQ_CST)) return;
  __atomic_add_fetch(&m->free_futex, 1, __ATOMIC_SEQ_CST);
  futex_wake(&m->free_futex, INT_MAX);
}

void free_chunks_give_back(struct free_chunks *f, uint32_t index) {
  push(f, index);
  wake_waiters(f);
}

// How many are in the list, counted up to max. Engines change it meanwhile: an estimate.
static uint32_t count_free(struct free_chunks *f, uint32_t max) {
  uint32_t n = 0, i = (uint32_t)__atomic_load_n(&f->session->memory->free_head, __ATOMIC_ACQUIRE);
  for (; i && i <= RR_CHUNKS && n < max; n++) i = __atomic_load_n(&session_chunk(f->session, i - 1)->next, __ATOMIC_RELAXED);
  return n;
}

void free_chunks_refill(struct free_chunks *f) {
  struct rr_session *m = f->session->memory;
  uint32_t out = f->fresh - f->retired_count;
  bool starving = __atomic_load_n(&m->free_waiters, __ATOMIC_SEQ_CST) && !__atomic_load_n(&m->submit_head, __ATOMIC_SEQ_CST);
  uint32_t low = out / 2 < LOW_WATER_MIN ? LOW_WATER_MIN : out / 2 < LOW_WATER ? out / 2 : LOW_WATER;
  uint32_t step = starving || out > STEP ? STEP : out < STEP_MIN ? STEP_MIN : out;
  if ((out < USUAL_MAX || starving) && count_free(f, low) < low) free_chunks_more(f, step);
  wake_waiters(f);
}

void free_chunks_release(struct free_chunks *f) {
  uint32_t n = count_free(f, RR_CHUNKS);
  for (; n > KEEP_FREE + STEP; n--) {
    int i = pop(f);
    if (i < 0) return;
    fallocate(f->session->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)RR_OFF_CHUNKS + (off_t)i * RR_CHUNK_BYTES, RR_CHUNK_BYTES);
    f->retired[f->retired_count++] = (uint32_t)i;
    f->is_retired[i] = true;
  }
}
