// What unit tests share: an assertion that stays on, a directory of one's own, making traces.
#pragma once
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/events.h"
#include "host/manifest.h"
#include "host/trace_write.h"

#define expect(cond) \
  do { \
    if (cond) break; \
    fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
    abort(); \
  } while (0)

static char unit_dir[64]; // removed at the end

static void unit_end(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", unit_dir);
  if (system(command) != 0) fprintf(stderr, "%s was not removed\n", unit_dir);
}

static inline const char *unit_begin(void) {
  strcpy(unit_dir, "/tmp/rr-unit-XXXXXX");
  expect(mkdtemp(unit_dir));
  atexit(unit_end);
  expect(chdir(unit_dir) == 0);
  return unit_dir;
}

// Appends a system call event; returns the new size.
static inline size_t unit_event(uint8_t *data, size_t at, uint32_t tid, uint64_t ticks, int64_t result, size_t extra) {
  struct rr_event ev = { .size = (uint32_t)(sizeof ev + sizeof(struct rr_ev_syscall) + extra), .type = RR_EV_SYSCALL, .code = 1, .tid = tid, .ticks = ticks };
  struct rr_ev_syscall s = { .result = result };
  memcpy(data + at, &ev, sizeof ev);
  memcpy(data + at + sizeof ev, &s, sizeof s);
  memset(data + at + sizeof ev + sizeof s, (int)ticks, extra);
  return at + ev.size;
}

// A whole trace in dir: two streams, `frames` frames each of `events` events.
static inline void unit_trace(const char *dir, uint32_t frames, uint32_t events) {
  struct trace_writer *w;
  struct fault f;
  struct manifest m = { 0 };
  uint8_t *data = aligned_alloc(64, FRAME_BYTES_MAX);
  expect(data && mkdir(dir, 0777) == 0 && !trace_writer_open(dir, &w, &f));
  for (uint32_t number = 0; number < frames; number++)
    for (uint32_t stream = 0; stream < 2; stream++) {
      size_t size = 0;
      for (uint32_t i = 0; i < events; i++) size = unit_event(data, size, 100 + stream, number * events + i, (int64_t)i, stream * 8);
      expect(!trace_write_frame(w, stream, number, number + 1 == frames ? FRAME_LAST : 0, (uint64_t)number * events, events, data, size, &f));
    }
  int files = openat(trace_writer_dir(w), "files", O_WRONLY | O_CREAT, 0666);
  close(files);
  expect(!trace_writer_finish(w, &f));
  manifest_add(&m, "complete", "1");
  manifest_add(&m, "abi", "1");
  manifest_add(&m, "arg", "%s", "a\nb\\c\x01");
  manifest_add(&m, "status", "0");
  manifest_add(&m, "files", "0");
  manifest_add(&m, "frames", "%u", trace_writer_frames(w));
  manifest_add(&m, "frames_bytes", "%llu", (unsigned long long)trace_writer_bytes(w));
  expect(!manifest_write(trace_writer_dir(w), &m, &f));
  manifest_free(&m);
  trace_writer_free(w);
  free(data);
}
