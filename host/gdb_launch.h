// Starting a debugger that connects to us by itself.
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "host/replay.h"

struct debugger {
  pid_t pid;    // -1: none
  int exited;   // readable when it has ended; -1: none
};
int launch_debugger(struct debugger *d, const struct replay_session *r, const struct replay_options *o, uint16_t port, struct fault *f); // 0 or f's code
int launch_wait(struct debugger *d);  // until it has ended; its exit status
extern const char gdb_init_text[];    // gdb_init.c: settings, and `when` and the others
extern const char gdb_greeting[];     // what a person is told
