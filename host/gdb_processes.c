// All processes of the trace, for a client that looks at one: `info os processes`, `monitor ps`, and `attach PID` to change to another.
// The list is read through a handle of its own: the replay's feed uses the other one.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "host/gdb_session.h"
#include "host/gdb_stream.h"
#include "host/processes.h"
#include "host/text.h"

static bool processes_open(const struct gdb_session *s, struct trace **t, struct trace_processes *p, struct fault *f) {
  if (trace_open(s->replay->trace->path, t, f)) return false;
  if (!trace_processes_read(*t, p, f)) return true;
  trace_close(*t);
  return false;
}

static void add_xml(struct text *t, const char *p) {
  for (; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (strchr("<>&\"", c)) text_add(t, "&#%u;", c);
    else text_add(t, "%c", c < 32 || c > 126 ? '?' : c);
  }
}

void gdb_processes_xml(struct gdb_session *s, const char *type, struct text *t) {
  struct trace *trace;
  struct trace_processes p;
  struct fault f;
  text_add(t, "<?xml version=\"1.0\"?><!DOCTYPE osdata SYSTEM \"osdata.dtd\"><osdata type=\"%s\">", *type ? "processes" : "types");
  if (!*type) text_add(t, "<item><column name=\"Type\">processes</column><column name=\"Description\">Processes of the recording</column><column name=\"Title\">Processes</column></item>");
  else if (!strcmp(type, "processes") && processes_open(s, &trace, &p, &f)) {
    for (uint32_t i = 0; i < p.count; i++) {
      text_add(t, "<item><column name=\"pid\">%u</column><column name=\"parent\">%u</column><column name=\"command\">", p.list[i].pid, p.list[i].ppid);
      add_xml(t, p.list[i].command ? p.list[i].command : "(forked without exec)");
      text_add(t, "</column></item>");
    }
    trace_processes_free(&p);
    trace_close(trace);
  }
  text_add(t, "</osdata>");
}

void gdb_processes_text(struct gdb_session *s, struct text *t) {
  struct trace *trace;
  struct trace_processes p;
  struct fault f;
  if (!processes_open(s, &trace, &p, &f)) {
    text_add(t, "%s\n", f.text);
    return;
  }
  for (uint32_t i = 0; i < p.count; i++) text_add(t, "%c %u\t%u\t%s\n", p.list[i].pid == s->pid ? '*' : ' ', p.list[i].pid, p.list[i].ppid, p.list[i].command ? p.list[i].command : "(forked without exec)");
  trace_processes_free(&p);
  trace_close(trace);
}

// From its exec on; one that was forked and made none, from its fork on.
static int find(const struct gdb_session *s, uint32_t pid, struct replay_session *found, uint32_t *stream, struct fault *f) {
  struct replay_options o = { .forked = -1 };
  struct trace_processes p;
  char number[16];
  if (!processes_open(s, &found->trace, &p, f)) return f->code;
  bool execed = false;
  for (uint32_t i = 0; i < p.count; i++) execed |= p.list[i].pid == pid && (p.list[i].execed || !p.list[i].forked);
  snprintf(number, sizeof number, "%u", pid);
  if (execed) o.process = number;
  else o.forked = pid;
  int code = stream_find(found, &o, stream, f);
  trace_processes_free(&p);
  trace_close(found->trace);
  return code;
}

int gdb_attach(struct gdb_session *s, uint32_t pid) {
  struct replay_session found = { 0 }, *r = s->replay;
  struct rr_point until = { 0 };
  struct fault f = { 0 };
  uint32_t stream;
  if (find(s, pid, &found, &stream, &f)) return say_warn("attach %u: %s", pid, f.text), ESRCH;
  memcpy(r->follow, found.follow, sizeof r->follow);
  r->follow_count = found.follow_count;
  r->first_event = until.event = found.first_event;
  s->stream = stream;
  if (session_start(s, until.event ? &until : NULL)) return EIO;
  session_wait(s);
  return s->target.fd < 0 ? EIO : 0;
}
