// Which stream of a trace is meant by -p and -f.
#pragma once
#include "host/replay.h"

int stream_find(struct replay_session *r, const struct replay_options *o, uint32_t *stream, struct fault *f);
