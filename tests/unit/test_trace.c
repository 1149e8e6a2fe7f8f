// Traces: what is written is read; cut off anywhere, whole frames stay; a flipped bit anywhere is noticed.
#include "host/trace_read.h"
#include "tests/unit/unit.h"

// Reads everything. Returns the code of the first fault, else 0; events: how many were read.
static int read_all(const char *dir, uint64_t *events, bool *complete) {
  struct trace *t;
  struct fault f = { 0 };
  *events = 0;
  *complete = false;
  if (trace_open(dir, &t, &f)) return f.code;
  *complete = t->complete;
  expect(t->complete || t->incomplete_why[0]);
  for (uint32_t i = 0; i < t->stream_count && !f.code; i++) {
    struct trace_cursor c;
    const struct rr_event *ev;
    expect(!trace_cursor_open(t, &t->streams[i], &c, &f));
    for (uint64_t n = 0; (ev = trace_cursor_next(&c, &f)); n++) {
      expect(c.number == n);
      ++*events;
    }
    trace_cursor_close(&c);
  }
  trace_close(t);
  return f.code;
}

static uint8_t *load(const char *path, size_t *size) {
  FILE *f = fopen(path, "r");
  struct stat st;
  expect(f && fstat(fileno(f), &st) == 0);
  uint8_t *data = malloc((size_t)st.st_size + 1);
  *size = fread(data, 1, (size_t)st.st_size, f);
  fclose(f);
  return data;
}

static void store(const char *path, const uint8_t *data, size_t size) {
  FILE *f = fopen(path, "w");
  expect(f && fwrite(data, 1, size, f) == size);
  fclose(f);
}

static void round_trip(void) {
  uint64_t events;
  bool complete;
  unit_trace("whole", 3, 200);
  expect(read_all("whole", &events, &complete) == 0 && complete && events == 1200);
  expect(unlink("whole/index") == 0);
  expect(read_all("whole", &events, &complete) == 0 && complete && events == 1200);
  struct trace *t;
  struct fault f;
  expect(!trace_open("whole", &t, &f) && trace_stream(t, 1) && !trace_stream(t, 2) && trace_stream(t, 0)->frames == 3 && trace_stream(t, 1)->complete);
  expect(!strcmp(manifest_get(&t->manifest, "arg"), "a\nb\\c\x01"));
  trace_close(t);
}

static void truncation(void) {
  size_t size;
  uint64_t events, last = 0;
  bool complete;
  unit_trace("cut", 3, 5);
  uint8_t *data = load("cut/frames", &size);
  for (size_t n = 0; n < size; n++) {
    expect(truncate("cut/frames", 0) == 0);
    store("cut/frames", data, n);
    expect(read_all("cut", &events, &complete) == 0 && !complete && events >= last && events <= 30 && events % 5 == 0);
    last = events;
  }
  expect(last == 25);
  free(data);
  data = load("cut/manifest", &size);
  for (size_t n = 0; n < size; n++) {
    store("cut/manifest", data, n);
    expect(read_all("cut", &events, &complete) == EXIT_BAD_TRACE);
  }
  free(data);
}

// Every bit of a file. must_see: the fault must be noticed; else reading must simply go well (an index is rebuilt).
static void flips(const char *path, bool must_see) {
  size_t size;
  uint64_t events;
  bool complete;
  uint8_t *data = load(path, &size);
  for (size_t bit = 0; bit < size * 8; bit++) {
    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    store(path, data, size);
    int code = read_all("flip", &events, &complete);
    expect(code == 0 || code == EXIT_BAD_TRACE);
    if (must_see) expect(code || !complete);
    else expect(!code && complete && events == 16);
    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  store(path, data, size);
  free(data);
}

static void other_format(void) {
  struct trace *t;
  struct fault f;
  unit_trace("other", 1, 1);
  FILE *file = fopen("other/manifest", "w");
  fputs("rr trace, format 7\nwhatever\n", file);
  fclose(file);
  expect(trace_open("other", &t, &f) == EXIT_BAD_TRACE && strstr(f.text, "format 7"));
  expect(trace_open("nowhere", &t, &f) == EXIT_BAD_TRACE);
  expect(trace_open("/dev/null", &t, &f) == EXIT_BAD_TRACE);
}

int main(void) {
  unit_begin();
  round_trip();
  truncation();
  unit_trace("flip", 2, 4);
  flips("flip/index", false);
  flips("flip/manifest", true);
  flips("flip/frames", true);
  expect(unlink("flip/index") == 0);
  flips("flip/frames", true);
  other_format();
  return 0;
}
