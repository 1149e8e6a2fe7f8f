// The log of this address space. Record: events go into a chunk of the session's ring; a full chunk is submitted and the next
// free one taken. Replay: frames of the stream are asked for through a feed slot and copied into private memory.
#include <linux/mman.h>
#include <asm/errno.h>
#include <linux/futex.h>
#include <linux/poll.h>
#include "engine/log.h"
#include "engine/signal.h"
#include "engine/debug.h"
#include "engine/log_block.h"
#include "engine/debug.h"
#include "engine/keep.h"
#include "engine/shared.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

struct rr_session *session;
bool replaying;

static struct rr_chunk *chunk;          // record: the one being filled
static u32 fill, limit, chunk_number, slot;
static struct rr_event *open_event;
static struct rr_ctx fork_snapshot;

static u8 *frame;                        // replay: private copy of the frame being read
static u32 frame_at, frame_size, frame_number, stream_now;
static bool stream_ended, have_checksum;
static const struct rr_event *peeked;    // what log_peek found at peeked_at of frame peeked_frame; or NULL
static u32 peeked_at, peeked_frame;
static struct rr_feed *ahead;            // the next frame, asked for already
static struct rr_ev_checksum next_checksum;

static void futex_wake(u32 *word, u32 n) { sys(__NR_futex, word, FUTEX_WAKE, n, 0, 0, 0); }

static void futex_wait(u32 *word, u32 value, u64 ms) {
  s64 ts[2] = { (s64)(ms / 1000), (s64)(ms % 1000) * 1000000 };
  sys(__NR_futex, word, FUTEX_WAIT, value, ts, 0, 0);
}

bool log_recorder_gone(void) {
  struct pollfd p = { .fd = engine_fds[ENGINE_FD_SOCKET], .events = 0 };
  return p.fd >= 0 && sys(__NR_poll, &p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

#define RING_AFTER 4u // chunks; fewer than the recorder keeps in the free list
static void ring_doorbell(void) {
  __atomic_add_fetch(&session->doorbell, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&session->host_sleeping, __ATOMIC_SEQ_CST)) futex_wake(&session->doorbell, 1);
}

void log_stop_if_over(void) {
  if (__atomic_load_n(&session->abort, __ATOMIC_ACQUIRE)) { sys(__NR_exit_group, 1); }
  if (log_recorder_gone()) { s64 self = sys(__NR_getpid); sys(__NR_kill, self, 9); }
}

// ---- record ----

static struct rr_chunk *chunk_at(u32 index) { return (struct rr_chunk *)((u8 *)session + RR_OFF_CHUNKS) + index; }

static struct rr_chunk *take_free(void) {
  for (;;) {
    u64 head = __atomic_load_n(&session->free_head, __ATOMIC_ACQUIRE);
    u32 i = (u32)head;
    if (i) {
      u64 next = __atomic_load_n(&chunk_at(i - 1)->next, __ATOMIC_RELAXED) | ((head >> 32) + 1) << 32;
      if (__atomic_compare_exchange_n(&session->free_head, &head, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return chunk_at(i - 1);
      continue;
    }
    u32 seen = __atomic_load_n(&session->free_futex, __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&session->free_waiters, 1, __ATOMIC_SEQ_CST);
    ring_doorbell();
    if ((u32)__atomic_load_n(&session->free_head, __ATOMIC_SEQ_CST) == 0) futex_wait(&session->free_futex, seen, 100);
    __atomic_sub_fetch(&session->free_waiters, 1, __ATOMIC_SEQ_CST);
    log_stop_if_over();
  }
}

static void submit(bool last) {
  __atomic_store_n(&chunk->state, last ? RR_CHUNK_LAST : RR_CHUNK_SUBMITTED, __ATOMIC_RELEASE);
  u32 index = (u32)(chunk - chunk_at(0)) + 1;
  u32 head = __atomic_load_n(&session->submit_head, __ATOMIC_RELAXED);
  do chunk->next = head;
  while (!__atomic_compare_exchange_n(&session->submit_head, &head, index, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
  chunk = NULL;
  // The recorder looks by itself now and then: to wake it for each chunk would cost a program that writes much a tenth of its time.
  static u32 unrung;
  if (!last && ++unrung < RING_AFTER) return;
  unrung = 0;
  ring_doorbell();
}

static void next_chunk(void) {
  if (chunk) {
    submit(false);
    log_stop_if_over();
  }
  struct rr_chunk *c = take_free();
  c->stream = ctx.stream;
  c->number = chunk_number++;
  c->used = 0;
  c->slot = slot;
  c->first_event = ctx.events;
  __atomic_store_n(&c->state, RR_CHUNK_FILLING, __ATOMIC_RELEASE);
  chunk = c;
  fill = 0;
  limit = session->opt.debug & RR_DEBUG_TINYRING ? 4096 : sizeof c->data;
}

static struct rr_event *reserve(u32 bytes) {
  if (!chunk || fill + bytes > limit) next_chunk();
  check(fill + bytes <= sizeof chunk->data, bytes);
  return (struct rr_event *)(chunk->data + fill);
}

static void commit(u32 bytes) {
  fill += bytes;
  __atomic_store_n(&chunk->used, fill, __ATOMIC_RELEASE);
}

static struct rr_event *header(u8 type, u16 code, size_t payload) {
  u32 bytes = (u32)ALIGN_UP(sizeof(struct rr_event) + payload, 8);
  struct rr_event *e = reserve(bytes);
  if (payload & 7) ((u64 *)e)[bytes / 8 - 1] = 0;
  *e = (struct rr_event){ .size = bytes, .type = type, .code = code, .tid = current ? current->tid : ctx.host_pid, .ticks = ticks_now(), .pc = ctx.regs[R_RIP] };
  return e;
}

void *log_begin(u8 type, u16 code, size_t payload) {
  open_event = header(type, code, payload);
  return open_event + 1;
}

void log_end(u8 flags) {
  open_event->flags = flags;
  if (open_event->type >= RR_EV_FIRST_COUNTED) ctx.events++;
  commit(open_event->size);
  open_event = NULL;
}

static void log_plain(u64 guest, const void *src, size_t len) {
  while (len) {
    u32 overhead = sizeof(struct rr_event) + sizeof(struct rr_ev_data);
    if (!chunk || fill + overhead + 256 > limit) next_chunk();
    size_t n = limit - fill - overhead;
    n = ALIGN_DOWN(n, (size_t)8);
    if (n > len) n = len;
    struct rr_event *e = header(RR_EV_DATA, 0, sizeof(struct rr_ev_data) + n);
    struct rr_ev_data *d = (struct rr_ev_data *)(e + 1);
    *d = (struct rr_ev_data){ guest, n };
    size_t got = src ? (memcpy(d + 1, src, n), n) : copyin(d + 1, guest, n);
    d->len = got;
    if (got < n) {
      e->size = (u32)ALIGN_UP(sizeof *e + sizeof *d + got, 8);
      if (got) commit(e->size);
      return; // the rest is not mapped: nothing can have been written there
    }
    commit(e->size);
    guest += n;
    len -= n;
    if (src) src = (const u8 *)src + n;
  }
}

// A whole block that is known (only its number goes into the log), or that replay shall remember.
static void log_block(u64 guest, const void *block, u16 number, enum block_kind kind) {
  size_t n = kind == BLOCK_PUT ? BLOCK_BYTES : 0;
  struct rr_event *e = header(RR_EV_DATA, number, sizeof(struct rr_ev_data) + n);
  struct rr_ev_data *d = (struct rr_ev_data *)(e + 1);
  *d = (struct rr_ev_data){ guest, n };
  memcpy(d + 1, block, n);
  e->flags = kind == BLOCK_PUT ? RR_EVF_BLOCK_PUT : RR_EVF_BLOCK_REF;
  commit(e->size);
}

static void log_bytes(u64 guest, const void *src, size_t len) {
  const u8 *p = src;
  if (!p && len >= BLOCK_BYTES) { // anonymous memory that can be written can be read as it is
    struct mapping *m = map_find(guest);
    if (m && (m->flags & MAPF_ANON) && !(m->flags & MAPF_SHARED) && (m->prot & PROT_WRITE) && m->end - guest >= len) p = (const u8 *)guest;
  }
  size_t plain = 0; // bytes at guest that are still to be logged as they are
  for (size_t at = 0; len - at >= BLOCK_BYTES && !(session->opt.debug & RR_DEBUG_TINYRING); at += BLOCK_BYTES) {
    u64 copy[BLOCK_BYTES / 8];
    const void *block = p ? (const void *)(p + at) : copy;
    u16 number;
    enum block_kind kind = p || copyin(copy, guest + at, BLOCK_BYTES) == BLOCK_BYTES ? block_look(block, &number) : BLOCK_NEW;
    if (kind == BLOCK_NEW) continue;
    if (at > plain) log_plain(guest + plain, p ? p + plain : NULL, at - plain);
    log_block(guest + at, block, number, kind);
    plain = at + BLOCK_BYTES;
  }
  log_plain(guest + plain, p ? p + plain : NULL, len - plain);
}

void log_remember(u64 guest, size_t len) {
  u64 block[BLOCK_BYTES / 8];
  u16 number;
  for (; len >= BLOCK_BYTES; guest += BLOCK_BYTES, len -= BLOCK_BYTES) {
    if (copyin(block, guest, BLOCK_BYTES) != BLOCK_BYTES || !block_learn(block, &number)) continue;
    struct rr_event *e = header(RR_EV_DATA, number, sizeof(struct rr_ev_data));
    *(struct rr_ev_data *)(e + 1) = (struct rr_ev_data){ guest, 0 };
    e->flags = RR_EVF_BLOCK_PUT | RR_EVF_BLOCK_REF;
    commit(e->size);
  }
}

void log_data(u64 guest, size_t len) {
  if (unlikely(shadowing)) shared_take(guest, len);
  log_bytes(guest, NULL, len);
}

void log_data_from(u64 guest, const void *src, size_t len) { log_bytes(guest, src, len); }

void log_note(const char *f, ...) {
  char text[400];
  va_list ap;
  va_start(ap, f);
  vfmt(text, sizeof text, f, ap);
  va_end(ap);
  if (replaying) return;
  size_t n = strlen(text) + 1;
  struct rr_event *e = header(RR_EV_NOTE, 0, n);
  memcpy(e + 1, text, n);
  commit(e->size);
}

void log_finish(void) {
  if (replaying) return;
  memory_check_files();
  shared_files_end();
  if (!chunk) next_chunk();
  submit(true);
  __atomic_store_n(&ctx.state, RR_CTX_DONE, __ATOMIC_RELEASE);
  __atomic_store_n(&ctx.state, RR_CTX_FREE, __ATOMIC_RELEASE);
}

u32 log_new_stream(void) {
  fork_snapshot = ctx;
  return replaying ? 0 : __atomic_fetch_add(&session->next_stream, 1, __ATOMIC_RELAXED);
}

// The context page: a free slot of the session on record, private memory on replay.
static void map_context(void) {
  if (replaying) {
    s64 r = sys(__NR_mmap, RR_CTX, RR_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    check(r == (s64)RR_CTX, -r);
    return;
  }
  for (u32 tries = 0; tries < RR_SLOTS * 2; tries++) {
    slot = __atomic_fetch_add(&session->slot_hint, 1, __ATOMIC_RELAXED) % RR_SLOTS;
    s64 r = sys(__NR_mmap, RR_CTX, RR_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, engine_fds[ENGINE_FD_SESSION], RR_OFF_SLOTS + (u64)slot * RR_PAGE);
    if (r != (s64)RR_CTX) stop(STOP_IO, "the engine could not map its context page (error %ld)", -r);
    u32 free = RR_CTX_FREE;
    if (__atomic_compare_exchange_n(&ctx.state, &free, RR_CTX_LIVE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
  }
  stop(STOP_REFUSED, "more than %d processes at once can't be recorded", (int)RR_SLOTS);
}

static void begin_stream(u32 stream) {
  ctx.stream = stream_now = stream;
  ctx.events = 0;
  ctx.state = RR_CTX_LIVE;
  chunk = NULL;
  chunk_number = 0;
  frame_at = frame_size = frame_number = 0;
  stream_ended = have_checksum = false;
  peeked = NULL;
  ahead = NULL;
}

void log_start(u32 stream) {
  map_context();
  u64 state = ctx.state;
  memset(&ctx, 0, sizeof ctx);
  ctx.state = (u32)state;
  ctx.host_pid = (u32)sys(__NR_getpid);
  engine_ready = true;
  begin_stream(stream);
  if (replaying) frame = heap_pages(RR_FEED_BYTES);
}

void log_forked_child(u32 stream, u32 parent_stream, u64 parent_event) {
  if (!replaying) map_context();
  struct rr_ctx *c = &ctx;
  *c = fork_snapshot;
  c->host_pid = (u32)sys(__NR_getpid);
  begin_stream(stream);
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (!e) signal_exit_by(9); // killed before it could log anything
    if (e->type != RR_EV_FORKED) diverged(e, "a forked process begins");
    frame_at += e->size;
    const struct rr_ev_forked *f = log_payload(e);
    ctx.host_pid = f->pid;
  } else {
    struct rr_ev_forked *f = log_begin(RR_EV_FORKED, 0, sizeof *f);
    *f = (struct rr_ev_forked){ .parent_stream = parent_stream, .pid = ctx.host_pid, .ppid = (u32)sys(__NR_getppid), .parent_event = parent_event };
    open_event->tid = ctx.host_pid;
    log_end(0);
    return;
  }
  ctx.events++;
}

// ---- replay ----

// Asks for frame `number` in one of the first `slots` feed slots. NULL: they are all in use.
static struct rr_feed *ask_for(u32 number, u32 slots) {
  struct rr_feed *feeds = (struct rr_feed *)((u8 *)session + RR_OFF_FEEDS);
  for (u32 n = 0, i = (u32)sys(__NR_getpid); n < slots; n++, i++) {
    struct rr_feed *f = &feeds[i % slots];
    u32 free = RR_FEED_FREE;
    if (!__atomic_compare_exchange_n(&f->state, &free, RR_FEED_CLAIMED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    f->stream = stream_now;
    f->number = number;
    __atomic_store_n(&f->state, RR_FEED_REQUESTED, __ATOMIC_RELEASE);
    ring_doorbell();
    return f;
  }
  return NULL;
}

static u32 await(struct rr_feed *f) {
  u32 state;
  while ((state = __atomic_load_n(&f->state, __ATOMIC_ACQUIRE)) == RR_FEED_REQUESTED) {
    futex_wait(&f->state, RR_FEED_REQUESTED, 200);
    if (__atomic_load_n(&f->state, __ATOMIC_ACQUIRE) == RR_FEED_REQUESTED) log_stop_if_over();
  }
  return state;
}

void log_release_ahead(void) {
  if (!ahead) return;
  await(ahead);
  __atomic_store_n(&ahead->state, RR_FEED_FREE, __ATOMIC_RELEASE);
  ahead = NULL;
}

// Fetches the next frame through a feed slot. False at the end of the stream. From the second frame on the one after is asked
// for ahead, so that it is unpacked while this one is replayed; that takes only half of the slots, as a process may wait
// with one in hand for what another replays. Copies of this process (checkpoints) would share it: not under the debugger.
static bool next_frame(void) {
  if (stream_ended) return false;
  struct rr_feed *f = ahead;
  ahead = NULL;
  while (!f && !(f = ask_for(frame_number, RR_FEEDS))) { sys(__NR_sched_yield); log_stop_if_over(); }
  frame_number++;
  u32 state = await(f);
  if (state == RR_FEED_READY) {
    check(f->size <= RR_FEED_BYTES, f->size);
    memcpy(frame, f->data, f->size);
    frame_size = f->size;
    frame_at = 0;
  }
  __atomic_store_n(&f->state, RR_FEED_FREE, __ATOMIC_RELEASE);
  if (state == RR_FEED_BAD) stop(STOP_IO, "the trace is damaged: frame %d of stream %d can't be read", (int)frame_number - 1, (int)stream_now);
  if (state == RR_FEED_END) stream_ended = true;
  if (state == RR_FEED_READY && frame_number > 1 && !session->opt.gdb) ahead = ask_for(frame_number, RR_FEEDS / 2);
  return state == RR_FEED_READY;
}

static const struct rr_event *raw_peek(void) {
  while (frame_at >= frame_size)
    if (!next_frame()) return NULL;
  const struct rr_event *e = (const struct rr_event *)(frame + frame_at);
  if (frame_size - frame_at < sizeof *e || e->size < sizeof *e || e->size > frame_size - frame_at || e->size % 8)
    stop(STOP_IO, "the trace is damaged: a bad event in frame %d of stream %d", (int)frame_number - 1, (int)stream_now);
  return e;
}

// It is asked six times an event.
const struct rr_event *log_peek(void) {
  if (likely(peeked && peeked_at == frame_at && peeked_frame == frame_number)) return peeked;
  for (;;) {
    const struct rr_event *e = raw_peek();
    if (!e) return NULL;
    if (e->type == RR_EV_DATA || e->type >= RR_EV_FIRST_COUNTED) {
      peeked_at = frame_at;
      peeked_frame = frame_number;
      return peeked = e;
    }
    if (e->type == RR_EV_CHECKSUM) { memcpy(&next_checksum, e + 1, sizeof next_checksum); have_checksum = true; }
    if (e->type == RR_EV_FILE) keep_learn(e);
    frame_at += e->size;
  }
}

bool log_take_checksum(struct rr_ev_checksum *sum) {
  log_peek();
  bool have = have_checksum;
  *sum = next_checksum;
  have_checksum = false;
  return have;
}

static void apply_bytes(const struct rr_event *e, u64 addr, const void *bytes, size_t n) {
  if (unlikely(shadowing)) shared_reaches(addr + n);
  if (copyout(addr, bytes, n) != n && memory_poke(addr, bytes, n) != n) diverged(e, "memory at 0x%lx (%lu bytes) that the recording wrote is not writable", addr, n);
}

static void apply_data(const struct rr_event *e) {
  const struct rr_ev_data *d = log_payload(e);
  if (e->size < sizeof *e + sizeof *d || d->len > e->size - sizeof *e - sizeof *d) stop(STOP_IO, "the trace is damaged: a bad data event in stream %d", (int)stream_now);
  if ((e->flags & RR_EVF_BLOCK_REF) && (e->flags & RR_EVF_BLOCK_PUT)) {
    u64 bytes[BLOCK_BYTES / 8];
    if (copyin(bytes, d->addr, BLOCK_BYTES) != BLOCK_BYTES) diverged(e, "memory at 0x%lx that the recording wrote to a file can't be read", d->addr);
    block_put(e->code, bytes);
    return;
  }
  if (e->flags & RR_EVF_BLOCK_REF) {
    const void *block = block_get(e->code);
    if (!block) stop(STOP_IO, "the trace is damaged: a bad block in stream %d", (int)stream_now);
    apply_bytes(e, d->addr, block, BLOCK_BYTES);
    return;
  }
  if ((e->flags & RR_EVF_BLOCK_PUT) && d->len == BLOCK_BYTES) block_put(e->code, d + 1);
  apply_bytes(e, d->addr, d + 1, d->len);
}

void log_apply(const struct rr_event *e) {
  const struct rr_ev_data *d = log_payload(e);
  if (e->size < sizeof *e + sizeof *d || d->len > e->size - sizeof *e - sizeof *d) stop(STOP_IO, "the trace is damaged: a bad event of shared memory in stream %d", (int)stream_now);
  if (d->len) apply_bytes(e, d->addr, d + 1, d->len);
  else shared_ends(d->addr);
}

const struct rr_event *log_take(u8 type, u16 code) {
  const struct rr_event *e;
  while ((e = log_peek()) && e->type == RR_EV_DATA) { frame_at += e->size; apply_data(e); }
  u64 ticks = ticks_now();
  u32 tid = current ? current->tid : ctx.host_pid;
  if (e && e->type == RR_EV_KILLED && e->ticks <= ticks) run_replay_killed(e); // killed before it could log this
  if (!e || e->type != type || e->code != code || e->tid != tid || e->ticks != ticks || e->pc != ctx.regs[R_RIP])
    diverged(e, "%s %d", type == RR_EV_SYSCALL || type == RR_EV_ENTER ? "system call" : "event", type == RR_EV_SYSCALL || type == RR_EV_ENTER ? code : type);
  frame_at += e->size;
  ctx.events++;
  have_checksum = false;
  return e;
}

static const char *type_name(int type) {
  static const char *const names[] = { "start", "fork", "system call", "entry of system call", "thread switch", "signal", "fault", "sigreturn", "instruction", "exec", "exit", "death", "change of shared memory", "tracer" };
  return type >= RR_EV_START && type <= RR_EV_TRACE ? names[type - RR_EV_START] : type == RR_EV_DATA ? "data" : "end of the stream";
}

void diverged(const struct rr_event *recorded, const char *f, ...) {
  char text[300], rec[300];
  va_list ap;
  va_start(ap, f);
  vfmt(text, sizeof text, f, ap);
  va_end(ap);
  if (!recorded && !log_peek()) { // a whole stream ends with its process: this one was cut off
    if (debugging) debug_end();
    stop(STOP_IO, "the trace is not complete: the recording of stream %d ends after event %lu; it was replayed as far as it goes", (int)ctx.stream, ctx.events);
  }
  if (recorded)
    fmt(rec, sizeof rec, "%s %d of thread %d at ticks %lu, pc 0x%lx", type_name(recorded->type), recorded->code, recorded->tid, recorded->ticks, recorded->pc);
  else str_copy(rec, "nothing: the stream ends here", sizeof rec);
  static char all[1000];
  fmt(all, sizeof all, "replay diverged from the recording at event %lu of stream %d\n  recorded: %s\n  replayed: %s of thread %d at ticks %lu, pc 0x%lx",
      ctx.events + 1, (int)ctx.stream, rec, text, current ? current->tid : 0, ticks_now(), ctx.regs[R_RIP]);
  if (debugging) debug_diverged(all);
  stop(STOP_DIVERGED, "%s", all);
}

void log_nondet(u16 code, u64 *v, size_t n) {
  if (unlikely(diverting)) return;
  if (replaying) {
    const struct rr_event *e = log_take(RR_EV_NONDET, code);
    if (e->size < sizeof *e + n * 8) diverged(e, "instruction %d with %lu values", code, n);
    memcpy(v, log_payload(e), n * 8);
    return;
  }
  memcpy(log_begin(RR_EV_NONDET, code, n * 8), v, n * 8);
  log_end(0);
}
