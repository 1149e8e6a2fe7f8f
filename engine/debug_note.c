// What a search notes: the last stop that was met, and the last boundaries between instructions. The server asks for them when
// the search has come to its end.
#include "engine/debug_internal.h"

static struct rr_dbg_hit hit;
static struct rr_dbg_step steps[RR_DBG_STEPS_MAX];
static u64 steps_noted;
static u32 ran_last;

void note_begin(void) {
  hit.count = 0;
  steps_noted = 0;
  ran_last = 0;
}

// A place at the same instruction as the end of the search is not before it: one has just come from there.
static bool before_end(const struct rr_point *p, bool after) {
  struct rr_point end = debug_go.until;
  if (!(debug_go.flags & RR_GO_UNTIL)) return true;
  if (after) return rr_point_compare(p, &end) <= 0;
  end.order = p->order;
  return rr_point_compare(p, &end) < 0;
}

void note_hit(const struct rr_dbg_stop *s, bool after) {
  if (!before_end(&s->point, after)) return;
  rr_log(LOG_DEBUG, "hit %u of thread %u at event %lu ticks %lu pc %lx", s->reason, s->thread, s->point.event, s->point.ticks, s->point.pc);
  hit.stop = *s;
  hit.after = after;
  hit.count++;
}

bool note_hot(void) { return debug_go.hits_max && hit.count >= debug_go.hits_max; }

const struct rr_dbg_hit *note_last_hit(void) { return hit.count ? &hit : NULL; }

void note_step(const struct rr_point *p, u32 signo) {
  struct rr_dbg_step *last = &steps[(steps_noted - 1) % RR_DBG_STEPS_MAX];
  if (steps_noted && !rr_point_compare(p, &last->point)) return; // it did not run: its code had changed
  steps[steps_noted++ % RR_DBG_STEPS_MAX] = (struct rr_dbg_step){ *p, current->tid, signo };
}

u32 note_steps(struct rr_dbg_step *d) {
  u64 n = steps_noted < RR_DBG_STEPS_MAX ? steps_noted : RR_DBG_STEPS_MAX;
  for (u64 i = 0; i < n; i++) d[i] = steps[(steps_noted - n + i) % RR_DBG_STEPS_MAX];
  return (u32)n;
}

bool note_leave(void) {
  if (!(debug_go.flags & RR_GO_LEAVE)) return false;
  u32 last = ran_last;
  ran_last = current->tid;
  return last == debug_go.thread && ran_last != last;
}
