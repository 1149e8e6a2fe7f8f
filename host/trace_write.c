// Writing frames. The file only grows, and only by whole frames: a write that fails half-way is taken back by ftruncate.
#include "host/trace_write.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>
#include "host/files.h"

#define SMALL_FRAME (32u << 10)
#define SMALL_HASH_LOG 11

struct trace_writer {
  int dir, frames;
  ZSTD_CCtx *zstd;
  uint64_t bytes;
  struct index_entry *index;
  uint32_t count, room;
  uint8_t packed[FRAME_PACKED_MAX];
};

int trace_writer_open(const char *dir, struct trace_writer **out, struct fault *f) {
  struct trace_writer *w = calloc(1, sizeof *w);
  *out = w;
  if (!w) return fault_set(f, 1, "out of memory");
  w->frames = -1;
  w->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (w->dir >= 0) w->frames = openat(w->dir, "frames", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  w->zstd = ZSTD_createCCtx();
  if (w->frames < 0 || !w->zstd) {
    fault_set(f, 1, "cannot write a trace to %s: %s", dir, strerror(errno));
    trace_writer_free(w);
    *out = NULL;
    return f->code;
  }
  ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, 1);
  return 0;
}

int trace_writer_dir(const struct trace_writer *w) { return w->dir; }
uint64_t trace_writer_bytes(const struct trace_writer *w) { return w->bytes; }
uint32_t trace_writer_frames(const struct trace_writer *w) { return w->count; }

static int index_add(struct trace_writer *w, const struct frame_header *h, struct fault *f) {
  if (w->count == w->room) {
    uint32_t room = w->room ? w->room * 2 : 64;
    struct index_entry *grown = realloc(w->index, room * sizeof *grown);
    if (!grown) return fault_set(f, 1, "out of memory");
    w->index = grown;
    w->room = room;
  }
  w->index[w->count++] = (struct index_entry){ .offset = w->bytes, .first_event = h->first_event, .stream = h->stream,
    .number = h->number, .flags = h->flags, .packed = h->packed, .size = h->size, .events = h->events };
  return 0;
}

int trace_write_frame(struct trace_writer *w, uint32_t stream, uint32_t number, uint32_t flags, uint64_t first_event, uint32_t events,
  const uint8_t *data, size_t size, struct fault *f) {
  struct frame_header h = { .magic = FRAME_MAGIC, .stream = stream, .number = number, .flags = flags, .size = (uint32_t)size,
    .first_event = first_event, .events = events };
  const uint8_t *packed = w->packed;
  // A table as large as the level's own would cost a short recording more to clear than its frame takes to compress.
  ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_hashLog, size < SMALL_FRAME ? SMALL_HASH_LOG : 0);
  size_t n = size ? ZSTD_compress2(w->zstd, w->packed, sizeof w->packed, data, size) : 0;
  if (ZSTD_isError(n) || n >= size) {
    packed = data;
    n = size;
    h.flags |= FRAME_RAW;
  }
  h.packed = (uint32_t)n;
  h.data_sum = XXH3_64bits(packed, n);
  h.sum = XXH3_64bits(&h, offsetof(struct frame_header, sum));
  if (index_add(w, &h, f)) return f->code;
  struct iovec parts[2] = { { &h, sizeof h }, { (void *)packed, n } };
  if (write_parts(w->frames, parts, 2) < 0) {
    int error = errno;
    w->count--;
    if (ftruncate(w->frames, (off_t)w->bytes) < 0 || lseek(w->frames, (off_t)w->bytes, SEEK_SET) < 0) {} // readers drop a torn end
    return fault_set(f, 1, "cannot write the trace: %s", strerror(error));
  }
  w->bytes += sizeof h + n;
  return 0;
}

int trace_writer_finish(struct trace_writer *w, struct fault *f) {
  struct index_header h = { .magic = INDEX_MAGIC, .entries = w->count, .frames_bytes = w->bytes };
  XXH3_state_t *sum = XXH3_createState();
  if (!sum) return fault_set(f, 1, "out of memory");
  XXH3_64bits_reset(sum);
  XXH3_64bits_update(sum, w->index, w->count * sizeof *w->index);
  XXH3_64bits_update(sum, &h, offsetof(struct index_header, sum));
  h.sum = XXH3_64bits_digest(sum);
  XXH3_freeState(sum);
  int fd = openat(w->dir, "index", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  struct iovec parts[2] = { { &h, sizeof h }, { w->index, w->count * sizeof *w->index } };
  int r = fd < 0 ? -1 : (int)write_parts(fd, parts, 2);
  int error = errno;
  if (fd >= 0) close(fd);
  if (r >= 0) return 0;
  unlinkat(w->dir, "index", 0); // a missing index is rebuilt, half of one costs a warning
  return fault_set(f, 1, "cannot write the trace's index: %s", strerror(error));
}

void trace_writer_free(struct trace_writer *w) {
  if (!w) return;
  if (w->frames >= 0) close(w->frames);
  if (w->dir >= 0) close(w->dir);
  ZSTD_freeCCtx(w->zstd);
  free(w->index);
  free(w);
}
