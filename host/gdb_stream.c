// Each stream begins with what it is: a program that was exec'd, or a copy made by fork. Must not run while a feed does.
#include "host/gdb_stream.h"
#include <stdlib.h>
#include <string.h>
#include "host/cli.h"

static bool named(const char *exe, size_t room, const char *name) {
  if (strnlen(exe, room) == room) return false;
  const char *base = strrchr(exe, '/');
  return !strcmp(exe, name) || !strcmp(base ? base + 1 : exe, name);
}

// The stream's first counted event. NULL: none, or damaged.
static const struct rr_event *first_event(struct trace_cursor *c, struct fault *f) {
  const struct rr_event *e;
  while ((e = trace_cursor_next(c, f)))
    if (event_counted(e)) return e;
  return NULL;
}

static bool is_wanted(const struct rr_event *e, const struct replay_options *o, uint64_t pid) {
  if (o->forked >= 0) {
    const struct rr_ev_forked *k = event_payload(e);
    return e->type == RR_EV_FORKED && k->pid == (uint64_t)o->forked;
  }
  const struct rr_ev_start *s = event_payload(e);
  if (e->type != RR_EV_START) return false;
  if (pid) return s->pid == pid;
  size_t room = event_payload_size(e) - sizeof *s;
  return s->execfn_len < room && named((const char *)(s + 1) + s->execfn_len, room - s->execfn_len, o->process);
}

int stream_find(struct replay_session *r, const struct replay_options *o, uint32_t *stream, struct fault *f) {
  uint64_t pid = 0;
  *stream = 0;
  if (!o->process && o->forked < 0) return 0;
  if (o->process) parse_number(o->process, &pid);
  for (uint32_t i = 0; i < r->trace->stream_count; i++) {
    struct trace_cursor c;
    if (trace_cursor_open(r->trace, &r->trace->streams[i], &c, f)) return f->code;
    const struct rr_event *e = first_event(&c, f);
    bool wanted = e && is_wanted(e, o, pid);
    trace_cursor_close(&c);
    if (!e && f->code) return f->code;
    if (!wanted) continue;
    *stream = r->trace->streams[i].stream;
    if (o->forked >= 0) return fault_set(f, EXIT_NO_START, "-f %ld: a process cannot be debugged from its fork on yet; -p goes from its exec on", (long)o->forked);
    return 0;
  }
  if (o->forked >= 0) return fault_set(f, EXIT_USAGE, "-f %ld: the trace has no process that was forked with this number; see `rr ps`", (long)o->forked);
  return fault_set(f, EXIT_USAGE, "-p %s: no process of the trace is that; see `rr ps`", o->process);
}
