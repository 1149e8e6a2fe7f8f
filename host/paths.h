// Where things are: the engine beside the binary, traces, the cache.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "host/say.h"

bool trace_dir_is(const char *dir);                         // a directory with a manifest

// Opens rr-engine: next to this binary (build/), or ../lib/rr/rr-engine (installed). -1 with the fault filled.
int engine_open(struct fault *f);

// A new directory for a recording. output: -o, or NULL: trace_N, in $_RR_TRACE_DIR or here. path: as it is told to the user.
int trace_dir_new(const char *output, char *path, size_t size, struct fault *f);
void trace_dir_link_latest(const char *path);               // $_RR_TRACE_DIR/latest-trace, if the variable is set
void trace_dir_remove(const char *path);                    // files in it and itself (flat); for a recording that never began
int trace_dir_delete(const char *path, struct fault *f);    // the same with checks: only a trace, only files that are ours

// The trace a user means: a name (also one in $_RR_TRACE_DIR), or NULL: the newest.
int trace_dir_find(const char *name, char *path, size_t size, struct fault *f);
const char *trace_dir_home(void);                           // $_RR_TRACE_DIR or "."

// The cache: $XDG_CACHE_HOME/rr, else ~/.cache/rr, else a directory of this user under /tmp; ours, 0700. False: none can be had.
bool cache_dir_find(char *path, size_t size);
