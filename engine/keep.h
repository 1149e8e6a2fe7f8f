// Kept files: what the guest maps or executes is kept in the trace, so that it replays without the originals.
#pragma once
#include "engine/map.h"
// Record: 0, *out (with refs + 1) describes the file behind fd, and the recorder keeps it where kept != 0; RR_EV_FILE is logged
// once a stream. -errno when fd is no file.
int keep_file(int fd, struct map_file **out);
// Replay: opens file `id` of the trace (a host descriptor the guest never sees), *out as above. -errno.
int keep_open(u32 id, struct map_file **out);
// Replay: log.c met an RR_EV_FILE.
struct rr_event;
void keep_learn(const struct rr_event *ev);
// keep false: only describes it (out->kept == 0).
int keep_file_as(int fd, bool keep, struct map_file **out);
