// The gdb server: one replayed process, one client at a time, gdb's remote protocol (gdb manual, appendix E).
#pragma once
#include "host/replay.h"

// Compares the CPU, verifies the kept files and warns of an incomplete trace itself. Starts and ends runs as it needs them.
// Serves until the client has left (with -k: for ever), or the debugger that it started has ended. Returns the exit status.
int gdb_serve(struct replay_session *r, const struct replay_options *o);
