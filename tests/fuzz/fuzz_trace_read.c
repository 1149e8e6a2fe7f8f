// A trace of any bytes: the first byte of the input says which part the rest is, the other parts being sound.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/event_text.h"
#include "host/keep.h"
#include "host/manifest.h"
#include "host/processes.h"
#include "host/trace_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void end(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  if (system(command)) {}
}

static void put(const char *name, const void *data, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
  close(fd);
}

static void begin(void) {
  strcpy(dir, "/dev/shm/rr-fuzz-XXXXXX");
  if (!mkdtemp(dir)) abort();
  atexit(end);
}

static void write_manifest(size_t frames_bytes) {
  struct manifest m = { 0 };
  struct fault f;
  int fd = open(dir, O_PATH);
  manifest_add(&m, "complete", "1");
  manifest_add(&m, "frames", "1");
  manifest_add(&m, "frames_bytes", "%zu", frames_bytes);
  if (manifest_write(fd, &m, &f)) abort();
  close(fd);
  manifest_free(&m);
}

// The bytes as the events of a sound frame: what is behind the checksums.
static void write_events(const uint8_t *data, size_t size) {
  struct trace_writer *w;
  struct fault f;
  char path[128];
  snprintf(path, sizeof path, "%s/frames", dir);
  unlink(path);
  if (size > FRAME_BYTES_MAX) size = FRAME_BYTES_MAX;
  if (trace_writer_open(dir, &w, &f)) abort();
  uint32_t counted = 0;
  uint8_t *aligned = aligned_alloc(64, FRAME_BYTES_MAX);
  memcpy(aligned, data, size);
  events_check(aligned, size, &counted, &f);
  if (trace_write_frame(w, 0, 0, FRAME_LAST, 0, counted, aligned, size, &f)) abort();
  trace_writer_finish(w, &f);
  write_manifest(trace_writer_bytes(w));
  trace_writer_free(w);
  free(aligned);
}

static void read_everything(void) {
  struct trace *t;
  struct fault f;
  struct trace_processes p;
  if (trace_open(dir, &t, &f)) return;
  if (!trace_processes_read(t, &p, &f)) trace_processes_free(&p);
  for (uint32_t i = 0; i < t->stream_count; i++) {
    struct trace_cursor c;
    struct event_data d = { 0 };
    struct text text = { 0 };
    const struct rr_event *ev;
    if (trace_cursor_open(t, &t->streams[i], &c, &f)) abort();
    while ((ev = trace_cursor_next(&c, &f))) {
      struct event_place place = { t->streams[i].stream, c.number };
      if (ev->type == RR_EV_DATA) event_data_add(&d, ev);
      event_text(&text, &place, ev, &d);
      event_json(&text, &place, ev, &d);
      text.size = 0;
      if (event_counted(ev)) d.count = 0;
    }
    free(text.data);
    trace_cursor_close(&c);
  }
  trace_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fault f;
  struct manifest m;
  struct kept_files k;
  if (!dir[0]) begin();
  if (!size) return 0;
  uint8_t part = data[0];
  char *text = malloc(size);
  memcpy(text, data + 1, size - 1);
  text[size - 1] = 0;
  switch (part % 4) {
  case 0: write_events(data + 1, size - 1); read_everything(); break;
  case 1: put("frames", data + 1, size - 1); put("index", "", 0); write_manifest(size - 1); read_everything(); break;
  case 2: if (!manifest_parse(text, size - 1, &m, &f)) manifest_free(&m); else manifest_free(&m); break;
  case 3: if (!kept_files_parse(text, size - 1, &k, &f)) kept_files_free(&k); break;
  }
  free(text);
  return 0;
}
