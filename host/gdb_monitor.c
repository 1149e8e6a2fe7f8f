// Commands of ours, which come by `monitor` (qRcmd) or qRRCmd and answer with text. Tools parse some of the texts.
#include <stdlib.h>
#include <string.h>
#include "host/gdb_session.h"
#include "host/text.h"

static void when(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)tid, (void)argc, (void)argv;
  text_add(t, "Completed event: %lu\n", s->target.stop.point.event);
}

static void when_ticks(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)tid, (void)argc, (void)argv;
  text_add(t, "Current tick: %lu\n", s->target.stop.point.ticks);
}

static void when_tid(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)s, (void)argc, (void)argv;
  text_add(t, "Current tid: %u\n", tid);
}

static void when_end(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  const struct trace *trace = s->replay->trace;
  const struct trace_stream *stream = trace_stream(trace, s->target.stop.stream);
  (void)tid, (void)argc, (void)argv;
  if (!stream || !stream->frames) {
    text_add(t, "The end of this process is not known.\n");
    return;
  }
  const struct index_entry *last = &trace->entries[stream->first + stream->frames - 1];
  text_add(t, "Last event: %lu\n", last->first_event + last->events);
}

static void elapsed_time(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)s, (void)tid, (void)argc, (void)argv;
  text_add(t, "The recording of this trace has no times of events.\n");
}

static void where(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  const struct rr_dbg_stop *p = &s->target.stop;
  (void)argc, (void)argv;
  text_add(t, "event %lu, ticks %lu, pc 0x%lx; process %u, thread %u, stream %u\n", p->point.event, p->point.ticks, p->point.pc, p->pid, tid, p->stream);
}

static void mappings(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)tid, (void)argc, (void)argv;
  gdb_maps(s, t);
}

static void processes(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)tid, (void)argc, (void)argv;
  gdb_processes_text(s, t);
}

static void help(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t);
static const struct {
  const char *name, *what;
  void (*run)(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t);
} commands[] = {
  { "when", "the number of the event completed last", when },
  { "when-ticks", "ticks of this address space so far", when_ticks },
  { "when-tid", "the thread, as it was recorded", when_tid },
  { "when-end", "the last event of this process", when_end },
  { "elapsed-time", "time since the start of the recording", elapsed_time },
  { "where", "the whole coordinate", where },
  { "ps", "the processes of the recording; `attach PID` changes to one", processes },
  { "maps", "the process's mappings", mappings },
  { "help", "this list", help },
};
enum { COMMANDS_COUNT = sizeof commands / sizeof *commands };

static void help(struct gdb_session *s, uint32_t tid, int argc, char **argv, struct text *t) {
  (void)s, (void)tid, (void)argc, (void)argv;
  for (int i = 0; i < COMMANDS_COUNT; i++) text_add(t, "%-18s %s\n", commands[i].name, commands[i].what);
  places_help(t);
}

char *gdb_monitor(struct gdb_session *s, uint32_t tid, int argc, char **argv) {
  struct text t = { 0 };
  for (int i = 0; argc && i < COMMANDS_COUNT; i++) {
    if (strcmp(commands[i].name, argv[0])) continue;
    if (s->exited || s->target.fd < 0) text_add(&t, "The process has ended.\n");
    else {
      gdb_divert_aside(s); // the place is the one in the recording, also while a function is being called
      commands[i].run(s, tid, argc, argv, &t);
      gdb_divert_aside(s);
    }
    if (!t.failed && t.data) return t.data;
    free(t.data);
    return NULL;
  }
  if (s->divert == DIVERT_CALL && !gdb_divert_leave(s)) {
    text_add(&t, "A function that was called from the debugger has not returned: finish it first.\n");
    return t.data;
  }
  if (places_command(s, argc, argv, &t)) return t.data;
  text_add(&t, "rr does not know the command `%s` yet; `monitor help` lists those it knows.\n", argc ? argv[0] : "");
  return t.data;
}
