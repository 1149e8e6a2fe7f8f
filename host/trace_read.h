// Reading a trace: nothing in it is believed before it is checked. Functions return 0 or the code of the fault they filled
// (EXIT_BAD_TRACE); they never exit. A trace may be read by one thread at a time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "host/events.h"
#include "host/manifest.h"
#include "host/trace_format.h"

struct trace_stream {
  uint32_t stream;
  uint32_t first, frames; // entries[first .. first + frames) are frames 0, 1, ... of it
  bool complete;          // its last frame is there
};

struct trace {
  char *path;             // absolute
  int dir, frames;
  struct manifest manifest;
  struct index_entry *entries;   // sorted by stream and number
  uint32_t count;
  struct trace_stream *streams;  // sorted
  uint32_t stream_count;
  uint64_t frames_bytes;         // of whole frames
  bool complete;                 // the recording came to its end and all its frames are here
  char incomplete_why[256];      // if not
  void *zstd;
  uint8_t packed[FRAME_PACKED_MAX];
};

int trace_open(const char *dir, struct trace **out, struct fault *f);
void trace_close(struct trace *t);
const struct trace_stream *trace_stream(const struct trace *t, uint32_t stream);  // NULL: none

// The events of a frame into data[FRAME_BYTES_MAX] (8-aligned), checked (events_check).
int trace_read_frame(struct trace *t, const struct index_entry *e, uint8_t *data, size_t *size, struct fault *f);

// Event by event through a stream.
struct trace_cursor {
  struct trace *trace;
  const struct trace_stream *stream;
  uint32_t frame;          // the next to read
  uint64_t number;         // of the event returned last, if counted; else of the next counted one
  uint64_t next_number;
  size_t at, size;
  uint8_t *data;
};
int trace_cursor_open(struct trace *t, const struct trace_stream *s, struct trace_cursor *c, struct fault *f);
void trace_cursor_close(struct trace_cursor *c);
const struct rr_event *trace_cursor_next(struct trace_cursor *c, struct fault *f);  // NULL: the end (f->code 0) or bad
void trace_cursor_seek_frame(struct trace_cursor *c, uint32_t frame);
