// rr dump [TRACE] [A-B]...: the events of a recording, stream by stream.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/event_text.h"
#include "host/paths.h"
#include "host/processes.h"
#include "host/strings.h"

enum { O_JSON = 1, O_PROCESS, O_RAW, O_STREAM, O_ADDRESSES, O_ACCEPTED };
static const struct cli_option options[] = {
  { O_JSON, "json", NULL, "one JSON object a line" },
  { O_PROCESS, "p|pid", "PID", "only this process" },
  { O_STREAM, "stream", "N", "only this stream" },
  { O_RAW, "r|raw", NULL, "also what belongs to the next event: memory contents, kept files" },
  { O_ADDRESSES, "addresses", NULL, "do not replay to learn what system calls read: print addresses" },
  { O_ACCEPTED, "b|m|t|e|syscallbuf|recorded-metadata|mmaps|socket-addresses|tid-only|statistics|s", NULL, NULL },
  { 0 },
};

struct dump {
  bool json, raw;
  uint64_t from, to;         // event numbers, both included
  int64_t pid, stream;       // -1: all
  bool addresses;
  struct strings strings;
  struct text out;
};

// A call that lets others run is an event when it is entered, and one when it is over: both show what it read.
struct entered { uint32_t tid; const struct rr_string *read; uint32_t count; };
enum { ENTERED = 256 };

static void add_read(const struct dump *d, const struct event_place *p, const struct rr_event *ev, struct entered *entered, struct event_data *data) {
  struct entered *e = &entered[ev->tid % ENTERED];
  data->read = NULL;
  data->read_count = 0;
  if (ev->type != RR_EV_SYSCALL && ev->type != RR_EV_ENTER && ev->type != RR_EV_EXEC) return;
  data->read = strings_of(&d->strings, p->stream, p->number, &data->read_count);
  if (ev->type == RR_EV_ENTER) *e = (struct entered){ ev->tid, data->read, data->read_count };
  if (ev->type == RR_EV_SYSCALL && !data->read && e->tid == ev->tid) data->read = e->read, data->read_count = e->count;
  if (ev->type == RR_EV_SYSCALL && e->tid == ev->tid) *e = (struct entered){ 0 };
}


static void out_flush(struct dump *d, bool always) {
  if (!d->out.size || (!always && d->out.size < 1 << 16)) return;
  fwrite(d->out.data, 1, d->out.size, stdout);
  d->out.size = 0;
}

// Event numbers are 1 for the first, as `when` says them.
static int dump_stream(struct trace *t, const struct trace_stream *s, struct dump *d, struct fault *f) {
  struct trace_cursor c;
  struct event_data data = { 0 };
  struct entered entered[ENTERED] = { { 0 } };
  const struct rr_event *ev;
  if (trace_cursor_open(t, s, &c, f)) return f->code;
  uint32_t first = 0;
  while (first + 1 < s->frames && t->entries[s->first + first + 1].first_event < d->from) first++;
  trace_cursor_seek_frame(&c, d->from ? first : 0);
  while ((ev = trace_cursor_next(&c, f))) {
    struct event_place place = { s->stream, c.number + 1 };
    bool counted = event_counted(ev);
    if (ev->type == RR_EV_DATA) event_data_add(&data, ev);
    if (place.number > d->to && counted) break;
    if (counted) add_read(d, &place, ev, entered, &data);
    if (place.number >= d->from && (counted || d->raw || ev->type == RR_EV_NOTE || ev->type == RR_EV_CHECKSUM)) {
      if (d->json) event_json(&d->out, &place, ev, &data), text_add(&d->out, "\n");
      else event_text(&d->out, &place, ev, &data);
      out_flush(d, false);
    }
    if (counted) data.count = 0;
  }
  trace_cursor_close(&c);
  return f->code;
}

// The pid that a stream belongs to: of its first event.
static int stream_pid(struct trace *t, const struct trace_stream *s, int64_t *pid, struct fault *f) {
  struct trace_cursor c;
  const struct rr_event *ev;
  *pid = -1;
  if (trace_cursor_open(t, s, &c, f)) return f->code;
  while (*pid < 0 && (ev = trace_cursor_next(&c, f))) {
    if (ev->type == RR_EV_START) *pid = ((const struct rr_ev_start *)event_payload(ev))->pid;
    if (ev->type == RR_EV_FORKED) *pid = ((const struct rr_ev_forked *)event_payload(ev))->pid;
  }
  trace_cursor_close(&c);
  return f->code;
}

static int dump_trace(const char *name, struct dump *d) {
  char dir[PATH_MAX];
  struct fault f = { 0 };
  struct trace *t;
  struct replay_session r = { 0 };
  if (trace_dir_find(name, dir, sizeof dir, &f)) return fault_say(&f);
  if (!d->addresses && !replay_open(dir, &r, &f)) {
    if (strings_collect(&r, d->from, d->to, &d->strings, &f)) say_warn("not all that system calls read can be shown: %.300s", f.text);
    replay_close(&r);
  }
  f.code = 0;
  if (trace_open(dir, &t, &f)) return fault_say(&f);
  for (uint32_t i = 0; i < t->stream_count && !f.code; i++) {
    int64_t pid = d->pid;
    if (d->stream >= 0 && d->stream != (int64_t)t->streams[i].stream) continue;
    if (d->pid >= 0) stream_pid(t, &t->streams[i], &pid, &f);
    if (!f.code && pid == d->pid) dump_stream(t, &t->streams[i], d, &f);
  }
  out_flush(d, true);
  fflush(stdout);
  if (!f.code && !t->complete) fault_set(&f, EXIT_BAD_TRACE, "the trace is not complete: %.300s; this is what is there", t->incomplete_why);
  trace_close(t);
  return f.code ? fault_say(&f) : 0;
}

static bool parse_range(const char *word, struct dump *d) {
  char first[32];
  const char *dash = strchr(word, '-');
  if (!dash) return parse_number(word, &d->from) && (d->to = d->from, true);
  snprintf(first, sizeof first, "%.*s", (int)(dash - word), word);
  if (*first && !parse_number(first, &d->from)) return false;
  return !dash[1] || parse_number(dash + 1, &d->to);
}

static bool set_id(struct cli *c, int64_t *id) {
  uint64_t n;
  if (!cli_number(c, &n)) return false;
  *id = (int64_t)(n & INT64_MAX);
  return true;
}

static int run(struct cli *c) {
  struct dump d = { .to = ~0ull, .pid = -1, .stream = -1 };
  const char *name = NULL;
  bool range = false;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if (o == O_JSON) d.json = true;
    if (o == O_RAW) d.raw = true;
    if (o == O_ADDRESSES) d.addresses = true;
    if (o == O_PROCESS && !set_id(c, &d.pid)) return EXIT_USAGE;
    if (o == O_STREAM && !set_id(c, &d.stream)) return EXIT_USAGE;
    if (o != CLI_WORD) continue;
    bool is_range = strspn(c->value, "0123456789-x") == strlen(c->value) && !trace_dir_is(c->value);
    if (is_range && !range && parse_range(c->value, &d)) range = true;
    else if (!name && !is_range) name = c->value;
    else return cli_error(c, "`%s` is not expected: one trace and one range of events", c->value);
  }
  int code = dump_trace(name, &d);
  free(d.out.data);
  free(d.strings.list);
  return code;
}

const struct command cmd_dump = { .name = "dump", .summary = "print the events of a recording", .usage = "dump [options] [TRACE] [FIRST-LAST]", .options = options, .run = run };
