// The events of a stream: what an engine writes into its chunks, the trace keeps, and replay reads back.
//
// A stream is the log of one address space: a sequence of events. An event never crosses a chunk. Sizes are multiples
// of 8. RR_EV_DATA carries memory contents that belong to the next event that is not RR_EV_DATA; it and the other types
// below RR_EV_FIRST_COUNTED do not count in the event number. Little endian, no padding that is not named.
#pragma once
#include <stdint.h>

struct rr_event {
  uint32_t size;   // of the whole event, header included
  uint8_t type;    // enum rr_event_type
  uint8_t flags;   // enum rr_event_flags
  uint16_t code;   // system call number, signal number, enum rr_nondet, ...
  uint32_t tid;    // guest thread
  uint32_t seq;    // low bits of the session's sequence number where the event has one, else 0
  uint64_t ticks;  // of the address space, when the event happened
  uint64_t pc;     // guest pc: of the system call or other instruction; where a signal or a switch was taken
};                 // payload follows

enum rr_event_type {
  RR_EV_NONE,
  RR_EV_DATA,        // struct rr_ev_data, then the bytes, padded to 8
  RR_EV_CHECKSUM,    // struct rr_ev_checksum: state after the event before
  RR_EV_FILE,        // struct rr_ev_file: a file was kept; the payload of the next event may name its id
  RR_EV_NOTE,        // text: a warning that belongs to the trace (padded with zeros)
  RR_EV_FIRST_COUNTED = 16,
  RR_EV_START = 16,  // struct rr_ev_start: the address space begins with an exec
  RR_EV_FORKED,      // struct rr_ev_forked: the address space begins as a copy of another
  RR_EV_SYSCALL,     // struct rr_ev_syscall: a system call has its result
  RR_EV_ENTER,       // struct rr_ev_syscall without result: a call was entered that lets other guest threads run
  RR_EV_SWITCH,      // code 0; tid: who ran; struct rr_ev_switch: who runs next
  RR_EV_SIGNAL,      // code: number; siginfo (128 bytes): an asynchronous signal is delivered here
  RR_EV_FAULT,       // code: number; siginfo: a synchronous signal
  RR_EV_SIGRETURN,   //
  RR_EV_NONDET,      // code: enum rr_nondet; values
  RR_EV_EXEC,        // struct rr_ev_exec: this address space ends by exec; (a vfork child: goes on without it)
  RR_EV_EXIT,        // code: 0 thread, 1 group; struct rr_ev_exit
  RR_EV_KILLED,      // struct rr_ev_killed: written by the recorder for a stream whose process died unseen; ticks are its last
  RR_EV_SHARED,      // struct rr_ev_data, then the bytes, padded to 8: memory that others write had changed when the instruction at
                     // (ticks, pc) was about to touch it; without bytes: the object ends at addr now
  RR_EV_TRACE,       // code: enum rr_trace_what; struct rr_ev_trace (abi/tracee.h): what a tracer did to this process, and its stops
};
enum rr_event_flags {
  RR_EVF_OUTPUT = 1,     // the call wrote to the recording's stdout/stderr: payload ends with struct rr_ev_output
  RR_EVF_AT_SYSCALL = 2, // SIGNAL, SWITCH: taken at once after the event before it, or before the system call at pc is made;
                         // without it: at the tick point (ticks, pc), reached by a tick budget
  RR_EVF_BLOCK_PUT = 8,  // RR_EV_DATA of 4096 bytes that later events may name: remember it under the number in `code`
  RR_EVF_BLOCK_REF = 16, // RR_EV_DATA without bytes (len 0): the 4096 bytes remembered under `code` are written at addr;
                         // with BLOCK_PUT: the 4096 bytes at addr are remembered, nothing is written
  RR_EVF_RESTART = 4,    // a system call that will be restarted after a signal: no result is given to the guest
};
enum rr_nondet { RR_ND_RDTSC = 1, RR_ND_RDTSCP, RR_ND_CPUID, RR_ND_RDRAND, RR_ND_RDSEED, RR_ND_RDPID, RR_ND_XGETBV, RR_ND_OTHER };

struct rr_ev_data { uint64_t addr; uint64_t len; };
struct rr_ev_checksum { uint64_t regs; uint64_t memory; };
struct rr_ev_file { uint64_t dev, ino, size, mtime_ns, ctime_ns; uint32_t id, path_len; }; // then the path, padded; the file is kept as "file_ID"
struct rr_ev_start {
  uint64_t entry, sp;                 // first guest pc and stack pointer
  uint64_t exe_base, interp_base;     // load biases
  uint64_t brk_start;
  uint64_t stack_low, stack_limit;    // the stack's mapping
  uint32_t exe_file, interp_file;     // kept file ids (0: none)
  uint32_t parent_stream;             // who made the exec (~0u: rr record)
  uint32_t pid, ppid, tid;
  uint32_t execfn_len, exe_len;       // execfn follows, then the executable's path, then the argv strings, all zero-terminated
  uint32_t argc, args_len;            // args_len bytes of argv strings (0: they are too long to be repeated here)
  uint32_t stack_exec;                // the program asks for an executable stack
  uint64_t auxv, auxv_size;           // on the guest's stack
  uint64_t arg_start, arg_end, env_start, env_end;
}; // after it: RR_EV_DATA with the initial stack, then RR_EV_NONDET RR_ND_OTHER without values
struct rr_ev_forked { uint32_t parent_stream; uint32_t pid, ppid, pad; uint64_t parent_event; };
struct rr_ev_syscall { int64_t result; uint64_t args[6]; }; // then what the call's handler adds
struct rr_ev_output { uint64_t order; uint32_t fd; uint32_t len; }; // order: index among all outputs of the session; fd 1 or 2
struct rr_ev_switch { uint32_t to_tid, pad; };
struct rr_ev_exec { uint32_t stream, pad; };
struct rr_ev_exit { uint32_t status, pad; }; // as wait gives it: exit code << 8, or the signal
struct rr_ev_killed { struct rr_ev_exit exit; uint64_t lost_output; }; // order + 1 of an output that was made and could not be logged any more; 0: none
