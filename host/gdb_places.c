// Commands about places of the timeline: checkpoints that the user names, and the places that he has been at.
//
// A command only answers with text. When it has moved the process, the client has to look anew (gdb: `maintenance flush
// register-cache`); `run cN`, `run tN`, `run N`, `run back`, `run forward` do the same and tell a stop.
#include "host/gdb_places.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/gdb_reverse.h"
#include "host/gdb_session.h"
#include "host/text.h"

// ---- where the user has been ----

void places_leave(struct gdb_session *s) {
  struct places *h = &s->places;
  if (s->exited || s->target.fd < 0) return;
  struct mark m = timeline_mark(&s->timeline, &s->target.stop);
  if (h->at < h->count) h->count = h->at; // what was to come is another future now
  if (h->count && !mark_compare(&h->mark[h->count - 1], &m)) return;
  if (h->count == PLACES_MAX) memmove(h->mark, h->mark + 1, --h->count * sizeof *h->mark);
  h->mark[h->count++] = m;
  h->at = h->count;
}

const struct mark *places_move(struct gdb_session *s, int by) {
  struct places *h = &s->places;
  if (by < 0 && h->at == h->count) { // the present is a place too
    uint32_t count = h->count;
    places_leave(s);
    h->at = h->count == count && count ? count - 1 : h->count - 1;
  }
  if ((by < 0 && !h->at) || (by > 0 && h->at + 1 >= h->count)) return NULL;
  h->at += (uint32_t)by;
  return &h->mark[h->at];
}

// ---- the commands ----

static void tell_place(struct gdb_session *s, int e, struct text *t) {
  const struct rr_point *p = &s->target.stop.point;
  if (e == ESRCH) text_add(t, "There is no such checkpoint.\n");
  else if (e == ENOENT) text_add(t, "There is no such place.\n");
  else if (e == EINVAL) text_add(t, "That is not a place: the command wants a number.\n");
  else if (e) text_add(t, "The replay could not go there: %s\n", strerror(e));
  else text_add(t, "Now at event %lu, tick %lu.\n", p->event, p->ticks);
}

static void go(struct gdb_session *s, const char *kind, const char *number, struct text *t) {
  char place[40];
  snprintf(place, sizeof place, "%s%s", kind, number);
  places_leave(s);
  tell_place(s, *number ? gdb_go_place(s, place) : EINVAL, t);
}

static void command_restart(struct gdb_session *s, const char *argument, struct text *t) { go(s, *argument ? "c" : "0", *argument ? argument : "0", t); }
static void command_run(struct gdb_session *s, const char *argument, struct text *t) { go(s, "", *argument ? argument : "0", t); }
static void command_seek_ticks(struct gdb_session *s, const char *argument, struct text *t) { go(s, "t", argument, t); }

static void command_back(struct gdb_session *s, const char *argument, struct text *t) {
  (void)argument;
  int e = gdb_go_place(s, "back");
  if (e == ENOENT) text_add(t, "There is nothing to go back to.\n");
  else tell_place(s, e, t);
}

static void command_forward(struct gdb_session *s, const char *argument, struct text *t) {
  (void)argument;
  int e = gdb_go_place(s, "forward");
  if (e == ENOENT) text_add(t, "There is nothing to go forward to.\n");
  else tell_place(s, e, t);
}

// argument: where it is, as the client says it.
static void command_checkpoint(struct gdb_session *s, const char *argument, struct text *t) {
  struct timeline *tl = &s->timeline;
  uint32_t id = tl->next_user + 1;
  char where[PLACE_TEXT];
  snprintf(where, sizeof where, "%s", *argument ? argument : "");
  if (!*where) snprintf(where, sizeof where, "0x%lx", s->target.stop.point.pc);
  int e = checkpoint_make(tl, &s->target, false, id);
  if (e) {
    text_add(t, "The checkpoint could not be made: %s\n", strerror(e));
    return;
  }
  tl->next_user = id;
  struct checkpoint *c = checkpoint_user(tl, id);
  snprintf(c->where, sizeof c->where, "%s", where);
  text_add(t, "Checkpoint %u at %s\n", id, where);
}

static void command_info_checkpoints(struct gdb_session *s, const char *argument, struct text *t) {
  const struct timeline *tl = &s->timeline;
  (void)argument;
  if (!tl->next_user) {
    text_add(t, "No checkpoints.\n");
    return;
  }
  text_add(t, "ID\tWhen\tWhere\n");
  for (uint32_t id = 1; id <= tl->next_user; id++) {
    const struct checkpoint *c = checkpoint_user(tl, id);
    if (c) text_add(t, "%u\t%lu\t%s\n", id, c->mark.point.event, c->where);
  }
}

static void command_delete_checkpoint(struct gdb_session *s, const char *argument, struct text *t) {
  char *end;
  uint64_t id = strtoull(argument, &end, 0);
  struct checkpoint *c = *argument && !*end && id < ~0u ? checkpoint_user(&s->timeline, (uint32_t)id) : NULL;
  if (!c) {
    text_add(t, "No checkpoint number %s.\n", *argument ? argument : "was given");
    return;
  }
  checkpoint_drop(&s->timeline, c);
  text_add(t, "Deleted checkpoint %lu.\n", id);
}

// What the timeline keeps, for those who wonder.
static void command_timeline(struct gdb_session *s, const char *argument, struct text *t) {
  const struct timeline *tl = &s->timeline;
  (void)argument;
  for (uint32_t i = 0; i < tl->count; i++) {
    const struct checkpoint *c = &tl->list[i];
    text_add(t, "%s%u\tlife %u event %lu ticks %lu pc 0x%lx\t%.3f s\t%lu faults\t%lu KiB\n", c->user ? "c" : c->first ? "first " : "", c->user, c->mark.life,
      c->mark.point.event, c->mark.point.ticks, c->mark.point.pc, (double)c->stop.cpu_us / 1e6, c->stop.faults, c->kib);
  }
}

static const struct place_command {
  const char *name, *what;
  void (*run)(struct gdb_session *s, const char *argument, struct text *t);
  bool process;                // needs one
} commands[] = {
  { "checkpoint", "remember this place", command_checkpoint, true },
  { "info checkpoints", "the places that are remembered", command_info_checkpoints, false },
  { "delete checkpoint", "forget one", command_delete_checkpoint, false },
  { "restart", "go to a checkpoint, or to the beginning", command_restart, false },
  { "run", "go to an event, or to the beginning", command_run, false },
  { "seek-ticks", "go to a tick of this address space", command_seek_ticks, false },
  { "back", "go to where you were before", command_back, false },
  { "forward", "and on again", command_forward, false },
  { "timeline", "what is kept to go back quickly", command_timeline, false },
};
enum { COMMANDS_COUNT = sizeof commands / sizeof *commands };

void places_help(struct text *t) {
  for (int i = 0; i < COMMANDS_COUNT; i++) text_add(t, "%-18s %s\n", commands[i].name, commands[i].what);
}

// A name of two words comes as one word or as two. Returns how many words it took; 0: it is another command.
static int takes(const char *name, int argc, char **argv) {
  char both[64];
  if (!strcmp(name, argv[0])) return 1;
  if (argc < 2) return 0;
  snprintf(both, sizeof both, "%s %s", argv[0], argv[1]);
  return strcmp(name, both) ? 0 : 2;
}

bool places_command(struct gdb_session *s, int argc, char **argv, struct text *t) {
  char argument[PLACE_TEXT] = "";
  for (int i = 0; argc && i < COMMANDS_COUNT; i++) {
    int words = takes(commands[i].name, argc, argv);
    if (!words) continue;
    for (size_t at = 0; words < argc && at + 1 < sizeof argument; words++)
      at += (size_t)snprintf(argument + at, sizeof argument - at, "%s%s", at ? " " : "", argv[words]);
    if (commands[i].process && (s->exited || s->target.fd < 0)) text_add(t, "The process has ended.\n");
    else commands[i].run(s, argument, t);
    return true;
  }
  return false;
}
