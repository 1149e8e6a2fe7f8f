// Writing a trace: the directory, its manifest, frames appended as they come, the index at the end.
// One thread at a time. Errors: a fault is filled and its code returned; what was written whole stays a usable trace.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "host/say.h"
#include "host/trace_format.h"

struct trace_writer;

// The directory exists and is empty.
int trace_writer_open(const char *dir, struct trace_writer **out, struct fault *f);
int trace_writer_dir(const struct trace_writer *w);  // descriptor of the directory

// Events of a stream, whole ones that events_check has seen; at most FRAME_BYTES_MAX. Frames of a stream come in order.
int trace_write_frame(struct trace_writer *w, uint32_t stream, uint32_t number, uint32_t flags, uint64_t first_event, uint32_t events,
  const uint8_t *data, size_t size, struct fault *f);

uint64_t trace_writer_bytes(const struct trace_writer *w);  // of `frames`
uint32_t trace_writer_frames(const struct trace_writer *w);
int trace_writer_finish(struct trace_writer *w, struct fault *f);  // writes the index
void trace_writer_free(struct trace_writer *w);
