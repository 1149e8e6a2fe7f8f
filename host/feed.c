// The feeder. Slots are far apart in the memfd and most are never used: only those that have memory are looked at.
#include "host/feed.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct feed {
  struct session *session;
  struct trace *trace;
  bool known[RR_FEEDS];    // slots that have been used
  bool *fed;               // by entry of the trace's index
  uint64_t bytes;
  volatile bool stop;
  bool started;
  struct fault fault;
  pthread_t thread;
};

static bool next_known(struct feed *f) {
  bool found = false;
  for (uint32_t i = 0; i < RR_FEEDS; i++) {
    off_t at = (off_t)((uint8_t *)session_feed(f->session, i) - (uint8_t *)f->session->memory);
    if (f->known[i]) continue;
    off_t data = lseek(f->session->memfd, at, SEEK_DATA);
    if (data < 0) break;                     // nothing from here on
    if (data > at) i += (uint32_t)((data - at) / (off_t)sizeof(struct rr_feed));
    if (i < RR_FEEDS) f->known[i] = found = true;
  }
  return found;
}

static void answer(struct feed *f, struct rr_feed *slot) {
  const struct trace_stream *s = trace_stream(f->trace, slot->stream);
  uint32_t state = RR_FEED_END, number = slot->number;
  if (s && number < s->frames) {
    const struct index_entry *e = &f->trace->entries[s->first + number];
    struct fault why;
    size_t size = 0;
    state = RR_FEED_READY;
    if (trace_read_frame(f->trace, e, slot->data, &size, &why)) {
      state = RR_FEED_BAD;
      if (!f->fault.code) f->fault = why;
    } else if (!f->fed[s->first + number]) {
      f->fed[s->first + number] = true;
      __atomic_add_fetch(&f->bytes, e->packed, __ATOMIC_RELAXED);
    }
    slot->size = (uint32_t)size;
  }
  __atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
  futex_wake(&slot->state, 1);
}

static bool answer_all(struct feed *f) {
  bool worked = false;
  for (uint32_t i = 0; i < RR_FEEDS; i++) {
    struct rr_feed *slot = session_feed(f->session, i);
    if (!f->known[i] || __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) != RR_FEED_REQUESTED) continue;
    answer(f, slot);
    worked = true;
  }
  return worked;
}

static void *feed_main(void *argument) {
  struct feed *f = argument;
  struct rr_session *m = f->session->memory;
  while (!f->stop) {
    uint32_t seen = __atomic_load_n(&m->doorbell, __ATOMIC_SEQ_CST);
    if (answer_all(f) || (next_known(f) && answer_all(f))) continue;
    __atomic_store_n(&m->host_sleeping, 1, __ATOMIC_SEQ_CST);
    if (!answer_all(f) && !f->stop) futex_wait(&m->doorbell, seen, 200);
    __atomic_store_n(&m->host_sleeping, 0, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

struct feed *feed_new(struct session *s, struct trace *t) {
  struct feed *f = calloc(1, sizeof *f);
  if (!f || !(f->fed = calloc(t->count + 1, 1))) abort();
  f->session = s;
  f->trace = t;
  return f;
}

int feed_start(struct feed *f, struct fault *fault) {
  int r = pthread_create(&f->thread, NULL, feed_main, f);
  f->started = !r;
  return r ? fault_set(fault, 1, "cannot start a thread: %s", strerror(r)) : 0;
}

void feed_stop(struct feed *f) {
  if (!f->started) return;
  f->stop = true;
  __atomic_add_fetch(&f->session->memory->doorbell, 1, __ATOMIC_SEQ_CST);
  futex_wake(&f->session->memory->doorbell, 1);
  pthread_join(f->thread, NULL);
  f->started = false;
}

const struct fault *feed_fault(const struct feed *f) { return &f->fault; }
uint64_t feed_bytes(const struct feed *f) { return __atomic_load_n(&f->bytes, __ATOMIC_RELAXED); }

bool feed_all_fed(const struct feed *f) {
  for (uint32_t i = 0; i < f->trace->count; i++)
    if (!f->fed[i] && f->trace->entries[i].size) return false;
  return true;
}

void feed_free(struct feed *f) {
  if (!f) return;
  feed_stop(f);
  free(f->fed);
  free(f);
}
