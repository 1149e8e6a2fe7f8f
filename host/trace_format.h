// The trace on disk, as docs/trace-format.md says it. Little endian.
#pragma once
#include <stdint.h>

#define TRACE_FORMAT 1
#define TRACE_FIRST_LINE "rr trace, format " // then the format's number: first line of the manifest

#define FRAME_MAGIC 0x46767272u // "rrvF"
#define FRAME_BYTES_MAX 131072u // uncompressed, = RR_FEED_BYTES
#define FRAME_PACKED_MAX (FRAME_BYTES_MAX + 1024u)
#define STREAMS_MAX (1u << 24)

struct frame_header {
  uint32_t magic;
  uint32_t stream;
  uint32_t number;       // within the stream, from 0
  uint32_t flags;        // enum frame_flags
  uint32_t packed;       // bytes that follow
  uint32_t size;         // bytes of events in them
  uint64_t first_event;  // number, within the stream's coordinates, of the first counted event
  uint32_t events;       // counted events
  uint32_t reserved;     // 0
  uint64_t data_sum;     // XXH3-64 of the packed bytes
  uint64_t sum;          // XXH3-64 of the bytes of this header before it
};
_Static_assert(sizeof(struct frame_header) == 56, "frame header");
enum frame_flags { FRAME_LAST = 1, FRAME_RAW = 2, FRAME_FLAGS = 3 }; // the stream ends with it; the bytes are not compressed

#define INDEX_MAGIC 0x49767272u // "rrvI"
struct index_header {
  uint32_t magic;
  uint32_t entries;
  uint64_t frames_bytes; // size of `frames` that the index describes
  uint64_t sum;          // XXH3-64 of the entries and then the bytes above
};
struct index_entry { // a frame: its header without what only its reading needs
  uint64_t offset;
  uint64_t first_event;
  uint32_t stream, number, flags, packed, size, events;
};
_Static_assert(sizeof(struct index_entry) == 40, "index entry");
