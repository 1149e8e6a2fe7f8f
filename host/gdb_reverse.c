// Going backwards: the packets bc and bs, and everything else that moves the client to another place of the timeline.
//
// The process that the client looks at stays until the new one stands where it shall be: an interrupt or a failure on the way
// leaves the client where it was.
#include "host/gdb_reverse.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "host/gdb_session.h"

// Bytes have come while we search. An interrupt is taken; the end, and a client that wants to go, too.
static bool client_interrupts(void *state) {
  struct gdb_session *s = state;
  enum gdb_input in;
  gdb_conn_fill(&s->conn);
  while ((in = gdb_conn_next(&s->conn)) != GDB_IN_NONE) {
    if (in == GDB_IN_END || (in == GDB_IN_PACKET && (s->conn.packet[0] == 'k' || s->conn.packet[0] == 'D'))) s->leaving = true;
    if (in == GDB_IN_INTERRUPT || s->leaving) return true;
  }
  return false;
}

static void begin(struct gdb_session *s) {
  struct timeline *tl = &s->timeline;
  tl->client = s->conn.fd;
  tl->interrupted = client_interrupts;
  tl->client_state = s;
  tl->tell_exec = s->exec_events;
}

// The client looks at another process from now on.
static int adopt(struct gdb_session *s, struct target *t) {
  int e = points_send(&s->timeline.points, t);
  if (e) {
    target_end(&s->timeline, t);
    return e;
  }
  t->points = &s->timeline.points;
  t->output = s->target.output;
  t->output_to = s->target.output_to;
  target_end(&s->timeline, &s->target);
  s->target = *t;
  gdb_process(s, &t->stop);
  s->g_tid = s->c_tid = 0;
  s->exited = s->resumed = s->arrived = s->silent = false;
  struct mark m = timeline_mark(&s->timeline, &t->stop);
  if (s->timeline.life[m.life].exe_file) s->exe_file = s->timeline.life[m.life].exe_file;
  return 0;
}

void timeline_arrived(struct gdb_session *s) {
  struct timeline *tl = &s->timeline;
  struct mark m = timeline_mark(tl, &s->target.stop);
  tl->life[m.life].exe_file = s->target.stop.code;
  struct checkpoint *c = checkpoint_at(tl, &m);
  if (!c || mark_compare(&c->mark, &m)) checkpoint_make(tl, &s->target, true, 0);
}

// ---- bc, bs ----

// gdb wants to hear that a watchpoint changed by what was undone; only it knows how to show it.
static void watch_undone(struct gdb_session *s, struct target *t) {
  static uint8_t now[65536], before[65536];
  for (uint32_t i = 0; i < s->timeline.points.count; i++) {
    const struct rr_dbg_request *q = &s->timeline.points.list[i].request;
    if (q->what != RR_DBG_WATCH || !(q->flags & RR_WATCH_WRITE) || q->length > sizeof now) continue;
    size_t a = target_read(&s->target, q->address, now, q->length), b = target_read(t, q->address, before, q->length);
    if (a != b || !memcmp(now, before, a)) continue;
    t->stop.reason = RR_STOP_WATCH;
    t->stop.address = q->address;
    t->stop.watch_length = q->length;
    t->stop.flags = q->flags;
    return;
  }
}

static void history_begins(struct gdb_session *s) {
  struct target t;
  const struct timeline *tl = &s->timeline;
  struct mark here = timeline_mark(&s->timeline, &s->target.stop);
  if (!timeline_begins(tl, &here) && !checkpoint_open(&s->timeline, &tl->list[0], &t)) adopt(s, &t);
  s->history_begins = true;
  s->target.stop.reason = RR_STOP_STEP;
  gdb_stop_reply(s);
  s->history_begins = false;
}

// Backwards over an exec: the program is the one before.
static void tell_exec(struct gdb_session *s, uint32_t life_before) {
  struct mark m = timeline_mark(&s->timeline, &s->target.stop);
  if (m.life == life_before || !s->exec_events) return;
  s->target.stop.reason = RR_STOP_EXEC;
  s->target.stop.code = s->timeline.life[m.life].exe_file;
  s->tls_modid = 0;
}

static void arrived(struct gdb_session *s, int e, struct target *t) {
  uint32_t life = timeline_mark(&s->timeline, &s->target.stop).life;
  if (!e) e = adopt(s, t);
  if (s->leaving) return;
  if (!e) tell_exec(s, life);
  if (e == ENOENT) history_begins(s);
  else if (e == EINTR) {
    s->target.stop.reason = RR_STOP_INTERRUPT;
    gdb_stop_reply(s);
  } else if (e) {
    say_error("the replay could not go back: %s", strerror(e));
    reply_errno(s, e);
  } else gdb_stop_reply(s);
}

void gdb_reverse(struct gdb_session *s, const char *p) {
  if (!gdb_divert_leave(s)) {
    reply_refused(s, "a function that was called from the debugger only goes forward: finish it first");
    return;
  }
  struct mark here = timeline_mark(&s->timeline, &s->target.stop);
  struct target t;
  int e;
  begin(s);
  if (*p == 'c') places_leave(s);
  if (*p == 'c') e = timeline_search(&s->timeline, &here, &s->target, &t);
  else if (*p == 's') {
    e = timeline_back(&s->timeline, &here, thread_or_stopped(s, s->c_tid), &t);
    if (!e) watch_undone(s, &t);
  } else {
    reply(&s->conn, "%s", "");
    return;
  }
  arrived(s, e, &t);
}

// ---- places by name ----

static int go_place(struct gdb_session *s, const char *place, struct target *t) {
  struct timeline *tl = &s->timeline;
  struct mark here = timeline_mark(tl, &s->target.stop), m = { .life = s->exited ? 0 : here.life };
  if (!strcmp(place, "back") || !strcmp(place, "forward")) {
    const struct mark *to = places_move(s, *place == 'b' ? -1 : 1);
    return to ? timeline_seek(tl, to, false, t) : ENOENT;
  }
  char kind = *place == 'c' || *place == 't' ? *place++ : 0, *end;
  uint64_t n = strtoull(place, &end, 0);
  if (*end || (kind && end == place)) return EINVAL;
  if (!tl->count) return ENOENT;
  if (end == place) return checkpoint_open(tl, &tl->list[0], t);
  if (kind == 'c') {
    struct checkpoint *c = checkpoint_user(tl, (uint32_t)n);
    return c ? checkpoint_open(tl, c, t) : ESRCH;
  }
  if (kind == 't') m.point.ticks = n;
  else m.point.event = n;
  return timeline_seek(tl, &m, kind == 't', t);
}

int gdb_go_place(struct gdb_session *s, const char *place) {
  struct target t;
  if (!gdb_divert_leave(s)) gdb_divert_end(s);
  begin(s);
  int e = go_place(s, place, &t);
  return e ? e : adopt(s, &t);
}
