// Replay, as both `rr replay -a` and the gdb server use it: an open trace, and any number of runs of it, one at a time.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "abi/session.h"
#include "host/feed.h"
#include "host/keep.h"
#include "host/launch.h"
#include "host/trace_read.h"

struct replay_options {        // of the command line
  bool autopilot;              // -a: to the end, no debugger
  bool quiet;                  // -q: the program's output is not reproduced
  const char *host;            // -h HOST; NULL: loopback
  int port;                    // -s PORT; -1: not given, 0: any
  bool keep_listening;         // -k
  bool at_end;                 // -e: start at the end
  bool goto_set; uint64_t goto_event; // -g EVENT
  const char *process;         // -p PID|NAME: debug the process from its exec on; NULL: the first
  int64_t forked;              // -f PID: the process from its fork on; -1: not given
  const char *debugger;        // -d GDB; NULL with start_debugger: gdb
  bool start_debugger;         // an option was given that implies a debugger to start
  const char **debugger_args;  // -x, -o, -i, --fullname and what follows --, ready for gdb's command line; ends with NULL
};

enum { FOLLOW_MAX = 16 };      // = opt.follow
struct replay_session {
  struct trace *trace;
  uint32_t follow[FOLLOW_MAX], follow_count; // the gdb server's: opt.follow of its runs
  uint64_t first_event;        // the gdb server's: where a vfork child begins to run in its parent's stream; 0: at the start
  bool strings;                // opt.strings of its runs
  struct kept_files kept;      // the trace's files by id - 1
};
int replay_open(const char *dir, struct replay_session *r, struct fault *f);  // checks the manifest and the table, not the contents
int replay_check(struct replay_session *r, struct fault *f);  // before a debugger: contents of kept files; warns of what is missing
void replay_close(struct replay_session *r);

// One run: an engine process for a stream, fed until it ends.
struct replay_run {
  struct session session;      // .root: the engine's process; .socket: readable with EOF when all engines of the run have gone
  struct feed *feed;
};
// channel: the engine's end of the debugger's socket pair (stays the caller's), or -1 for no debugger.
int replay_run_start(struct replay_session *r, uint32_t stream, bool quiet, int channel, struct replay_run *run, struct fault *f);
// Why the run ended before its time: 0, or an exit status with the text in f (panic of an engine, damaged frame).
int replay_run_fault(struct replay_run *run, struct fault *f);
void replay_run_end(struct replay_run *run);  // kills what is left of it, frees it

int replay_auto(struct replay_session *r, const struct replay_options *o);  // -a; returns the exit status or ends as the program did
