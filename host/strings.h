// What the system calls of a recording read: told by a replay.
#pragma once
#include "host/replay.h"

struct strings { struct rr_string *list; size_t count, room; };
// Replays, and keeps what belongs to the events from..to. Fails (f) when the trace can't be replayed here; what was told stays.
int strings_collect(struct replay_session *r, uint64_t from, uint64_t to, struct strings *s, struct fault *f);
const struct rr_string *strings_of(const struct strings *s, uint32_t stream, uint64_t event, uint32_t *count); // in a row; NULL: none
