// Kept files: what the guest maps or executes is kept in the trace, so that it replays without the originals.
#pragma once
#include "engine/map.h"
// Record: makes sure that the recorder keeps the file behind fd; logs RR_EV_FILE once a stream. Returns its id (0: could not
// be kept, *out has kept == 0), and in *out an object that the caller may put into mappings (never freed).
u32 keep_file(int fd, struct map_file **out);
// Replay: opens file `id` of the trace (a host descriptor the guest never sees), *out as above. -errno.
int keep_open(u32 id, struct map_file **out);
