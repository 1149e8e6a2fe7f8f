// Going to a mark, searching backwards from one, and the boundary before one.
//
// Everything is done by copies of checkpoints that run forward without being seen: no output, no stop. The hard thing is what
// "before" means: a search runs up to the mark and notes the last hit that lies before it; a step back runs to a few ticks before the
// mark, notes every boundary from there on, and goes to the last one.
#include "host/timeline.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEAR_TICKS = 32, FAR_TICKS = 4096, SEARCHERS_MAX = 8, HELP_MS = 30, HOT_TICKS = 1 << 15, HOT_HITS = 20000 };
static const uint64_t rungs[] = { 1 << 22, 1 << 15 };  // ticks before a mark where checkpoints are left on the way to it

struct mark timeline_mark(struct timeline *tl, const struct rr_dbg_stop *stop) {
  uint32_t i = 0;
  while (i < tl->lives && tl->life[i].stream != stop->stream) i++;
  if (i == tl->lives && i < LIVES_MAX - 1) tl->life[tl->lives++].stream = stop->stream;
  return (struct mark){ .life = i, .point = stop->point };
}

bool timeline_begins(const struct timeline *tl, const struct mark *m) {
  return !tl->count || mark_compare(m, &tl->list[0].mark) <= 0;
}

// ---- running ----

static int client_wants(struct timeline *tl) { return tl->interrupted && tl->interrupted(tl->client_state) ? EINTR : 0; }

static int wait_stop(struct timeline *tl, struct target *t) {
  while (t->running) {
    struct pollfd p[2] = { { .fd = t->fd, .events = POLLIN }, { .fd = tl->client, .events = POLLIN } };
    if (timeline_poll(tl, t, p, 2, -1) < 0 && errno != EINTR) return errno;
    if (p[0].revents) target_stopped(t);
    if (t->fd < 0) return ECONNRESET;
    if (p[1].revents && client_wants(tl)) return EINTR;
  }
  return t->fd < 0 ? ECONNRESET : 0;
}

static int go(struct timeline *tl, struct target *t, struct rr_dbg_go g) {
  uint32_t pid = t->stop.host_pid;
  int e = target_go(t, &g);
  timeline_running(tl);
  if (!e) e = wait_stop(tl, t);
  if (e) t->stop.host_pid = pid;
  return e;
}

static struct rr_dbg_go go_until(const struct rr_point *p, uint32_t flags) {
  return (struct rr_dbg_go){ .how = RR_GO_CONTINUE, .flags = RR_GO_UNTIL | RR_GO_SILENT | flags, .until = *p };
}

static struct rr_dbg_go go_far(uint32_t flags) { return (struct rr_dbg_go){ .how = RR_GO_CONTINUE, .flags = RR_GO_SILENT | flags }; }

// ---- seek ----

// On the way to a far point: checkpoints before it, the nearer the closer.
static int climb(struct timeline *tl, struct target *t, uint64_t ticks) {
  for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++) {
    if (ticks < rungs[i] || t->stop.point.ticks + 2 * rungs[i] > ticks) continue;
    struct rr_point rung = { .ticks = ticks - rungs[i] };
    int e = go(tl, t, go_until(&rung, RR_GO_ONLY_POINT | RR_GO_TICKS));
    if (e) return e;
    if (t->stop.reason != RR_STOP_POINT) return 0;
    checkpoint_make(tl, t, false, 0);
  }
  return 0;
}

static int seek_from(struct timeline *tl, const struct mark *m, bool ticks_only, struct target *t) {
  for (;;) {
    struct mark now = timeline_mark(tl, &t->stop);
    if (now.life > m->life || (ticks_only ? now.life == m->life && now.point.ticks >= m->point.ticks : mark_compare(&now, m) >= 0)) return 0;
    int e;
    if (now.life < m->life) e = go(tl, t, go_far(RR_GO_ONLY_POINT));
    else {
      e = climb(tl, t, m->point.ticks);
      if (!e) e = go(tl, t, go_until(&m->point, RR_GO_ONLY_POINT | (ticks_only ? RR_GO_TICKS : 0)));
    }
    if (e) return e;
    if (t->stop.reason != RR_STOP_START) return 0; // arrived; or this is the end
    now = timeline_mark(tl, &t->stop);
    tl->life[now.life].exe_file = t->stop.code;
    struct checkpoint *c = checkpoint_at(tl, &now);
    if (!c || mark_compare(&c->mark, &now)) checkpoint_make(tl, t, true, 0);
  }
}

// The last one from where m's ticks are still to come.
static struct checkpoint *before_ticks(const struct timeline *tl, const struct mark *m) {
  for (uint32_t i = tl->count; i--;) {
    const struct mark *c = &tl->list[i].mark;
    if (c->life < m->life || (c->life == m->life && c->point.ticks <= m->point.ticks)) return &tl->list[i];
  }
  return NULL;
}

int timeline_seek(struct timeline *tl, const struct mark *m, bool ticks_only, struct target *t) {
  struct checkpoint *c = ticks_only ? before_ticks(tl, m) : checkpoint_at(tl, m);
  if (!c) c = tl->count ? &tl->list[0] : NULL;
  if (!c) return ENOENT;
  int e = checkpoint_open(tl, c, t);
  if (e) return e;
  e = seek_from(tl, m, ticks_only, t);
  if (e) target_end(tl, t);
  return e;
}

// ---- one boundary back ----

static int chain_read(struct timeline *tl, struct target *t) {
  struct rr_dbg_request q = { .what = RR_DBG_STEPS };
  struct rr_dbg_reply r;
  const void *data;
  int e = target_ask(t, &q, NULL, &r, &data);
  if (e) return e;
  tl->chain_count = r.size / (uint32_t)sizeof *tl->chain;
  if (tl->chain_count > RR_DBG_STEPS_MAX) return EPROTO;
  memcpy(tl->chain, data, tl->chain_count * sizeof *tl->chain);
  return 0;
}

// The end of a life: where its exec is made.
static int life_end(struct timeline *tl, const struct mark *next, struct mark *end) {
  struct checkpoint *c = checkpoint_before(tl, next, true);
  struct target t;
  if (!c) return ENOENT;
  int e = checkpoint_open(tl, c, &t);
  if (e) return e;
  e = points_send_signals(&(struct points){ 0 }, &t);
  if (!e) e = go(tl, &t, go_far(RR_GO_SEARCH));
  if (!e) *end = timeline_mark(tl, &t.stop);
  target_end(tl, &t);
  return e;
}

// Boundaries up to m, from a place that is near it.
static int chain_make(struct timeline *tl, const struct mark *m, uint64_t back_ticks) {
  struct mark end = *m, from = { .life = m->life };
  struct checkpoint *c = checkpoint_before(tl, m, true);
  struct target t;
  int e;
  if (!c) return ENOENT;
  if (c->mark.life < m->life && (e = life_end(tl, m, &end))) return e;
  from.life = end.life;
  from.point.ticks = end.point.ticks > back_ticks ? end.point.ticks - back_ticks : 0;
  c = before_ticks(tl, &from);
  if (!c || c->mark.life < end.life) c = checkpoint_before(tl, &end, true);
  while (c && c > tl->list && (!c->base || mark_compare(&c->mark, &end) >= 0)) c--;
  if (!c || !c->base) return ENOENT;
  if (c->mark.life == end.life && c->mark.point.ticks + FAR_TICKS < from.point.ticks) {
    if ((e = timeline_seek(tl, &from, true, &t))) return e;
    checkpoint_make(tl, &t, false, 0);
  } else if ((e = checkpoint_open(tl, c, &t))) return e;
  struct rr_dbg_go g = go_until(&end.point, RR_GO_ONLY_POINT | RR_GO_STEPS);
  g.from = from.point.ticks;
  tl->chain_count = 0;
  e = points_send_signals(&tl->points, &t);
  if (!e) e = go(tl, &t, g);
  if (!e) e = chain_read(tl, &t);
  tl->chain_life = end.life;
  tl->chain_signals = tl->points.signals_changed;
  tl->chain_end = *m;
  target_end(tl, &t);
  return e;
}

static uint32_t chain_find(const struct timeline *tl, const struct mark *m) { // index of m; ~0: not in it
  if (!tl->chain_count || tl->chain_signals != tl->points.signals_changed) return ~0u;
  if (!mark_compare(&tl->chain_end, m)) return tl->chain_count;
  if (m->life != tl->chain_life) return ~0u;
  for (uint32_t i = tl->chain_count; i--;)
    if (!rr_point_compare(&tl->chain[i].point, &m->point)) return i;
  return ~0u;
}

// Nothing has happened between the two: the instruction has not begun.
static bool same_instruction(const struct rr_point *a, const struct rr_point *b) {
  return a->event == b->event && a->ticks == b->ticks && a->pc == b->pc;
}

static const struct rr_dbg_step *chain_before(struct timeline *tl, const struct mark *m, uint32_t tid) {
  uint32_t i = chain_find(tl, m);
  if (i == ~0u) return NULL;
  while (i--) {
    const struct rr_dbg_step *s = &tl->chain[i];
    if (m->life == tl->chain_life && m->point.order && same_instruction(&s->point, &m->point)) continue;
    if (!tid || s->thread == tid) return s;
  }
  return NULL;
}

// tid has not run for long: where it ceased to.
static int search_leave(struct timeline *tl, const struct mark *m, uint32_t tid, struct mark *left);

static int step_before(struct timeline *tl, const struct mark *m, uint32_t tid, struct rr_dbg_step *step, uint32_t *life) {
  const struct rr_dbg_step *s = chain_before(tl, m, tid);
  struct mark at = *m;
  int e;
  for (uint64_t back = NEAR_TICKS; !s && back <= NEAR_TICKS * 16; back *= 16) {
    if ((e = chain_make(tl, &at, back))) return e;
    s = chain_before(tl, &at, tid);
  }
  if (!s && tid) {
    if ((e = search_leave(tl, m, tid, &at)) || (e = chain_make(tl, &at, NEAR_TICKS))) return e;
    s = chain_before(tl, &at, tid);
  }
  if (!s) return ENOENT;
  *step = *s;
  *life = tl->chain_life;
  return 0;
}

int timeline_back(struct timeline *tl, const struct mark *m, uint32_t tid, struct target *t) {
  struct rr_dbg_step step;
  struct mark to = { 0 };
  if (timeline_begins(tl, m)) return ENOENT;
  int e = step_before(tl, m, tid, &step, &to.life);
  if (e) return e;
  to.point = step.point;
  if ((e = timeline_seek(tl, &to, false, t))) return e;
  t->stop.reason = step.signo ? RR_STOP_SIGNAL : RR_STOP_STEP;
  t->stop.signo = step.signo;
  t->stop.thread = step.thread;
  return 0;
}

// ---- search ----

// A stretch is searched from a checkpoint to a mark, or to the end of its life. Several are at it at a time, the latest one first:
// only when that has nothing the one before it counts.
struct stretch { struct target t; struct mark begin, end; };
struct search {
  struct stretch ahead[SEARCHERS_MAX];
  uint32_t count;
  struct mark next_end;        // where the next one to be begun ends
  bool patient;                // with any number of hits
  bool all;                    // nothing is before the last one
  int all_error;               // why: ENOENT, EXDEV
  uint32_t leave;              // the thread whose leaving is looked for; 0: what the client has set
};

static int stretch_begin(struct timeline *tl, const struct checkpoint *c, const struct mark *end, const struct search *s, struct target *t) {
  uint32_t leave = s->leave;
  struct points none = { 0 };
  struct rr_dbg_go g = c->mark.life == end->life ? go_until(&end->point, 0) : go_far(0);
  int e = checkpoint_open(tl, c, t);
  if (e) return e;
  g.flags |= RR_GO_SEARCH | (leave ? RR_GO_LEAVE : RR_GO_HERE);
  g.thread = leave;
  if (!s->patient && c->mark.life == end->life && end->point.ticks - c->mark.point.ticks > 2 * HOT_TICKS) g.hits_max = HOT_HITS;
  uint32_t pid = t->stop.host_pid;
  e = points_send(leave ? &none : &tl->points, t);
  if (!e) e = target_go(t, &g);
  t->stop.host_pid = pid;
  if (e) target_end(tl, t);
  return e;
}

static int stretch_hit(struct timeline *tl, struct target *t, struct rr_dbg_hit *hit) {
  struct rr_dbg_request ask = { .what = RR_DBG_HIT };
  struct rr_dbg_reply r;
  const void *data;
  uint32_t pid = t->stop.host_pid;
  int e = t->running ? wait_stop(tl, t) : 0;
  if (!e && t->stop.reason == RR_STOP_HOT) e = EAGAIN;
  if (!e) e = target_ask(t, &ask, NULL, &r, &data);
  if (!e) memcpy(hit, data, sizeof *hit);
  t->stop.host_pid = pid;
  target_end(tl, t);
  return e;
}

static bool written(const struct rr_dbg_seen *seen, uint64_t start, uint64_t end) {
  if (!seen->pages_known || seen->changes > RR_SEEN_CHANGES) return true;
  for (uint64_t a = start & ~4095ul; a < end; a += 4096) {
    uint32_t bit = rr_seen_page(a);
    if (seen->pages[bit / 8] >> bit % 8 & 1) return true;
  }
  for (uint32_t i = 0; i < seen->changes; i++)
    if (seen->change[i].start < end && start < seen->change[i].end) return true;
  return false;
}

// Nothing that the client waits for can be between a checkpoint and the mark that `seen` leads to.
static bool nothing_there(const struct timeline *tl, const struct mark *from, const struct mark *to, const struct rr_dbg_seen *seen) {
  uint64_t passed = 0;
  if (!seen || from->life != to->life || rr_point_compare(&seen->from, &from->point) > 0) return false;
  for (uint32_t i = 0; i < tl->points.count; i++) {
    const struct rr_dbg_request *q = &tl->points.list[i].request;
    uint32_t bit = rr_seen_bit(q->address);
    if (q->what == RR_DBG_SYSCALLS && q->flags) return false;
    if (q->what == RR_DBG_WATCH && (q->flags & RR_WATCH_READ || written(seen, q->address, q->address + q->length))) return false;
    if (q->what == RR_DBG_BREAK && seen->bits[bit / 8] >> bit % 8 & 1) return false;
    if (q->what == RR_DBG_SIGNALS) memcpy(&passed, tl->points.list[i].data, sizeof passed);
  }
  return !(seen->signals & ~passed);
}

// What leads to m, if it is a checkpoint.
static const struct rr_dbg_seen *seen_before(const struct timeline *tl, const struct mark *m) {
  for (uint32_t i = tl->count; i--;)
    if (!mark_compare(&tl->list[i].mark, m)) return tl->list[i].seen;
  return NULL;
}

// One more stretch, the one before those that are at it. False: there is none, or there was an error.
static bool search_more(struct timeline *tl, struct search *s, const struct rr_dbg_seen *here, int *e) {
  struct checkpoint *c = s->all ? NULL : checkpoint_before(tl, &s->next_end, true);
  if (!c || (tl->tell_exec && !s->leave && c->mark.life < s->next_end.life)) {
    if (!s->all) s->all_error = c ? EXDEV : ENOENT;
    s->all = true;
    return false;
  }
  struct stretch *new = &s->ahead[s->count];
  new->begin = c->mark;
  new->end = s->next_end;
  bool empty = !s->leave && nothing_there(tl, &new->begin, &new->end, here ? here : seen_before(tl, &new->end));
  if (!empty && (*e = stretch_begin(tl, c, &new->end, s, &new->t))) return false;
  s->next_end = new->begin;
  s->count += !empty;
  return true;
}

// The latest one has run for long: the other processors help.
static int search_help(struct timeline *tl, struct search *s) {
  static long processors;
  if (!processors) processors = sysconf(_SC_NPROCESSORS_ONLN);
  struct pollfd p[2] = { { .fd = s->ahead[0].t.fd, .events = POLLIN }, { .fd = tl->client, .events = POLLIN } };
  int e = 0;
  timeline_running(tl);
  if (!s->ahead[0].t.running || timeline_poll(tl, &s->ahead[0].t, p, 2, HELP_MS)) return 0;
  while (s->count < SEARCHERS_MAX && s->count < (uint32_t)processors && search_more(tl, s, NULL, &e)) continue;
  return e;
}

// A hot loop has a hit in every round: the stretch is cut into ever smaller pieces towards its end, so that the last hit is found
// without all the others.
static int split(struct timeline *tl, const struct stretch *s) {
  struct checkpoint *c = checkpoint_at(tl, &s->begin);
  struct target t;
  int e = c ? checkpoint_open(tl, c, &t) : ENOENT;
  if (e) return e;
  for (uint64_t d = (s->end.point.ticks - s->begin.point.ticks) / 2; !e && d >= HOT_TICKS; d /= 4) {
    struct rr_point cut = { .ticks = s->end.point.ticks - d };
    e = go(tl, &t, go_until(&cut, RR_GO_ONLY_POINT | RR_GO_TICKS));
    if (!e && t.stop.reason != RR_STOP_POINT) break;
    if (!e) checkpoint_make(tl, &t, false, 0);
  }
  target_end(tl, &t);
  return e;
}

// here: what leads to m. A stretch may leave checkpoints behind, but none before its own beginning.
static int search_from(struct timeline *tl, const struct mark *m, const struct rr_dbg_seen *here, uint32_t leave, struct rr_dbg_hit *hit) {
  struct search s = { .next_end = *m, .leave = leave };
  int e = 0;
  for (;;) {
    while (!s.count && !e && search_more(tl, &s, here, &e)) here = NULL;
    if (!e && s.count) e = search_help(tl, &s);
    if (e || !s.count) break;
    e = stretch_hit(tl, &s.ahead[0].t, hit);
    struct stretch done = s.ahead[0];
    memmove(s.ahead, s.ahead + 1, --s.count * sizeof *s.ahead);
    if (e == EAGAIN) {
      while (s.count) target_end(tl, &s.ahead[--s.count].t);
      e = split(tl, &done);
      s.next_end = done.end;
      s.all = false;
      struct checkpoint *c = checkpoint_before(tl, &done.end, true);
      s.patient = !c || mark_compare(&c->mark, &done.begin) <= 0; // it could not be cut
    } else if (e != ENOENT) break;
    else e = 0;
  }
  if (!e && !s.count && s.all && !hit->count) e = s.all_error;
  while (s.count) target_end(tl, &s.ahead[--s.count].t);
  return e;
}

static int search_leave(struct timeline *tl, const struct mark *m, uint32_t tid, struct mark *left) {
  struct rr_dbg_hit hit = { 0 };
  int e = search_from(tl, m, NULL, tid, &hit);
  if (!e) *left = timeline_mark(tl, &hit.stop);
  return e;
}

// The client has to know that the program is another one from here on. It goes on by itself.
static int before_life(struct timeline *tl, const struct mark *m, struct target *t) {
  for (uint32_t i = 0; i < tl->count; i++)
    if (tl->list[i].mark.life == m->life) {
      struct mark first = tl->list[i].mark;
      return timeline_back(tl, &first, 0, t);
    }
  return ENOENT;
}

int timeline_search(struct timeline *tl, const struct mark *m, struct target *here, struct target *t) {
  struct rr_dbg_hit hit = { 0 };
  struct rr_dbg_seen *seen = here && here->fd >= 0 ? seen_ask(here->fd) : NULL;
  int e = search_from(tl, m, seen, 0, &hit);
  free(seen);
  if (e == EXDEV) return before_life(tl, m, t);
  if (e) return e;
  struct mark at = timeline_mark(tl, &hit.stop);
  if (!hit.after) e = timeline_seek(tl, &at, false, t);
  else e = timeline_back(tl, &at, 0, t);
  if (e) return e;
  struct rr_dbg_stop told = hit.stop;
  told.point = t->stop.point;
  told.host_pid = t->stop.host_pid;
  told.cpu_us = t->stop.cpu_us;
  told.faults = t->stop.faults;
  told.threads = t->stop.threads;
  if (hit.after) told.thread = t->stop.thread;
  t->stop = told;
  return 0;
}
