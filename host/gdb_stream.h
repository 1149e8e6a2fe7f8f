// Which stream of a trace is meant by -p and -f.
#pragma once
#include "host/replay.h"

// For -f also fills r->follow: *stream is then the one to start, and the wanted one the last to be followed.
int stream_find(struct replay_session *r, const struct replay_options *o, uint32_t *stream, struct fault *f);
