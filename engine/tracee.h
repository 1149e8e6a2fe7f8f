// A thread that is traced by another recorded process: its stops, what its tracer asks, its part in the log. See abi/tracee.h.
//
// A stop is due (struct tracing) until the run loop makes it, at its top, where nothing else is under way; that of an asynchronous
// signal is made where the signal would be delivered. A stopped thread is T_STOPPED: no more, others run on.
#pragma once
#include "abi/tracee.h"
#include "engine/base.h"

struct thread;
struct call;

#define TRACE_CODE (-0x5253)     // si_code of KICK_SIGNAL between engines: look at the slots

struct guest_siginfo { s32 signo, errno_, code; u32 pad; u8 rest[112]; };
enum tracing_view { VIEW_PLAIN, VIEW_ENTRY, VIEW_EXIT, VIEW_RESTART }; // what registers its tracer sees
struct tracing {
  bool on, seized;
  bool entered;                  // the entry of the call at R_RIP was reported
  bool hold;                     // that call is about to be made: no signal comes between
  bool skip;                     // it is not to be made
  bool exit_due, interrupt, exit_told;
  u8 stepped;                    // a step is done: si_code of its stop; 0: no
  u8 mode;                       // enum rr_resume
  u8 view, kind;                 // enum tracing_view; enum rr_stop_kind of the last stop
  u32 options, nr;               // nr: orig_rax
  s64 shown;                     // at an entry: rax
  u32 event_due; u64 message;    // PTRACE_EVENT_*
  u32 signal_due, inject;        // a signal to be reported; one that the tracer gave with the resume
  struct guest_siginfo info, inject_info;
  struct rr_tracee *slot;        // record
};

struct rr_tracee *tracee_slot(u32 index);
struct rr_tracee *tracee_claim(u32 tid, u32 pid, u32 tracer, u32 tracer_tid);
struct rr_tracee *tracee_find(u32 tid);            // by the traced thread
s64 tracee_kick(const struct rr_tracee *s);        // its engine is to look
bool tracee_gone(const struct rr_tracee *s);       // its thread has ended
bool tracee_stop_sent(u32 tid);                    // SIGSTOP is being sent to it: true: it is traced, and will report it

// The tracee's own side. Both record and replay.
void tracee_begin(struct thread *t, struct rr_tracee *slot, u32 options, bool seized);
bool tracee_holds(const struct thread *t);         // no signal is delivered to it now
bool tracee_call(void);                            // before current's system call: true: it has stopped, or the call is over
void tracee_returned(struct thread *t);            // its call has its result
void tracee_interrupted(void);                     // its call will be made again
bool tracee_due(void);                             // run loop: makes a stop that is due; true: current has stopped
bool tracee_signal_stop(u32 signo, const struct guest_siginfo *info, u8 flags); // record: signal-delivery-stop
bool tracee_injected(struct thread *t, struct guest_siginfo *info); // record: takes the signal that came with the resume
bool tracee_replay(bool at_syscall);               // replay: takes what the log has of it here; true: something
bool tracee_replay_blocked(void);                  // the same, while current is blocked or stopped
void tracee_serve(u8 flags);                       // record, where the log can name the point
void tracee_idle(void);                            // record: nobody can run: are the tracers of those that are stopped still there?
void tracee_noted(void);                           // record: a TRACE_CODE came
void tracee_after_exec(void);
u32 tracee_event_of(const struct thread *t, u64 clone_flags, u64 exit_signal); // PTRACE_EVENT_* to be reported for a clone; 0: none
void tracee_child(struct thread *child, struct thread *parent, struct rr_tracee *slot); // a child that is traced from its birth
void tracee_thread_exit(struct thread *t, u32 status); // record
void tracee_process_exit(u32 status);              // record: as tracee and as tracer
extern u32 tracee_asked;                           // record: tracee_serve has something to do

s64 tracee_poke(u32 id, u64 addr, const void *s, size_t n); // call_ptrace.c, record: into a stopped tracee of ours (process or thread); -ESRCH: none
bool tracee_wait(struct call *c);                  // call_ptrace.c, record: a wait has its answer from a slot
bool tracee_wait_more(struct call *c);             // record: the kernel knows no child, but there is a tracee to wait for
