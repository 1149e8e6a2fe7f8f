// Processes from streams: a stream begins by a fork or an exec and ends by an exec (the process goes on in another stream),
// an exit, or a kill; so its first and last frames tell everything.
#include "host/processes.h"
#include <stdlib.h>
#include <string.h>
#include "host/text.h"

static struct trace_process *find(struct trace_processes *p, uint32_t pid) {
  for (uint32_t i = p->count; i-- > 0;)
    if (p->list[i].pid == pid && !p->list[i].ended) return &p->list[i];
  return NULL;
}

static struct trace_process *add(struct trace_processes *p, uint32_t pid, uint32_t ppid, uint32_t stream) {
  if ((p->count & (p->count - 1)) == 0) {
    p->list = realloc(p->list, (p->count ? p->count * 2 : 1) * sizeof *p->list);
    if (!p->list) abort();
  }
  struct trace_process *n = &p->list[p->count++];
  *n = (struct trace_process){ .pid = pid, .ppid = ppid, .stream = stream, .exec_stream = ~0u };
  return n;
}

// Arguments one after another, those with blanks or quotes in single quotes.
static char *command_text(const struct rr_ev_start *s) {
  const char *p = (const char *)(s + 1) + s->execfn_len + s->exe_len, *end = p + s->args_len;
  struct text t = { 0 };
  if (!s->args_len) text_escape(&t, (const char *)(s + 1)); // too long to be noted: at least the program
  for (uint32_t i = 0; i < s->argc && p < end; i++, p += strlen(p) + 1) {
    const char *quote = !*p || strpbrk(p, " \t'\"\\$&|;<>()*?`") ? "'" : "";
    text_add(&t, "%s%s", i ? " " : "", quote);
    text_escape(&t, p);
    text_add(&t, "%s", quote);
  }
  return t.data;
}

static void take_start(struct trace_processes *p, uint32_t stream, const struct rr_ev_start *s) {
  struct trace_process *n = find(p, s->pid);
  if (!n) {
    n = add(p, s->pid, s->ppid, stream);
    n->root = s->parent_stream == ~0u;
  }
  if (n->execed) return;
  n->execed = true;
  n->exec_stream = stream;
  n->command = command_text(s);
}

static void take_event(struct trace_processes *p, uint32_t stream, uint32_t *pid, const struct rr_event *ev) {
  const void *payload = event_payload(ev);
  if (ev->type == RR_EV_START) {
    *pid = ((const struct rr_ev_start *)payload)->pid;
    take_start(p, stream, payload);
  } else if (ev->type == RR_EV_FORKED) {
    const struct rr_ev_forked *forked = payload;
    *pid = forked->pid;
    add(p, forked->pid, forked->ppid, stream)->forked = true;
  } else if (ev->type == RR_EV_EXIT || ev->type == RR_EV_KILLED) {
    struct trace_process *n = find(p, *pid);
    if (!n) return;
    n->status = ((const struct rr_ev_exit *)payload)->status;
  }
}

// Only the first frame's first counted event, and the last frame.
static int take_stream(struct trace *t, const struct trace_stream *s, struct trace_processes *p, struct fault *f) {
  struct trace_cursor c;
  const struct rr_event *ev, *last = NULL;
  uint32_t pid = 0;
  if (trace_cursor_open(t, s, &c, f)) return f->code;
  while ((ev = trace_cursor_next(&c, f)) && !pid) take_event(p, s->stream, &pid, ev);
  if (!f->code) trace_cursor_seek_frame(&c, s->frames - 1);
  if (!f->code && s->frames > 1 && !t->entries[s->first + s->frames - 1].events) trace_cursor_seek_frame(&c, s->frames - 2); // an empty last one
  uint8_t type = 0;
  while (!f->code && (ev = trace_cursor_next(&c, f))) {
    if (!event_counted(ev)) continue;
    last = ev;
    type = ev->type;
    if (type == RR_EV_EXIT || type == RR_EV_KILLED) take_event(p, s->stream, &pid, ev);
  }
  struct trace_process *n = find(p, pid);
  if (n && last && (type == RR_EV_EXIT || type == RR_EV_KILLED)) n->ended = true;
  trace_cursor_close(&c);
  return f->code;
}

int trace_processes_read(struct trace *t, struct trace_processes *p, struct fault *f) {
  *p = (struct trace_processes){ 0 };
  f->code = 0;
  for (uint32_t i = 0; i < t->stream_count; i++)
    if (take_stream(t, &t->streams[i], p, f)) return trace_processes_free(p), f->code;
  return 0;
}

void trace_processes_free(struct trace_processes *p) {
  for (uint32_t i = 0; i < p->count; i++) free(p->list[i].command);
  free(p->list);
  *p = (struct trace_processes){ 0 };
}
