// Checks of events that come from outside: from a chunk that a process wrote, or from a file.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "abi/event.h"
#include "host/say.h"

// The event at data + *at, checked: it lies whole within size, its type is known, and its payload holds what the type says.
// NULL at the end (f->code 0) or when it is bad (f filled with EXIT_BAD_TRACE). Moves *at.
const struct rr_event *event_next(const uint8_t *data, size_t size, size_t *at, struct fault *f);

// All events of a buffer; counts the counted ones. 0 or f's code.
int events_check(const uint8_t *data, size_t size, uint32_t *counted, struct fault *f);

#define event_payload(ev) ((const void *)((ev) + 1))
static inline size_t event_payload_size(const struct rr_event *ev) { return ev->size - sizeof *ev; }
static inline int event_counted(const struct rr_event *ev) { return ev->type >= RR_EV_FIRST_COUNTED; }
