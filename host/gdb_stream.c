// Each stream begins with what it is: a program that was exec'd, or a copy made by fork. Must not run while a feed does.
#include "host/gdb_stream.h"
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

// A vfork child that shares its parent's memory has no stream until its exec: it runs in its parent's. *event: 0: there is none.
static int vfork_of_process(struct replay_session *r, uint64_t pid, uint32_t *stream, uint64_t *event, struct fault *f) {
  *event = 0;
  for (uint32_t i = 0; i < r->trace->stream_count && !*event; i++) {
    struct trace_cursor c;
    const struct rr_event *e;
    if (trace_cursor_open(r->trace, &r->trace->streams[i], &c, f)) return f->code;
    while (!*event && (e = trace_cursor_next(&c, f)))
      if (e->type == RR_EV_ENTER && (e->code == SYS_vfork || e->code == SYS_clone || e->code == SYS_clone3) && (uint64_t)((const struct rr_ev_syscall *)event_payload(e))->result == pid) {
        *stream = r->trace->streams[i].stream;
        *event = c.number + 2; // the switch to it
      }
    trace_cursor_close(&c);
    if (f->code) return f->code;
  }
  return 0;
}

static int stream_of_process(struct replay_session *r, const struct replay_options *o, uint32_t *stream, struct fault *f) {
  uint64_t pid = 0;
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
    return 0;
  }
  if (o->forked >= 0 && (vfork_of_process(r, (uint64_t)o->forked, stream, &r->first_event, f) || r->first_event)) return f->code;
  if (o->forked >= 0) return fault_set(f, EXIT_USAGE, "-f %ld: the trace has no process that was forked with this number; see `rr ps`", (long)o->forked);
  return fault_set(f, EXIT_USAGE, "-p %s: no process of the trace is that; see `rr ps`", o->process);
}

// The stream that a forked one was copied from; ~0: it began with an exec.
static int parent_of(struct replay_session *r, uint32_t stream, uint32_t *parent, struct fault *f) {
  struct trace_cursor c;
  const struct trace_stream *s = trace_stream(r->trace, stream);
  if (!s) return fault_set(f, EXIT_BAD_TRACE, "the trace has no stream %u, from which another was forked", stream);
  if (trace_cursor_open(r->trace, s, &c, f)) return f->code;
  const struct rr_event *e = first_event(&c, f);
  *parent = ~0u;
  if (e && e->type == RR_EV_FORKED) *parent = ((const struct rr_ev_forked *)event_payload(e))->parent_stream;
  trace_cursor_close(&c);
  return e ? 0 : f->code ? f->code : fault_set(f, EXIT_BAD_TRACE, "stream %u of the trace is empty", stream);
}

int stream_find(struct replay_session *r, const struct replay_options *o, uint32_t *stream, struct fault *f) {
  uint32_t chain[FOLLOW_MAX], n = 0, parent = ~0u;
  *stream = 0;
  r->follow_count = 0;
  if (!o->process && o->forked < 0) return 0;
  if (stream_of_process(r, o, stream, f)) return f->code;
  for (; o->forked >= 0; *stream = parent) {
    if (parent_of(r, *stream, &parent, f)) return f->code;
    if (parent == ~0u) break;
    if (n == FOLLOW_MAX) return fault_set(f, EXIT_USAGE, "-f %ld: more than %d forks lie between this process and the last exec", (long)o->forked, FOLLOW_MAX);
    chain[n++] = *stream;
  }
  while (n) r->follow[r->follow_count++] = chain[--n];
  return 0;
}
