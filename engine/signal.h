// Signals: host handlers capture, the engine routes. Guest masks, pending sets and dispositions live here, not in the kernel.
#pragma once
#include "engine/base.h"
#include "engine/thread.h"

struct guest_action { u64 handler, flags, restorer, mask; };   // the kernel's struct sigaction (x86-64)
struct sigaction_table {
  struct guest_action a[64];
  u8 host[64];       // what the host has for it (signal_host.c)
  u64 watched;       // waited for by rt_sigtimedwait: captured whatever the disposition
  u64 signalfd;      // in the mask of a signalfd: where the guest blocks them, they stay pending in the kernel
  u64 mirror;        // where the guest blocks these, the host does too
};

extern volatile u32 signal_trace_note;     // a kick between engines has come (tracee.h)
extern volatile u32 signal_captured;       // host handler has queued something that the engine has not looked at yet

void signal_init(void);                    // host handlers, the carrier's host signal stack; after exec and at start
// Deliver what is due for current. at_syscall: before a call is made / after it (else: at a tick point). Record: captures are
// taken over, chosen, logged (RR_EV_SIGNAL); replay: delivers if the log says so here. True: registers changed (frame pushed).
bool signal_deliver(bool at_syscall);
bool signal_due(void);                     // record: something could be delivered to current now
void signal_fault(void);                   // EXIT_FAULT: the host's siginfo of the fault is turned into the guest's signal (or death)
void signal_raise_fault(u32 signo, s32 code, u64 addr, u64 trapno, u64 error); // synchronous, from the engine (bad fetch, int3, ud2)
void signal_raise_sys(u64 pc, u32 nr, s32 data);  // SIGSYS of a seccomp filter; registers are those after the call
void signal_sigreturn(void);               // rt_sigreturn
void signal_replay_killed(u32 signo) NORETURN; // replay: all of this address space died here (RR_EV_KILLED), a vfork child with it
void signal_exit_by(u32 signo) NORETURN;   // the process dies by the signal (core dump suppressed): log, raise
u64 signal_before_exec(void);              // pending signals go back to the kernel; for the RR_ENGINE string: guest mask | bit SIGKILL
extern u64 start_sigmask;                  // start.c: that value, in the new engine

// Masks of one call (ppoll, pselect6, epoll_pwait, rt_sigsuspend). swap before the call; restore when it is finished: after -EINTR the old
// mask comes back with the signal's frame, or by signal_deliver when there is none. Record and replay.
void signal_swap_mask(const u64 *mask);
void signal_restore_mask(void);
