// The session memory: one memfd that the rr program makes and every engine of the session maps at RR_SESSION.
//
// Record: engines take chunks from a free list, fill them with events (abi/event.h) and submit them; `rr record` drains,
// checks, compresses and frees them. Both lists are lock-free, so a process may die at any instruction and harm nobody.
// Replay: engines ask for frames of their stream through feed slots; `rr replay` fills them.
// All atomics are the compiler's __atomic builtins on these fields; waiting is by FUTEX_WAIT (shared) on the named words.
#pragma once
#include <stdint.h>
#include "abi/ctx.h"
#include "abi/tracee.h"

#define RR_SESSION_MAGIC 0x30737272u // "rrs0"
#define RR_ABI_VERSION 6u

#define RR_SLOTS 4096u          // context pages = address spaces alive at once
#define RR_CHUNKS 2048u
#define RR_CHUNK_BYTES 32768u
#define RR_FEEDS 64u
#define RR_FEED_BYTES 131072u   // uncompressed size of a trace frame, at most
#define RR_KEPT 4096u
#define RR_CPUIDS 128u

// Offsets in the memfd. Record: control, slots, chunks. Replay: control, feeds (no slots, no chunks).
#define RR_OFF_CONTROL 0ul
#define RR_OFF_TRACEES 0x40000ul  // struct rr_tracee, a page each
#define RR_CONTROL_BYTES 0x80000ul
#define RR_OFF_CHUNKS RR_CONTROL_BYTES
#define RR_OFF_SLOTS (RR_OFF_CHUNKS + (uint64_t)RR_CHUNKS * RR_CHUNK_BYTES)
#define RR_RECORD_BYTES (RR_OFF_SLOTS + (uint64_t)RR_SLOTS * 4096)
#define RR_OFF_FEEDS RR_CONTROL_BYTES
#define RR_REPLAY_BYTES (RR_OFF_FEEDS + (uint64_t)RR_FEEDS * (RR_FEED_BYTES + 64))
// An engine maps [0, RR_OFF_SLOTS) (record) or all (replay) at RR_SESSION, and its own slot at RR_CTX.

#define CPUID_WORD(...) +1
enum { RR_CPUID_WORDS = 0
#include "abi/cpuid.def"
};
#undef CPUID_WORD

enum rr_mode { RR_RECORD = 1, RR_REPLAY = 2 };

// RR_DEBUG modes: each must give the same execution.
enum rr_debug_flags {
  RR_DEBUG_NOLINK = 1,      // no exit is linked, no indirect lookup hits
  RR_DEBUG_TINYCACHE = 2,   // the code cache is flushed every few fragments
  RR_DEBUG_SWITCH = 4,      // a thread switch every few ticks
  RR_DEBUG_TINYRING = 8,    // chunks hold one page
  RR_DEBUG_STEP = 16,       // every fragment is one instruction
  RR_DEBUG_NOCACHEFILE = 32,// no translation cache on disk
};
enum rr_checksum_mode { RR_CHECKSUM_OFF, RR_CHECKSUM_SYSCALLS, RR_CHECKSUM_ALL, RR_CHECKSUM_FROM };

struct rr_options {
  uint64_t slice_ticks;      // longest time slice in ticks (0: default)
  uint64_t slice_events;     // longest time slice in events (0: no limit)
  uint64_t checksum_from;    // event number for RR_CHECKSUM_FROM
  uint64_t last_fragment;    // RR_DEBUG=last_fragment=N: fragments above N are single-stepped; 0: off
  uint32_t checksum;         // enum rr_checksum_mode
  uint32_t debug;            // enum rr_debug_flags
  uint32_t strict;           // refuse memory shared with others
  uint32_t on_unknown_enosys;// --on-unknown=enosys
  uint32_t chaos; uint32_t pad; uint64_t seed;
  int32_t dump_on;           // --dump_on: system call number, or -signal; INT32_MIN: off
  uint32_t dump_at_set; uint64_t dump_at; // --dump_at: event number
  uint32_t quiet;            // replay: do not reproduce output (-q)
  uint32_t gdb;              // replay under the debugger (abi/debug.h)
  uint32_t complete;         // replay: the recording came to its end, so that a stream without events is a process that was killed before its first
  uint32_t strings, pad_strings; // replay: tell what system calls read (struct rr_string)
  uint64_t ignore_signals;   // -i: bit signo-1: never delivered to the guest
  uint64_t through_signals;  // -t: ignored where the default action would kill
  uint64_t log_mask;         // RR_LOG: bit (category) set: debug; warnings are always on
  uint32_t vdso_pages[4];    // sizes in pages of the kernel's adjoining mappings [vvar]..., the last that is not 0 being [vdso] (all 0: unknown)
  uint32_t cpu_keep[RR_CPUID_WORDS]; // record: what the guest may see of the words in abi/cpuid.def
  uint32_t pad2;
  uint64_t xsave_mask;       // state components that the guest may see, as in XCR0; replay: those that it saw (~0: all)
  uint32_t follow[16];       // under the debugger: forked streams that the replay becomes, from the outermost on; ~0: no more
  char cache_dir[256];       // directory of translation caches ("" : none)
  char trace_dir[512];       // replay: where kept files lie (absolute)
};

struct rr_panic { // the first engine that stops the session writes here
  uint32_t taken;            // claimed by compare-and-swap 0 -> 1; 2 when complete
  uint32_t exit_status;      // 70 divergence, 71 refused (cannot be recorded), 72 engine bug, 73 i/o
  uint32_t stream, pid; uint64_t event, ticks, pc;
  char text[1024];           // one or more lines, no prefix
};

struct rr_kept { uint64_t dev, ino, size, mtime_ns, ctime_ns; uint32_t state, id; }; // enum rr_kept_state
enum rr_kept_state { RR_KEPT_FREE, RR_KEPT_CLAIMED, RR_KEPT_DONE, RR_KEPT_FAILED, RR_KEPT_ASKED };

// Results of the CPUID instruction, found by the engines (engine/cpuid.c).
struct rr_cpuid { uint32_t state, leaf, sub, r[4]; };
enum rr_cpuid_state { RR_CPUID_FREE, RR_CPUID_TAKEN, RR_CPUID_KNOWN };

// Record: a file that an address space has mapped MAP_SHARED, so that programs which map the same file find each other.
struct rr_shared_file { uint64_t dev, ino; uint32_t owner, state; }; // owner: pid; state: futex
enum rr_shared_state { RR_SHARED_FREE, RR_SHARED_TAKEN, RR_SHARED_PLAIN, RR_SHARED_ASKED, RR_SHARED_SHADOWED }; // ASKED: the owner is to begin a shadow
#define RR_SHARED_FILES 512u

struct rr_session {
  uint32_t magic, version, mode, pad0;
  struct rr_options opt;
  struct rr_panic panic;
  // the recording's stdout and stderr, so that engines know output when they see it
  struct { uint64_t dev, ino; } out[3];
  // atomic counters
  uint32_t next_stream __attribute__((aligned(64)));
  uint32_t abort;              // not 0: every engine stops as soon as it sees it
  uint64_t next_seq;           // session sequence number
  uint64_t next_output;        // record: next rr_ev_output.order; replay: the order whose turn it is (futex: low word)
  uint32_t out_lock[4];        // record: pid of who is writing to out[1], out[2] (0: nobody), so that order is the true order;
                               // waiting is bounded, as the holder may die or be stopped
  // record
  uint64_t free_head __attribute__((aligned(64))); // low 32: chunk index + 1; high 32: ABA tag
  // The list starts short and the recorder makes it longer while engines take from it. An engine that finds it empty: adds
  // one to free_waiters, reads free_futex, looks at the list again, rings the doorbell, waits on free_futex, subtracts one.
  uint32_t free_waiters;
  uint32_t free_futex;         // bumped when chunks are freed and free_waiters != 0
  uint32_t submit_head __attribute__((aligned(64))); // chunk index + 1 of the newest submitted; 0: none
  uint32_t doorbell __attribute__((aligned(64)));    // futex: bumped after a submit (record) or a feed request (replay)
  uint32_t host_sleeping;      // 1 while the host waits on doorbell: engines wake only then
  uint32_t slot_hint;          // where to start looking for a free slot (compare-and-swap state FREE -> LIVE)
  uint32_t next_file;          // kept file ids, from 1
  uint32_t shared_asks;        // grows when an entry of shared_files becomes ASKED: engines look for theirs
  uint32_t tracees;            // slots of struct rr_tracee that were ever taken
  struct rr_cpuid cpuid[RR_CPUIDS]; // open hash
  struct rr_kept kept[RR_KEPT] __attribute__((aligned(64))); // open hash by identity; the first ones lie close together
  struct rr_shared_file shared_files[RR_SHARED_FILES];
};
_Static_assert(sizeof(struct rr_session) <= RR_OFF_TRACEES && RR_OFF_TRACEES + RR_TRACEES * 4096 <= RR_CONTROL_BYTES, "control area");

struct rr_chunk {
  uint32_t next;       // list link: chunk index + 1
  uint32_t stream;
  uint32_t number;     // 0, 1, 2, ... within the stream
  uint32_t used;       // bytes of data[] that hold whole events; stored with release after each event
  uint32_t state;      // enum rr_chunk_state
  uint32_t slot;       // owner's context slot
  uint64_t first_event;// event number of the first counted event in it
  uint64_t reserved[4];
  uint8_t data[RR_CHUNK_BYTES - 64];
};
_Static_assert(sizeof(struct rr_chunk) == RR_CHUNK_BYTES, "chunk size");
enum rr_chunk_state { RR_CHUNK_FREE, RR_CHUNK_FILLING, RR_CHUNK_SUBMITTED, RR_CHUNK_LAST }; // LAST: submitted, and the stream is complete

struct rr_feed {
  uint32_t state;      // futex; enum rr_feed_state
  uint32_t stream;
  uint32_t number;     // frame number within the stream, from 0
  uint32_t size;       // bytes of data[]
  uint64_t reserved[6];
  uint8_t data[RR_FEED_BYTES];
};
// An engine claims FREE -> CLAIMED, fills stream and number, stores REQUESTED, rings the doorbell, waits until the state is
// READY, END (the stream has no such frame) or BAD (damaged), copies, and stores FREE.
enum rr_feed_state { RR_FEED_FREE, RR_FEED_CLAIMED, RR_FEED_REQUESTED, RR_FEED_READY, RR_FEED_END, RR_FEED_BAD };

// How an engine is started: execveat(engine_fd, "", argv, envp, AT_EMPTY_PATH). argv is the guest's. The last string of envp is
//   RR_ENGINE=session_fd,socket_fd,engine_fd,stream,parent_stream,exe_fd,debug_fd,sigmask,execfn        (decimal, stream ids too)
// (exe_fd: its low 32 bits; above them, if not zero, 1 + a descriptor with what a program inherits, engine/call_limit.c)
// and is taken out before the guest sees its environment. exe_fd is the program, opened for reading (replay: -1).
// socket_fd is one end of a SOCK_SEQPACKET pair: its EOF tells either side that the other has gone; an engine sends on it
// struct rr_msg with one descriptor (SCM_RIGHTS): keep this file. It first claims an entry of kept[] (FREE -> CLAIMED) and
// fills it, takes an id from next_file, sends, and makes the state ASKED; a futex on state tells when the recorder has made it
// DONE (kept as file_ID) or FAILED.
struct rr_msg { uint32_t what; uint32_t kept_index; char path[512]; };
enum rr_msg_what { RR_MSG_KEEP = 1, RR_MSG_STRING };
// Replay with opt.strings: what a system call reads (abi/string_args.def), before the event of that number; as long as `kept` says.
struct rr_string {
  uint32_t what, stream; uint64_t event;
  uint32_t arg, kind;        // enum rr_string_kind
  uint32_t kept, pad;        // bytes of it that are here
  uint64_t size;             // all of it; RR_STRING_LIST: number of strings
  uint8_t bytes[256];
};
enum rr_string_kind { RR_STRING_PATH = 1, RR_STRING_BYTES, RR_STRING_VECTOR, RR_STRING_LIST };
