// Guest threads, who runs, and the processes (thread groups) that share this address space.
//
// One guest thread runs at a time, carried by the host thread that holds the baton. Any host thread can carry any guest
// thread: thread_switch saves and loads FS/GS base and vector state. On replay all guest threads live on one host thread.
#pragma once
#include "engine/base.h"
#include "engine/syscall.h"
#include "engine/tracee.h"

enum thread_state {
  T_RUNNABLE,    // in the run queue, or running
  T_CALL,        // its own host thread makes a call for it (thread.call); replay: waiting for its RR_EV_SYSCALL
  T_FUTEX,       // in a futex queue of the engine
  T_VFORK,       // parent of a vfork child that shares the address space
  T_DEAD,
  T_STOPPED,     // in a ptrace-stop (tracee.h)
  T_WAIT,        // waits in the engine for a signal (pause, rt_sigsuspend, rt_sigtimedwait)
};

// A thread group, as the kernel's unit: signal handlers, pending process signals, fork/exec/exit identity.
// A vfork child has one of its own while it shares our address space.
struct process {
  u32 pid, ppid;
  u32 threads;                       // live guest threads
  struct sigaction_table *actions;   // signal.h
  u64 pending;                       // process-wide pending set (bit signo-1); infos in signal.c
  bool exiting; u32 exit_status;     // exit_group or fatal signal in progress
  bool vfork_child;
  u32 leader_status;                 // what the main thread gave to exit(2), while others live on
};

struct filter;                       // call_filter.c
struct host_thread;                  // carrier.c

struct thread {
  u32 tid;                           // as the guest sees it
  enum thread_state state;
  u64 regs[R_COUNT];                 // while it does not run
  u64 fs_base, gs_base;
  void *vectors;                     // xsave area while it does not run (xsave_bytes)
  struct process *process;
  struct host_thread *host;          // its own host thread (record)
  struct thread *next;               // all threads, in order of creation
  struct thread *queue_next;         // run queue or futex queue
  struct call call;                  // the call it is in, if any
  // signals (signal.c)
  u64 sigmask, pending, saved_sigmask; bool have_saved_sigmask;
  u64 altstack_sp, altstack_size; u32 altstack_flags;
  // kernel-side registrations that we emulate
  u64 clear_child_tid, robust_list, robust_len;
  u64 syscall_pc;                    // pc of the syscall instruction being handled (for restart)
  bool tsc_traps, cpuid_traps;       // prctl PR_SET_TSC, arch_prctl ARCH_SET_CPUID
  bool in_call;                      // blocked in a call: call_finish when it runs again
  bool queued;                       // in the run queue
  u32 priority;                      // chaos mode
  // futex.c
  struct thread *futex_next;
  u64 futex_addr, futex_addr2; u32 futex_bitset; u8 futex_kind;
  u64 deadline; u8 deadline_clock;   // of a wait in the engine, ns of CLOCK_MONOTONIC or CLOCK_REALTIME; 0: none (record)
  u64 wait_set;                      // rt_sigtimedwait: the signals it waits for
  const struct filter *filter; bool filter_strict; // seccomp (call_filter.c)
  struct tracing tracing;            // it is traced by another recorded process (tracee.h)
  u64 last_trapno, last_error, last_cr2; // as the kernel's thread_struct keeps them: they show in every signal frame
};

extern struct thread *current;       // the guest thread that runs
extern struct thread *all_threads;
extern const struct filter *filter_inherited; // of the first thread after an exec
extern u32 thread_count;             // live guest threads in the address space
extern u32 xsave_bytes; extern u64 xsave_mask;

void thread_start(u32 pid);                // the first guest thread of an address space after exec; current is set
struct thread *thread_new(u32 tid, struct process *p);
u64 *thread_regs(struct thread *t);        // where they are now
void thread_copy_state(struct thread *t);  // a clone begins with current's registers, FS/GS base and vector state
void thread_free(struct thread *t);
struct thread *thread_find(u32 tid);
void thread_to(struct thread *t);          // save current's state, load t's (ctx.regs, FS/GS base, vectors); logs nothing
void thread_ready(struct thread *t);       // put at the end of the run queue

// Called by the run loop. Record: at the end of a slice (tick point): maybe switch (logs RR_EV_SWITCH). Replay: follows the log.
void sched_slice_end(void);
// current cannot go on (blocked, dead): switch to another one; blocks the host thread when none is runnable.
void sched_block(void);
void sched_stopped(void);                  // the same when it is T_STOPPED
u64 sched_slice_ticks(void);               // ticks the next slice may take: a budget for tick_budget

void thread_set_bases(u64 fs, u64 gs);       // current's
void thread_segment_bases(u64 *fs, u64 *gs); // current's, where not NULL
void thread_set_fs(u64 fs);                // current's

// Vector state (thread.c): what XSAVE keeps, in the standard format, of the components in xsave_mask.
void vectors_init(void);                   // xsave_bytes, xsave_mask
void vectors_save(void *area);             // 64-aligned, zeroed once
void vectors_load(const void *area);

// Execution of guest threads by host threads (carrier.c).
// current's own host thread runs here. False: it was made the carrier, and this host thread has become carrier again later, perhaps with
// another current: the handler must return CALL_LOGGED at once (the instruction is executed again).
bool carrier_own(void);
bool threads_before_exec(void);            // the same, for execve
void thread_exec_done(void);               // current's exec cannot fail any more: a vfork child's guest thread ends here
enum call_status carrier_call(struct call *c);

// Processes (call_process.c).
void process_exit(u32 status);             // log RR_EV_EXIT, finish, end; status as wait gives it. Returns for a replayed vfork child only
void process_thread_exit(u32 status);      // current, one of several, ends: log RR_EV_EXIT; another has become current
bool process_follow(u32 stream);           // replay: is that stream's process replayed by us, in a fork (-a) or instead (debugger)?
// Replay: RR_EV_EXEC was taken. Starts the new stream (-a), and does not return unless current is a vfork child, which is
// then gone: current has changed.
void process_replay_exec(u32 stream);
void replay_wait4(struct call *c);         // rows' replay: wait for the replayed child that the recording waited for
void replay_waitid(struct call *c);
