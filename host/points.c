// The set is kept as the requests that made it.
#include "host/points.h"
#include <stdlib.h>
#include <string.h>
#include "host/gdb_target.h"

static uint32_t opposite(uint32_t what) {
  return what == RR_DBG_UNBREAK ? RR_DBG_BREAK : what == RR_DBG_UNWATCH ? RR_DBG_WATCH : 0;
}

static bool same(const struct rr_dbg_request *a, const struct rr_dbg_request *b, uint32_t what) {
  if (a->what != what) return false;
  if (what == RR_DBG_SIGNALS || what == RR_DBG_SYSCALLS) return true; // one of each
  return a->address == b->address && (what == RR_DBG_BREAK || (a->length == b->length && a->flags == b->flags));
}

static void drop(struct points *p, const struct rr_dbg_request *q, uint32_t what) {
  for (uint32_t i = 0; i < p->count; i++) {
    if (!same(&p->list[i].request, q, what)) continue;
    free(p->list[i].data);
    memmove(p->list + i, p->list + i + 1, (--p->count - i) * sizeof *p->list);
    return;
  }
}

static void add(struct points *p, const struct rr_dbg_request *q, const void *data) {
  if (p->count == p->room) {
    p->room = p->room ? 2 * p->room : 16;
    if (!(p->list = realloc(p->list, p->room * sizeof *p->list))) abort();
  }
  struct point *new = &p->list[p->count++];
  *new = (struct point){ .request = *q };
  if (!q->size) return;
  if (!(new->data = malloc(q->size))) abort();
  memcpy(new->data, data, q->size);
}

void points_note(struct points *p, const struct rr_dbg_request *q, const void *data) {
  if (q->what == RR_DBG_SIGNALS) p->signals_changed++;
  switch (q->what) {
  case RR_DBG_BREAK: case RR_DBG_WATCH: case RR_DBG_SIGNALS: case RR_DBG_SYSCALLS:
    drop(p, q, q->what);
    add(p, q, data);
    break;
  case RR_DBG_UNBREAK: case RR_DBG_UNWATCH: drop(p, q, opposite(q->what)); break;
  default: break;
  }
}

int points_send(const struct points *p, struct target *t) {
  struct rr_dbg_request clear = { .what = RR_DBG_CLEAR };
  struct rr_dbg_reply r;
  int e = target_ask(t, &clear, NULL, &r, NULL);
  for (uint32_t i = 0; !e && i < p->count; i++) e = target_ask(t, &p->list[i].request, p->list[i].data, &r, NULL);
  return e;
}

int points_send_signals(const struct points *p, struct target *t) {
  struct rr_dbg_request clear = { .what = RR_DBG_CLEAR };
  struct rr_dbg_reply r;
  int e = target_ask(t, &clear, NULL, &r, NULL);
  for (uint32_t i = 0; !e && i < p->count; i++)
    if (p->list[i].request.what == RR_DBG_SIGNALS) e = target_ask(t, &p->list[i].request, p->list[i].data, &r, NULL);
  return e;
}

void points_free(struct points *p) {
  for (uint32_t i = 0; i < p->count; i++) free(p->list[i].data);
  free(p->list);
  *p = (struct points){ 0 };
}
