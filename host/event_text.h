// Events as people read them, and as JSON.
#pragma once
#include <stdint.h>
#include "abi/session.h"
#include "host/events.h"
#include "host/text.h"

// What a dumped event stands in. number: of the event (counted ones), time of the stream.
struct event_place { uint32_t stream; uint64_t number; };

// Memory that the RR_EV_DATA events before an event carried: system calls show it.
#define EVENT_DATA_MAX 16
struct event_data {
  struct { uint64_t addr, len; uint8_t head[64]; } part[EVENT_DATA_MAX];
  uint32_t count;
  const struct rr_string *read; // what a system call reads, or NULL; in a row, read_count of them
  uint32_t read_count;
};
void event_data_add(struct event_data *d, const struct rr_event *ev);

void event_text(struct text *t, const struct event_place *p, const struct rr_event *ev, const struct event_data *d);
void event_json(struct text *t, const struct event_place *p, const struct rr_event *ev, const struct event_data *d);
// A system call as strace prints it: name(arguments) = result.
void syscall_text(struct text *t, int number, const struct rr_ev_syscall *s, int has_result, const struct event_data *d);
