// Chaos mode (record --chaos): legal but unlikely schedules, from a seed. All decisions come from one generator an address space, asked
// only at points that the guest's own execution reaches: the same seed on the same program and inputs gives the same schedule.
// Replay needs none of it: the log has what came of it.
#pragma once
#include "engine/syscall.h"

struct thread;
void chaos_start(u64 stream);               // an address space begins (exec, fork)
u64 chaos_slice(u64 longest);               // ticks
u32 chaos_priority(void);                   // of a new thread
bool chaos_prefers(const struct thread *a, const struct thread *b); // a rather than b
bool chaos_keeps(const struct thread *other); // current's slice has ended, but it goes on before this one
bool chaos_holds_signal(void);              // at a tick point: what is due comes later
u64 chaos_hold_ticks(void);                 // when to ask again, in ticks from now; ~0: nothing is held
void chaos_signal_taken(void);
bool chaos_call(struct call *c);            // before a call: shortens it, or true: it ends with EINTR (result is set)
bool chaos_ends_slice(void);                // after an event
