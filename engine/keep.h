// Kept files: what the guest maps or executes is kept in the trace, so that it replays without the originals.
#pragma once
#include "engine/map.h"
// Record: 0, *out (with refs + 1) describes the file behind fd, and the recorder keeps it where kept != 0; RR_EV_FILE is logged
// once a stream. -errno when fd is no file.
enum keep_how {
  KEEP_NOT,     // it is only described (out->kept == 0)
  KEEP_NOW,     // out->kept == 0: it could not be kept
  KEEP_LATER,   // out->kept is promised: keep_settle() waits until it is kept, or stops
};
int keep_file_as(int fd, enum keep_how how, struct map_file **out);
// Before a call by which the guest, or somebody it tells, could change what is to be kept: all but CALL_QUIET ones.
extern u32 keep_pending;
void keep_settle(void);
// Replay: opens file `id` of the trace (a host descriptor the guest never sees), *out as above. -errno.
int keep_open(u32 id, struct map_file **out);
// Replay: log.c met an RR_EV_FILE.
struct rr_event;
void keep_learn(const struct rr_event *ev);
