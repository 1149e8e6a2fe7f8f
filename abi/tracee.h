// ptrace among recorded processes: what tracer and tracee share in the session memory, and what the tracee's log tells.
//
// The kernel's ptrace is not used. A tracee stops itself: its thread stands still inside its engine, its slot here says why, and
// the tracer's engine answers waits from that. What the tracer wants of it is a request in the slot, which the tracee serves
// where its log can name the point (engine/tracee.c). Replay has only the tracee's log and the results in the tracer's.
#pragma once
#include <stdint.h>

#define RR_TRACEES 64u
#define RR_TRACEE_DATA 3840u

struct rr_tracee {
  uint32_t state;        // enum rr_tracee_state
  uint32_t tid, pid;     // the traced thread and its process, as the host numbers them
  uint32_t tracer, tracer_tid; // the tracer's process, and the thread of it that may make requests
  uint32_t options;      // PTRACE_O_*
  uint32_t seized;
  uint32_t attach;       // not taken up by the tracee yet: 1 by ATTACH, 2 by SEIZE, 3 by SEIZE while it was stopped, 4 at its birth
  uint32_t interrupt;    // PTRACE_INTERRUPT is wanted
  uint32_t sigstop;      // a SIGSTOP was sent to it
  uint32_t stopped;      // it stands in a ptrace-stop
  uint32_t report;       // and the tracer has not waited for that yet; 2: it has ended, and `status` is how
  uint32_t status;       // as wait gives it
  uint32_t notify;       // the tracer is still to be sent SIGCHLD for it
  uint32_t kind;         // enum rr_stop_kind
  uint32_t tracer_gone;
  uint32_t mode, in_call; // over exec: enum rr_resume, and whether its entry was reported
  uint64_t message;      // PTRACE_GETEVENTMSG
  // a request
  uint32_t turn;         // futex; enum rr_tracee_turn
  uint32_t request;      // enum rr_tracee_request
  uint64_t address, length;
  int64_t result;
  uint64_t reserved[5];
  uint8_t data[RR_TRACEE_DATA];
};
_Static_assert(sizeof(struct rr_tracee) <= 4096, "a slot is at most a page");
enum rr_tracee_state { RR_TRACEE_FREE, RR_TRACEE_CLAIMED, RR_TRACEE_USED };
enum rr_tracee_turn { RR_TURN_IDLE, RR_TURN_ASKED, RR_TURN_ANSWERED };
enum rr_stop_kind { RR_STOPPED_SIGNAL = 1, RR_STOPPED_ENTRY, RR_STOPPED_EXIT, RR_STOPPED_EVENT, RR_STOPPED_STEP, RR_STOPPED_GROUP };
enum rr_tracee_request {
  RR_ASK_RESUME = 1,     // address: enum rr_resume, length: signal
  RR_ASK_DETACH,         // length: signal
  RR_ASK_GETREGS, RR_ASK_SETREGS,       // data: struct user_regs_struct
  RR_ASK_GETVECTORS, RR_ASK_SETVECTORS, // data: XSAVE area, length bytes of it
  RR_ASK_PEEK, RR_ASK_POKE,             // address, length
  RR_ASK_GETSIGINFO, RR_ASK_SETSIGINFO, // data: siginfo
  RR_ASK_GETSIGMASK, RR_ASK_SETSIGMASK, // data: 8 bytes
  RR_ASK_OPTIONS,        // address
};
enum rr_resume { RR_RESUME_CONT, RR_RESUME_SYSCALL, RR_RESUME_STEP, RR_RESUME_SYSEMU, RR_RESUME_SYSEMU_STEP, RR_RESUME_LISTEN };

// The payload of RR_EV_TRACE, code: enum rr_trace_what. Memory that POKE wrote is RR_EV_DATA before it.
enum rr_trace_what {
  RR_TRACE_ATTACH = 1,   // a: options, b: seized; the thread is traced from now on
  RR_TRACE_STOP,         // a: enum rr_stop_kind, b: signal; data: siginfo
  RR_TRACE_ASK,          // a: enum rr_tracee_request, b: address, c: length; data: what came with it
};
struct rr_ev_trace { uint32_t tid, bytes; uint64_t a, b, c; }; // then `bytes` of data, padded to 8
