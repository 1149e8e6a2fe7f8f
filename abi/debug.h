// The contract between the gdb server and a replaying engine: messages on a SOCK_SEQPACKET pair.
//
// The engine holds one end (debug_fd of RR_ENGINE=), the server the other. The engine runs until something is to be told,
// sends one rr_dbg_stop, and then answers requests, one reply each, until a request lets it go on (RR_DBG_GO). While it
// runs only RR_DBG_INTERRUPT may be sent; an interrupt that arrives when it has stopped already is ignored. The end of
// the channel (EOF) ends the engine. Every message is one packet: a struct below, then `size` bytes of data.
// A value that was not asked for is 0. Little endian, no padding that is not named.
#pragma once
#include <stdint.h>
#include "abi/ctx.h"

#define RR_DBG_DATA 65536u     // data of one message, at most
#define RR_DBG_CONDITION 4096u // bytes of agent expressions of one breakpoint, at most

// A point of the execution, ordered by event, ticks, pc, order. At one pc a call or a signal may be told after the instruction.
struct rr_point { uint64_t event, ticks, pc; uint32_t order, pad; };
enum rr_point_order { RR_AT_INSTRUCTION, RR_AT_SYSCALL, RR_AT_SIGNAL, RR_AT_END };
static inline int rr_point_compare(const struct rr_point *a, const struct rr_point *b) {
  if (a->event != b->event) return a->event < b->event ? -1 : 1;
  if (a->ticks != b->ticks) return a->ticks < b->ticks ? -1 : 1;
  if (a->pc != b->pc) return a->pc < b->pc ? -1 : 1;
  return a->order == b->order ? 0 : a->order < b->order ? -1 : 1;
}

enum rr_dbg_what {
  RR_DBG_GO = 1,      // data: struct rr_dbg_go. No reply: the next message of the engine is a stop
  RR_DBG_INTERRUPT,   // no reply: stop soon (RR_STOP_INTERRUPT)
  RR_DBG_REGS,        // thread -> struct rr_dbg_regs, then the XSAVE area in the standard format (host's xcr0)
  RR_DBG_READ,        // address, length -> bytes; fewer than asked for where a page can't be read; error when none
  RR_DBG_SEARCH,      // address, length, data: pattern -> value: address found; error ENOENT when not found
  RR_DBG_THREADS,     // first (address: index) -> array of struct rr_dbg_thread
  RR_DBG_MAPS,        // address: where to go on -> array of struct rr_dbg_map (each with its path), value: next or 0
  RR_DBG_AUXV,        // -> the auxiliary vector as the kernel gave it
  RR_DBG_WHERE,       // -> struct rr_dbg_stop: the coordinate now
  RR_DBG_BREAK,       // address: pc; data: struct rr_dbg_break then conditions. Replaces what was there
  RR_DBG_UNBREAK,     // address: pc
  RR_DBG_WATCH,       // address, length, flags: enum rr_dbg_watch; data: conditions as for RR_DBG_BREAK
  RR_DBG_UNWATCH,     // address, length, flags
  RR_DBG_SIGNALS,     // data: uint64_t mask (bit signo-1) of signals that are not reported
  RR_DBG_SYSCALLS,    // flags: 0 none, 1 all, 2 those in data: uint16_t numbers
  RR_DBG_SIGINFO,     // -> the 128 bytes of the signal that the thread stopped for
  RR_DBG_KILL,        // ends the engine; no reply
  RR_DBG_CMDLINE,     // -> the arguments as /proc/PID/cmdline shows them (at most RR_DBG_DATA)
  // The timeline. A checkpoint is a process that has stopped and is not let go: it is only forked.
  RR_DBG_FORK,        // with a descriptor (SCM_RIGHTS), the engine's end of a new channel. No reply. A copy of the process, which has
                      // stopped at the same point, sends RR_STOP_FORKED there; or the channel ends. It may be sent to a running engine
  RR_DBG_CLEAR,       // no breakpoints, watchpoints, caught calls; all signals are reported
  RR_DBG_HIT,         // -> struct rr_dbg_hit: the last hit of the search that has ended; error ENOENT: none
  RR_DBG_SEEN,        // address, length -> that part of the struct rr_dbg_seen of what leads here
  RR_DBG_STEPS,       // -> array of struct rr_dbg_step: the last boundaries that RR_GO_STEPS noted, oldest first
  // Function calls: in a copy, which goes on without the log.
  RR_DBG_DIVERT,      // makes this process, stopped, one in which `thread` (0: the one that runs) may be made to call functions
  RR_DBG_WRITE,       // address, data: after RR_DBG_DIVERT only
  RR_DBG_SET_REGS,    // the same; thread, data: struct rr_dbg_regs (general registers and bases count) and the XSAVE area
};

struct rr_dbg_request { uint32_t what, thread; uint64_t address, length; uint32_t flags, size; };
struct rr_dbg_reply { int32_t error; uint32_t size; uint64_t value; }; // error: 0 or errno

enum rr_dbg_how {
  RR_GO_CONTINUE,
  RR_GO_STEP,        // one instruction of `thread`; others run as the recording says
  RR_GO_RANGE,       // step `thread` until its pc is outside [range_start, range_end)
};
enum rr_dbg_go_flags {
  RR_GO_UNTIL = 1,     // stop at the first instruction whose point is not before `until` (RR_STOP_POINT)
  RR_GO_ONLY_POINT = 2,// breakpoints, watchpoints and signals don't stop
  RR_GO_SEARCH = 4,    // they are only noted (RR_DBG_HIT), as far as they lie before `until`; an exec stops (RR_STOP_EXECING)
  RR_GO_STEPS = 8,     // from `from` ticks on every boundary between instructions is noted
  RR_GO_SILENT = 16,   // the program's output is not reproduced
  RR_GO_TICKS = 32,    // until: when its ticks are reached, whatever the event
  RR_GO_HERE = 64,     // a breakpoint at the very instruction where it goes on counts
  RR_GO_FORKS = 256,   // a fork stops (RR_STOP_FORK)
  RR_GO_LEAVE = 128,   // searches for where `thread` ceased to run
};
struct rr_dbg_go { uint32_t how, flags, thread, pad; uint64_t range_start, range_end; struct rr_point until; uint64_t from, hits_max; }; // hits_max: RR_STOP_HOT after so many; 0: any number

// Then as often: uint32_t length and the bytecode, unpadded; the conditions first. With commands the breakpoint does not stop: they
// are run, and what they print is told by RR_STOP_OUTPUT.
struct rr_dbg_break { uint32_t conditions, commands; };
enum rr_dbg_watch { RR_WATCH_WRITE = 1, RR_WATCH_READ = 2 };

enum rr_dbg_reason {
  RR_STOP_START = 1,   // before the first instruction, also after an exec; code: the program's kept file
  RR_STOP_STEP,
  RR_STOP_BREAK,
  RR_STOP_WATCH,       // address: of the watched range; flags: enum rr_dbg_watch as it was set
  RR_STOP_INTERRUPT,
  RR_STOP_SIGNAL,      // signo, delivered when the engine goes on
  RR_STOP_POINT,
  RR_STOP_SYSCALL,     // code: number; flags: 0 entry, 1 return
  RR_STOP_EXEC,        // (the server's: a start that is not the first)
  RR_STOP_EXIT,        // the last moment before the process ends; code: status as wait gives it
  RR_STOP_END,         // the recording ends here (the recorder was killed); code: status
  RR_STOP_FORKED,      // the first word of a copy (RR_DBG_FORK)
  RR_STOP_EXECING,     // while searching: the last moment before an exec
  RR_STOP_LEAVE,       // RR_GO_LEAVE
  RR_STOP_HOT,         // a search has hits_max hits, and is not at its end
  RR_STOP_FORK,        // the process has forked; code: the child's process id, address: its stream
  RR_STOP_OUTPUT,      // no stop: text for the user follows the struct, and the engine goes on
  RR_STOP_DIVERGED,    // the replay is not the recording any more; the text of it follows the struct. It can only be looked at
};
struct rr_dbg_stop {
  uint32_t reason, thread, pid, signo;
  uint32_t code, flags;
  uint64_t address;
  uint32_t stream, threads;      // threads: alive
  struct rr_point point;
  uint64_t watch_length;
  uint32_t host_pid, pad;        // the engine's process as the server knows it
  uint64_t cpu_us, faults;       // spent since the start of the replay, in this process and those it is a copy of
};

// after: what happened is already done at stop.point; its place is the boundary before that.
struct rr_dbg_hit { struct rr_dbg_stop stop; uint64_t count; uint32_t after, pad; };
struct rr_dbg_step { struct rr_point point; uint32_t thread, signo; }; // signo: that is about to be delivered
#define RR_DBG_STEPS_MAX 512u

struct rr_dbg_regs {
  uint64_t regs[R_COUNT];        // rax, rcx, ... as in abi/ctx.h; dead flags are 0
  uint64_t fs_base, gs_base, orig_rax;
  uint16_t cs, ss, ds, es, fs, gs, pad[2];
  uint32_t xsave_size, pad1;
  uint64_t xcr0;
};

enum rr_dbg_thread_state { RR_THREAD_RUNNING, RR_THREAD_READY, RR_THREAD_IN_CALL, RR_THREAD_FUTEX, RR_THREAD_VFORK };
struct rr_dbg_thread { uint32_t tid, pid, state, call; char name[16]; };
struct rr_dbg_map { uint64_t start, end, offset, inode; uint32_t device, prot, shared, file, size, pad; }; // size: of this struct with the path behind it, zero-terminated, padded to 8; file: kept id

// What was executed and written since `from`, and perhaps more: a bit for each instruction, and for each page (if pages_known), by
// hash; the signals that were delivered.
#define RR_SEEN_BYTES 131072u
#define RR_SEEN_PAGES 32768u
#define RR_SEEN_CHANGES 128u
struct rr_dbg_seen {
  struct rr_point from;
  uint64_t signals, translated; // translated: instructions
  uint32_t pages_known, changes;
  struct { uint64_t start, end; } change[RR_SEEN_CHANGES]; // memory that changed otherwise: mappings that came or went
  uint8_t pages[RR_SEEN_PAGES], bits[RR_SEEN_BYTES];
};
static inline uint32_t rr_seen_bit(uint64_t pc) { return (uint32_t)(pc * 0x9e3779b97f4a7c15ul >> 44); }
static inline uint32_t rr_seen_page(uint64_t address) { return (uint32_t)((address >> 12) * 0x9e3779b97f4a7c15ul >> 46); }
