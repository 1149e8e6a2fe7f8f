// The timeline of a replay: checkpoints, and how to come from anywhere to anywhere (abi/debug.h says what a point is).
//
// A checkpoint is a stopped engine that is only ever forked. They are made while the replay runs forward, on the way of a search, and
// close before the places where people stop, so that the distance from one to the next grows with the distance from here.
// A *life* is the time between two execs: a stream of its own, with events and ticks of its own.
//
// What runs in here is waited for; the client can interrupt. Functions return 0 or an errno: EINTR (interrupted), ENOENT (there is
// nothing before), ECONNRESET (an engine was lost).
#pragma once
#include <poll.h>
#include <sys/types.h>
#include "host/gdb_target.h"
#include "host/points.h"

enum { LIVES_MAX = 256, CHECKPOINTS_MAX = 40, PLACE_TEXT = 128 };

struct mark { uint32_t life; struct rr_point point; };
int mark_compare(const struct mark *a, const struct mark *b);

struct checkpoint {
  int fd;
  pid_t pid;
  struct mark mark;
  struct rr_dbg_stop stop;     // told again when somebody returns to it
  uint64_t kib;                // of memory; 0: not measured
  uint32_t user;               // number that its owner knows it by; 0: ours, may go any time
  bool first;                  // of a life: stays
  char where[PLACE_TEXT];      // as its owner wants to read it
  struct rr_dbg_seen *seen;    // what was executed on the way to it; NULL: not known
  bool base;                   // at an instruction: a search may begin here
};

struct timeline {
  struct points points;        // what the client has set
  struct checkpoint *list;     // by mark
  uint32_t count, room;
  struct { uint32_t stream, exe_file; } life[LIVES_MAX];
  uint32_t lives;
  uint32_t next_user;
  uint64_t kib_max;            // memory of checkpoints
  uint64_t measured_us;        // when it was measured last
  pid_t *root;                 // the first engine's process, which somebody else reaps unless this is set to 0
  // a copy that a running engine was asked for
  int pending;                 // its channel; -1: none
  bool often;                  // for tests: as often as that, whatever it costs
  uint64_t gap_first_us, started_us, due_us, gap_us, faults_seen;
  // boundaries that were stepped over last, up to chain_end
  struct rr_dbg_step chain[RR_DBG_STEPS_MAX];
  uint32_t chain_count, chain_life, chain_signals; // chain_signals: points.signals_changed then
  struct mark chain_end;
  struct { pid_t pid[64]; uint32_t count; } dying;
  // the client
  int client;                  // -1: none
  bool tell_exec;              // it wants to hear of each exec: a search ends there
  bool (*interrupted)(void *client_state);
  void *client_state;
};

void timeline_begin(struct timeline *tl, pid_t *root);   // zeroed before
void timeline_end(struct timeline *tl);                  // ends all processes but the current target's

// checkpoint.c
int checkpoint_add(struct timeline *tl, int fd, const struct rr_dbg_stop *stop, bool first, uint32_t user); // takes fd
int checkpoint_make(struct timeline *tl, const struct target *t, bool first, uint32_t user);  // of a stopped process
struct checkpoint *checkpoint_before(const struct timeline *tl, const struct mark *m, bool base); // strictly; NULL: none
struct checkpoint *checkpoint_at(const struct timeline *tl, const struct mark *m);             // the last that is not behind; NULL
struct checkpoint *checkpoint_user(const struct timeline *tl, uint32_t user);
void checkpoint_drop(struct timeline *tl, struct checkpoint *c);
struct rr_dbg_seen *seen_ask(int fd);  // what leads to a process that has stopped; malloc'd; NULL: it does not say
int checkpoint_open(struct timeline *tl, const struct checkpoint *c, struct target *t);        // a process that stands there
void process_end(struct timeline *tl, pid_t pid);
void target_end(struct timeline *tl, struct target *t);  // with its process

// A running target: poll, and now and then a checkpoint of it. As poll(2) with t's channel as the first entry.
int timeline_poll(struct timeline *tl, struct target *t, struct pollfd *p, int n, int timeout_ms);
void timeline_running(struct timeline *tl);              // it has just been let go

struct mark timeline_mark(struct timeline *tl, const struct rr_dbg_stop *stop); // learns of a new life
bool timeline_begins(const struct timeline *tl, const struct mark *m);          // nothing is before it

int timeline_seek(struct timeline *tl, const struct mark *m, bool ticks_only, struct target *t);
// The last hit before m, for t (a process that stands there), told as t->stop. With tell_exec it may be the end of the life before
// m's instead. ENOENT: none. The others leave t closed.
// here: a process that stands at m, or NULL.
int timeline_search(struct timeline *tl, const struct mark *m, struct target *here, struct target *t);
// The boundary before m at which tid (0: any) is about to run, for t.
int timeline_back(struct timeline *tl, const struct mark *m, uint32_t tid, struct target *t);
