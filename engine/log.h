// The log of this address space: written on record (ring chunks), read on replay (feeds). Baton held; not signal-safe.
#pragma once
#include "engine/base.h"
#include "abi/event.h"
#include "abi/session.h"

extern struct rr_session *session;    // RR_SESSION
extern bool replaying;                // session->mode == RR_REPLAY

// Record. tid is current's; ticks and pc are the coordinate now (pc: ctx.regs[R_RIP]); events are counted here.
void *log_begin(u8 type, u16 code, size_t payload);   // room for the payload (at most 16 KiB), contiguous; fill and end at once
void log_end(u8 flags);
void log_data(u64 guest, size_t len);                  // RR_EV_DATA of guest memory now, in pieces; before the event it belongs to
void log_data_from(u64 guest, const void *src, size_t len); // the same, bytes taken from src (scratch)
void log_remember(u64 guest, size_t len);               // the guest wrote these bytes to a file: it may read them again (log_block.c)
void log_note(const char *f, ...) PRINTF(1, 2);        // a warning kept in the trace, and printed by the recorder's stderr once
void log_finish(void);                                  // submit the last chunk: the stream is complete

// Replay.
const struct rr_event *log_peek(void);                 // the next event of any type; NULL at the end of the stream
// It skips RR_EV_FILE, NOTE and CHECKSUM.
// Takes the next counted event, after applying RR_EV_DATA to guest memory (copyout), and checks type, code, tid, ticks, pc.
// A difference is a divergence (does not return). The event stays valid until the next log_ call.
const struct rr_event *log_take(u8 type, u16 code);
void log_apply(const struct rr_event *e);              // the bytes of an RR_EV_SHARED that was taken
void log_release_ahead(void);                           // before this process ends or executes another engine
#define log_payload(ev) ((const void *)((ev) + 1))
void diverged(const struct rr_event *recorded, const char *f, ...) NORETURN PRINTF(2, 3); // f: what the replay did

// Both: one nondeterministic value of an emulated instruction. Record: logs v[0..n) ; replay: overwrites them from the log.
void log_nondet(u16 code, u64 *v, size_t n);

// Streams. Record: a new stream number; the child side of a fork gets its own slot, chunk and RR_EV_FORKED.
u32 log_new_stream(void);                              // call right before the fork: also notes the context for log_forked_child
void log_start(u32 stream);                            // first use in this address space (after exec): slot, chunk or feed
void log_forked_child(u32 stream, u32 parent_stream, u64 parent_event); // first thing a fork child does with the log
bool log_take_checksum(struct rr_ev_checksum *sum);     // replay: the checksum recorded after the event just taken
bool log_recorder_gone(void);                           // the other end of the socket is closed
void log_stop_if_over(void);                            // ends this process when the session was aborted or its recorder is gone
