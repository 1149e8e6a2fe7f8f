// Opening a trace and reading its frames.
#include "host/trace_read.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>
#include "host/files.h"

static void incomplete(struct trace *t, const char *f, ...) __attribute__((format(printf, 2, 3)));
static void incomplete(struct trace *t, const char *f, ...) {
  if (!t->complete) return;
  va_list ap;
  va_start(ap, f);
  vsnprintf(t->incomplete_why, sizeof t->incomplete_why, f, ap);
  va_end(ap);
  t->complete = false;
}

static bool entry_plausible(const struct index_entry *e, uint64_t frames_bytes) {
  return e->stream < STREAMS_MAX && !(e->flags & ~(uint32_t)FRAME_FLAGS) && (e->size || e->flags & FRAME_LAST) && e->size <= FRAME_BYTES_MAX &&
         e->packed <= FRAME_PACKED_MAX && e->events <= e->size / sizeof(struct rr_event) && e->offset < frames_bytes &&
         frames_bytes - e->offset >= sizeof(struct frame_header) + e->packed;
}

// The index, if it is there, whole, and about the file that we have.
static bool index_load(struct trace *t, uint64_t frames_size) {
  size_t size;
  char *data = read_file_at(t->dir, "index", 1u << 30, &size);
  struct index_header h;
  bool good = false;
  if (data && size >= sizeof h) {
    memcpy(&h, data, sizeof h);
    uint64_t bytes = (uint64_t)h.entries * sizeof *t->entries;
    good = h.magic == INDEX_MAGIC && bytes == size - sizeof h && h.frames_bytes == frames_size;
    if (good) {
      XXH3_state_t *sum = XXH3_createState();
      if (!sum) abort();
      XXH3_64bits_reset(sum);
      XXH3_64bits_update(sum, data + sizeof h, bytes);
      XXH3_64bits_update(sum, &h, offsetof(struct index_header, sum));
      good = XXH3_64bits_digest(sum) == h.sum;
      XXH3_freeState(sum);
    }
    if (good && (t->entries = malloc(bytes + 1))) {
      memcpy(t->entries, data + sizeof h, bytes);
      t->count = h.entries;
      t->frames_bytes = frames_size;
      for (uint32_t i = 0; i < t->count; i++) good = good && entry_plausible(&t->entries[i], frames_size);
    }
  }
  free(data);
  if (!good) {
    free(t->entries);
    t->entries = NULL;
    t->count = 0;
  }
  return good;
}

static bool header_good(const struct frame_header *h) {
  return h->magic == FRAME_MAGIC && h->sum == XXH3_64bits(h, offsetof(struct frame_header, sum)) && !h->reserved;
}

// Rebuilds the index from the frames' headers, up to the first that is torn or damaged.
static void index_scan(struct trace *t, uint64_t frames_size) {
  uint32_t room = 0;
  uint64_t at = 0;
  while (at < frames_size) {
    struct frame_header h;
    if (read_at(t->frames, &h, sizeof h, (off_t)at) != sizeof h) break;
    if (!header_good(&h)) {
      incomplete(t, "the frame header at byte %llu is damaged; what lies behind it is lost", (unsigned long long)at);
      break;
    }
    struct index_entry e = { .offset = at, .first_event = h.first_event, .stream = h.stream, .number = h.number, .flags = h.flags,
      .packed = h.packed, .size = h.size, .events = h.events };
    if (!entry_plausible(&e, frames_size)) break;
    if (t->count == room) {
      room = room ? room * 2 : 256;
      t->entries = realloc(t->entries, room * sizeof e);
      if (!t->entries) abort();
    }
    t->entries[t->count++] = e;
    at += sizeof h + h.packed;
  }
  t->frames_bytes = at;
  if (at < frames_size) incomplete(t, "the file `frames` ends in the middle of a frame (at byte %llu)", (unsigned long long)at);
}

static int entry_order(const void *a, const void *b) {
  const struct index_entry *x = a, *y = b;
  if (x->stream != y->stream) return x->stream < y->stream ? -1 : 1;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void streams_build(struct trace *t) {
  if (t->count) qsort(t->entries, t->count, sizeof *t->entries, entry_order);
  uint32_t room = 0;
  for (uint32_t i = 0; i < t->count;) {
    uint32_t end = i, whole = 0;
    for (; end < t->count && t->entries[end].stream == t->entries[i].stream; end++)
      if (whole == end - i && t->entries[end].number == whole) whole++;
    if (t->stream_count == room) {
      room = room ? room * 2 : 64;
      t->streams = realloc(t->streams, room * sizeof *t->streams);
      if (!t->streams) abort();
    }
    if (whole != end - i) incomplete(t, "frame %u of stream %u is missing or there twice", whole, t->entries[i].stream);
    bool last = whole && t->entries[i + whole - 1].flags & FRAME_LAST;
    if (whole) t->streams[t->stream_count++] = (struct trace_stream){ t->entries[i].stream, i, whole, last };
    i = end;
  }
}

static int open_frames(struct trace *t, struct fault *f) {
  t->frames = openat(t->dir, "frames", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;
  if (t->frames < 0 || fstat(t->frames, &st) < 0) return fault_set(f, EXIT_BAD_TRACE, "the file `frames` cannot be read: %s", strerror(errno));
  if (!S_ISREG(st.st_mode)) return fault_set(f, EXIT_BAD_TRACE, "`frames` is not a file");
  t->complete = true;
  if (!manifest_number(&t->manifest, "complete", 0)) incomplete(t, "the recording did not come to its end");
  else if (manifest_number(&t->manifest, "frames_bytes", 0) != (uint64_t)st.st_size)
    incomplete(t, "the file `frames` has %llu bytes instead of %llu", (unsigned long long)st.st_size,
      (unsigned long long)manifest_number(&t->manifest, "frames_bytes", 0));
  if (!index_load(t, (uint64_t)st.st_size)) index_scan(t, (uint64_t)st.st_size);
  streams_build(t);
  if (t->complete && t->count != manifest_number(&t->manifest, "frames", 0)) incomplete(t, "frames are missing");
  return 0;
}

int trace_open(const char *dir, struct trace **out, struct fault *f) {
  struct trace *t = calloc(1, sizeof *t);
  *out = NULL;
  if (!t) return fault_set(f, 1, "out of memory");
  t->frames = -1;
  t->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  t->path = realpath(dir, NULL);
  t->zstd = ZSTD_createDCtx();
  int r = 0;
  if (t->dir < 0 || !t->path || !t->zstd) r = fault_set(f, EXIT_BAD_TRACE, "%s: %s", dir, strerror(errno));
  if (!r && !(r = manifest_read(t->dir, &t->manifest, f))) r = open_frames(t, f);
  if (r) {
    if (t->dir >= 0 && !strstr(f->text, dir)) {
      char text[sizeof f->text];
      snprintf(text, sizeof text, "%s: %.400s", dir, f->text);
      memcpy(f->text, text, sizeof text);
    }
    trace_close(t);
    return r;
  }
  *out = t;
  return 0;
}

void trace_close(struct trace *t) {
  if (!t) return;
  if (t->dir >= 0) close(t->dir);
  if (t->frames >= 0) close(t->frames);
  manifest_free(&t->manifest);
  ZSTD_freeDCtx(t->zstd);
  free(t->entries);
  free(t->streams);
  free(t->path);
  free(t);
}

const struct trace_stream *trace_stream(const struct trace *t, uint32_t stream) {
  uint32_t low = 0, high = t->stream_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (t->streams[middle].stream < stream) low = middle + 1;
    else high = middle;
  }
  return low < t->stream_count && t->streams[low].stream == stream ? &t->streams[low] : NULL;
}

static bool same_frame(const struct frame_header *h, const struct index_entry *e) {
  return h->stream == e->stream && h->number == e->number && h->flags == e->flags && h->packed == e->packed && h->size == e->size &&
         h->events == e->events && h->first_event == e->first_event;
}

int trace_read_frame(struct trace *t, const struct index_entry *e, uint8_t *data, size_t *size, struct fault *f) {
  struct frame_header h;
  if (read_at(t->frames, &h, sizeof h, (off_t)e->offset) != sizeof h || !header_good(&h) || !same_frame(&h, e) ||
      read_at(t->frames, t->packed, h.packed, (off_t)(e->offset + sizeof h)) != (ssize_t)h.packed ||
      XXH3_64bits(t->packed, h.packed) != h.data_sum)
    return fault_set(f, EXIT_BAD_TRACE, "frame %u of stream %u is damaged (byte %llu of `frames`)", e->number, e->stream, (unsigned long long)e->offset);
  size_t n = h.packed;
  if (!(h.flags & FRAME_RAW)) n = ZSTD_decompressDCtx(t->zstd, data, FRAME_BYTES_MAX, t->packed, h.packed);
  else if (n <= FRAME_BYTES_MAX) memcpy(data, t->packed, n);
  uint32_t counted = 0;
  if (ZSTD_isError(n) || n != h.size) return fault_set(f, EXIT_BAD_TRACE, "frame %u of stream %u does not unpack", e->number, e->stream);
  if (events_check(data, n, &counted, f)) return f->code;
  if (counted != h.events) return fault_set(f, EXIT_BAD_TRACE, "frame %u of stream %u holds another number of events than it says", e->number, e->stream);
  *size = n;
  return 0;
}

int trace_cursor_open(struct trace *t, const struct trace_stream *s, struct trace_cursor *c, struct fault *f) {
  *c = (struct trace_cursor){ .trace = t, .stream = s };
  c->data = aligned_alloc(64, FRAME_BYTES_MAX);
  return c->data ? 0 : fault_set(f, 1, "out of memory");
}

void trace_cursor_close(struct trace_cursor *c) { free(c->data); }

void trace_cursor_seek_frame(struct trace_cursor *c, uint32_t frame) {
  c->frame = frame;
  c->at = c->size = 0;
}

const struct rr_event *trace_cursor_next(struct trace_cursor *c, struct fault *f) {
  f->code = 0;
  while (c->at == c->size) {
    if (c->frame >= c->stream->frames) return NULL;
    const struct index_entry *e = &c->trace->entries[c->stream->first + c->frame];
    c->at = c->size = 0;
    if (trace_read_frame(c->trace, e, c->data, &c->size, f)) return NULL;
    c->frame++;
    c->next_number = e->first_event;
  }
  const struct rr_event *ev = event_next(c->data, c->size, &c->at, f);
  c->number = c->next_number;
  if (ev && event_counted(ev)) c->next_number++;
  return ev;
}
