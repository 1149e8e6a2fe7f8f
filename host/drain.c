// The drain thread. The ring's memory is written by processes that may have gone wild: everything is copied out first,
// checked in the copy, and an index out of range ends the recording rather than this program.
#include "host/drain.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "abi/layout.h"
#include "host/drain_free.h"
#include "host/events.h"

#define BUFFERED_MAX (8u << 20)   // bytes gathered in all streams together
#define INTERVAL_MIN_MS 30        // between two times that all is written; doubles
#define INTERVAL_MAX_MS 500
#define NOTES_MAX 64
#define CHUNKS_AT_START 8  // as much as a program writes before the thread runs
#define SPARE_MAX 16

struct stream {
  uint8_t *buffer;       // FRAME_BYTES_MAX, while something is gathered
  uint32_t used, events; // in the buffer
  uint32_t next_chunk, next_frame;
  uint32_t taken, taken_events; // of the chunk next_chunk, before it was whole
  uint64_t next_event;   // counted events seen
  uint64_t last_ticks;
  uint32_t slot, next_dirty; // next_dirty: list of streams with a buffer (index + 1)
  bool seen, done, broken;
  uint32_t executed;     // the last counted event is an exec by this thread: what comes then is in another stream
};

struct drain {
  struct session *session;
  struct trace_writer *writer;
  struct free_chunks free;
  struct stream *streams;
  uint32_t stream_room, dirty; // dirty: head of the list
  size_t buffered;
  uint8_t *spare[SPARE_MAX]; // buffers not in use: their pages are warm
  uint32_t spare_count;
  uint64_t events;
  int notify;
  int64_t next_flush;   // ms of the monotonic clock
  int interval;
  bool panic_seen;
  volatile bool finish;
  int32_t root_pid;
  int root_status;
  struct fault fault;
  pthread_t thread;
  bool started;
  uint32_t order[RR_CHUNKS];
  uint64_t notes[NOTES_MAX];
  uint32_t note_count;
};

static void notify(struct drain *d) {
  uint64_t one = 1;
  if (write(d->notify, &one, sizeof one) < 0) {} // only EAGAIN: already told
}

// The recording cannot go on: engines stop; what was written stays.
static void give_up(struct drain *d) {
  session_abort(d->session);
  notify(d);
}

static struct stream *stream_get(struct drain *d, uint32_t number) {
  if (number >= STREAMS_MAX || number >= __atomic_load_n(&d->session->memory->next_stream, __ATOMIC_ACQUIRE)) return NULL;
  if (number >= d->stream_room) {
    uint32_t room = d->stream_room ? d->stream_room : 64;
    while (room <= number) room *= 2;
    d->streams = realloc(d->streams, room * sizeof *d->streams);
    if (!d->streams) abort();
    memset(d->streams + d->stream_room, 0, (room - d->stream_room) * sizeof *d->streams);
    d->stream_room = room;
  }
  return &d->streams[number];
}

// After a failure (a full disk) the frames of other streams are still tried: what failed was taken back and left some room.
static void stream_flush(struct drain *d, struct stream *s, bool last) {
  struct fault f;
  if ((!s->used && !last) || s->broken) return;
  if (trace_write_frame(d->writer, (uint32_t)(s - d->streams), s->next_frame, last ? FRAME_LAST : 0, s->next_event - s->events, s->events, s->buffer, s->used, &f)) {
    s->broken = true; // a frame behind a missing one would be of no use
    if (!d->fault.code) d->fault = f;
    give_up(d);
  } else {
    s->next_frame++;
  }
  d->buffered -= s->used;
  s->used = s->events = 0;
}

static void buffer_free(struct drain *d, struct stream *s) {
  if (s->buffer && d->spare_count < SPARE_MAX) d->spare[d->spare_count++] = s->buffer;
  else free(s->buffer);
  s->buffer = NULL;
}

static void flush_all(struct drain *d) {
  if (d->stream_room) stream_flush(d, &d->streams[0], false); // the first one: without it nothing replays
  while (d->dirty) {
    struct stream *s = &d->streams[d->dirty - 1];
    d->dirty = s->next_dirty;
    stream_flush(d, s, false);
    buffer_free(d, s);
  }
}

static void stream_end(struct drain *d, struct stream *s) {
  s->done = true;
  stream_flush(d, s, true);
  buffer_free(d, s); // it stays in the dirty list, which does not mind
}

static void stream_room(struct drain *d, struct stream *s, uint32_t bytes) {
  if (s->used + bytes > FRAME_BYTES_MAX) stream_flush(d, s, false);
  if (s->buffer) return;
  s->buffer = d->spare_count ? d->spare[--d->spare_count] : aligned_alloc(64, FRAME_BYTES_MAX);
  if (!s->buffer) abort();
  s->used = s->events = 0;
  s->next_dirty = d->dirty;
  d->dirty = (uint32_t)(s - d->streams) + 1;
}

static void stream_append(struct drain *d, struct stream *s, uint32_t bytes, uint32_t events) {
  s->used += bytes;
  s->events += events;
  s->next_event += events;
  d->events += events;
  d->buffered += bytes;
}

// A warning that an engine put into the trace is said once.
static void say_note(struct drain *d, const char *text, size_t size) {
  uint64_t hash = 14695981039346656037u; // FNV-1a
  size_t n = strnlen(text, size);
  for (size_t i = 0; i < n; i++) hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
  for (uint32_t i = 0; i < d->note_count; i++)
    if (d->notes[i] == hash) return;
  if (d->note_count < NOTES_MAX) d->notes[d->note_count++] = hash;
  say_warn("%.*s", (int)n, text);
}

static void look_at_events(struct drain *d, struct stream *s, const uint8_t *data, uint32_t size) {
  struct fault unused;
  const struct rr_event *ev;
  for (size_t at = 0; (ev = event_next(data, size, &at, &unused));) {
    if (event_counted(ev) && ev->ticks > s->last_ticks) s->last_ticks = ev->ticks;
    if (event_counted(ev)) s->executed = ev->type == RR_EV_EXEC ? ev->tid : 0;
    if (ev->type == RR_EV_NOTE) say_note(d, event_payload(ev), event_payload_size(ev));
  }
}

static int chunk_bad(struct drain *d, const struct rr_chunk *c, const char *why) {
  fault_set(&d->fault, 1, "the log of process stream %u was damaged (%s): the program wrote over the recorder's memory, or this is a bug; the recording ends here",
    c->stream, why);
  give_up(d);
  return 1;
}

// The events of a chunk that were not taken yet. whole: nothing more comes in it.
static void take_chunk(struct drain *d, const struct rr_chunk *c, bool whole, bool last) {
  if (d->fault.code) return;
  uint32_t used = __atomic_load_n(&c->used, __ATOMIC_ACQUIRE), counted;
  struct stream *s = stream_get(d, c->stream);
  if (!s || s->done || used > sizeof c->data || used % 8 || used < s->taken) {
    chunk_bad(d, c, "impossible header");
    return;
  }
  if (c->number != s->next_chunk || c->first_event != s->next_event - s->taken_events) {
    chunk_bad(d, c, "a part is missing");
    return;
  }
  struct fault why;
  uint32_t size = used - s->taken;
  if (size) {
    stream_room(d, s, size);
    memcpy(s->buffer + s->used, c->data + s->taken, size);
    if (events_check(s->buffer + s->used, size, &counted, &why)) {
      chunk_bad(d, c, why.text);
      return;
    }
    look_at_events(d, s, s->buffer + s->used, size);
    stream_append(d, s, size, counted);
    s->taken = used;
    s->taken_events += counted;
  }
  s->seen = true;
  s->slot = c->slot;
  if (!whole) return;
  s->next_chunk++;
  s->taken = s->taken_events = 0;
  if (last) stream_end(d, s);
}

// What is in chunks that are being filled: so that little is lost if this program is killed. Their state is stored behind
// everything else in them, and only this thread frees them.
static void take_unfinished(struct drain *d) {
  for (uint32_t i = 0; i < free_chunks_ever(&d->free); i++) {
    const struct rr_chunk *c = session_chunk(d->session, i);
    if (free_chunks_retired(&d->free, i) || __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != RR_CHUNK_FILLING) continue;
    const struct stream *s = stream_get(d, c->stream);
    if (s && !s->done && c->number == s->next_chunk) take_chunk(d, c, false, false); // else the one before it is submitted just now
  }
}

// Chunks that were submitted, oldest first. Their order is copied at once: the links lie in memory that may change.
static bool take_submitted(struct drain *d) {
  struct rr_session *m = d->session->memory;
  uint32_t list = __atomic_exchange_n(&m->submit_head, 0, __ATOMIC_ACQ_REL), n = 0;
  if (!list) return false;
  for (; list && list <= RR_CHUNKS && n < RR_CHUNKS; list = __atomic_load_n(&session_chunk(d->session, list - 1)->next, __ATOMIC_RELAXED)) d->order[n++] = list - 1;
  if (list && !d->fault.code) {
    fault_set(&d->fault, 1, "the recorder's memory was damaged by the program; the recording ends here");
    give_up(d);
  }
  while (n) {
    struct rr_chunk *c = session_chunk(d->session, d->order[--n]);
    take_chunk(d, c, true, __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == RR_CHUNK_LAST);
    free_chunks_give_back(&d->free, d->order[n]);
  }
  if (d->buffered > BUFFERED_MAX) flush_all(d);
  return true;
}

static int chunk_order(const void *a, const void *b) {
  const struct rr_chunk *x = *(struct rr_chunk *const *)a, *y = *(struct rr_chunk *const *)b;
  if (x->stream != y->stream) return x->stream < y->stream ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

// What processes that died unseen had begun to fill, or had filled and not yet submitted.
static void take_abandoned(struct drain *d) {
  struct rr_chunk *found[RR_CHUNKS];
  uint32_t n = 0;
  for (uint32_t i = 0; i < free_chunks_ever(&d->free); i++) {
    struct rr_chunk *c = session_chunk(d->session, i);
    if (!free_chunks_retired(&d->free, i) && __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != RR_CHUNK_FREE) found[n++] = c;
  }
  qsort(found, n, sizeof *found, chunk_order);
  for (uint32_t i = 0; i < n; i++) take_chunk(d, found[i], true, found[i]->state == RR_CHUNK_LAST);
}

static uint64_t ctx_ticks(const struct rr_ctx *c) {
  uint64_t ticks = c->tick_base - c->tick_forced * (uint64_t)RR_TICK_FORCE * RR_TICK_COUNTERS;
  for (int i = 0; i < RR_TICK_COUNTERS; i++) ticks -= (uint64_t)c->counters[i].left;
  return ticks;
}

// Ends the stream of a process that was killed: replay runs on to the last tick that it counted.
static void end_killed(struct drain *d, uint32_t slot, const struct rr_ctx *c) {
  struct stream *s = stream_get(d, c->stream);
  if (d->fault.code || !s || !s->seen || s->done || s->slot != slot || !s->next_event) return;
  if (s->executed == c->host_pid) { // it was killed in its exec (not a vfork child of it): a stream without events
    stream_end(d, s);
    return;
  }
  struct { struct rr_event event; struct rr_ev_killed killed; } killed = { 0 };
  uint64_t ticks = ctx_ticks(c);
  killed.event = (struct rr_event){ .size = sizeof killed, .type = RR_EV_KILLED, .tid = c->host_pid, .ticks = ticks > s->last_ticks ? ticks : s->last_ticks };
  killed.killed.lost_output = c->output_open;
  killed.killed.exit.status = (int32_t)c->host_pid == d->root_pid ? (uint32_t)d->root_status : SIGKILL;
  stream_room(d, s, sizeof killed);
  memcpy(s->buffer + s->used, &killed, sizeof killed);
  stream_append(d, s, sizeof killed, 1);
  stream_end(d, s);
}

static void end_all_killed(struct drain *d) {
  off_t end = RR_OFF_SLOTS + (off_t)RR_SLOTS * RR_PAGE;
  for (off_t at = RR_OFF_SLOTS; (at = lseek(d->session->memfd, at, SEEK_DATA)) >= 0 && at < end; at += RR_PAGE) {
    at &= ~(off_t)(RR_PAGE - 1);
    const struct rr_ctx *c = (const struct rr_ctx *)((const uint8_t *)d->session->memory + at);
    if (c->state == RR_CTX_LIVE) end_killed(d, (uint32_t)((at - (off_t)RR_OFF_SLOTS) / (off_t)RR_PAGE), c);
  }
}

static int64_t now_ms(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void wait_for_work(struct drain *d) {
  struct rr_session *m = d->session->memory;
  uint32_t seen = __atomic_load_n(&m->doorbell, __ATOMIC_SEQ_CST);
  int64_t left = d->next_flush - now_ms();
  __atomic_store_n(&m->host_sleeping, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&m->submit_head, __ATOMIC_SEQ_CST) && !d->finish && left > 0) futex_wait(&m->doorbell, seen, (int)left);
  __atomic_store_n(&m->host_sleeping, 0, __ATOMIC_SEQ_CST);
}

// Now and then everything that there is gets written: often at first, since most recordings are short.
static void flush_in_time(struct drain *d, bool busy) {
  if (now_ms() < d->next_flush) return;
  take_unfinished(d);
  flush_all(d);
  if (!busy) free_chunks_release(&d->free);
  d->interval = d->interval * 2 < INTERVAL_MAX_MS ? d->interval * 2 : INTERVAL_MAX_MS;
  d->next_flush = now_ms() + d->interval;
}

static void *drain_main(void *argument) {
  struct drain *d = argument;
  d->interval = INTERVAL_MIN_MS;
  d->next_flush = now_ms() + d->interval;
  for (;;) {
    bool finishing = d->finish; // read before the list: what was submitted until then is in it
    free_chunks_refill(&d->free);
    bool worked = take_submitted(d);
    if (!d->panic_seen && __atomic_load_n(&d->session->memory->panic.taken, __ATOMIC_ACQUIRE) == 2) {
      d->panic_seen = true;
      give_up(d);
    }
    flush_in_time(d, worked);
    if (worked) continue;
    if (finishing) break;
    wait_for_work(d);
  }
  take_abandoned(d);
  end_all_killed(d);
  flush_all(d);
  return NULL;
}

struct drain *drain_new(struct session *s, int notify_fd) {
  struct drain *d = calloc(1, sizeof *d);
  if (!d) abort();
  d->session = s;
  d->notify = notify_fd;
  free_chunks_init(&d->free, s);
  free_chunks_more(&d->free, CHUNKS_AT_START);
  return d;
}

int drain_start(struct drain *d, struct fault *f) {
  int r = pthread_create(&d->thread, NULL, drain_main, d);
  d->started = !r;
  return r ? fault_set(f, EXIT_NO_START, "cannot start a thread: %s", strerror(r)) : 0;
}

void drain_writer(struct drain *d, struct trace_writer *w) { d->writer = w; }

void drain_finish(struct drain *d, int32_t root_pid, int root_status) {
  d->root_pid = root_pid;
  d->root_status = root_status;
  __atomic_store_n(&d->finish, true, __ATOMIC_SEQ_CST);
  if (!d->started) {
    drain_main(d);
    return;
  }
  __atomic_add_fetch(&d->session->memory->doorbell, 1, __ATOMIC_SEQ_CST);
  futex_wake(&d->session->memory->doorbell, 1);
  pthread_join(d->thread, NULL);
}

const struct fault *drain_fault(const struct drain *d) { return &d->fault; }
uint64_t drain_events(const struct drain *d) { return d->events; }
bool drain_root_started(const struct drain *d) { return d->stream_room && d->streams[0].next_event; }

uint32_t drain_streams(const struct drain *d) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < d->stream_room; i++) n += d->streams[i].next_frame != 0;
  return n;
}

void drain_free(struct drain *d) {
  if (!d) return;
  for (uint32_t i = 0; i < d->stream_room; i++) free(d->streams[i].buffer);
  while (d->spare_count) free(d->spare[--d->spare_count]);
  free(d->streams);
  free(d);
}
