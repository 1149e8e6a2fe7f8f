// What is set in the engine that the client talks to (breakpoints, watchpoints, signals, calls), so that another process can
// be given the same.
#pragma once
#include <stdint.h>
#include "abi/debug.h"

struct target;
struct point { struct rr_dbg_request request; uint8_t *data; };
struct points { struct point *list; uint32_t count, room; uint32_t signals_changed; };

void points_note(struct points *p, const struct rr_dbg_request *q, const void *data); // a request that was answered well
int points_send(const struct points *p, struct target *t);  // t has these and no others; 0 or an errno
int points_send_signals(const struct points *p, struct target *t); // it has none, but tells of the same signals
void points_free(struct points *p);
