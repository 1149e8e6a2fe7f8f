// System calls of the guest: one table (abi/syscalls.def), a generic path driven by it, and handlers by name.
//
// Life of a call, record:  signals due are delivered first -> row.start (checks, redirects, may finish it: CALL_DONE) ->
//   the host call -> row.finish or generic: memory written is logged (RR_EV_DATA), then RR_EV_SYSCALL, rax set.
//   A call that may block while other guest threads exist is made by the thread's own host thread into scratch memory
//   (RR_EV_ENTER is logged, another thread runs), and finished when its thread runs again.
// Replay: the event is taken (its data applied), row.replay executes what replay must (memory), rax set.
#pragma once
#include "engine/base.h"

struct thread;

struct call {
  u32 nr, host_nr;      // the guest's; what is made of the host (equal, but where a handler waits by another call)
  u64 args[6];          // the guest's
  u64 host_args[6];     // what is passed to the kernel (equal, unless redirected)
  s64 result;
  const struct syscall_row *row;
  void *scratch; size_t scratch_size;   // redirected output, when the thread gave up the baton (kept from call to call)
  size_t scratch_used;
  struct { u64 guest, host; size_t len; } moved[8]; u32 moved_n; // what lies in scratch
  u64 data[4];          // the handler's own
  u64 msg[7];           // recvmsg: the guest's struct msghdr, read before the call
  bool masked;          // signal_swap_mask was called for it
  u32 socklen;          // OUT_SOCKLEN: capacity given
  struct guest_iov { u64 base, len; } *iov; u32 iov_n;           // the guest's iovec array, read before the call (kept)
  struct guest_iov *host_iov; u64 host_msg[7]; bool redirect_all; // shared_call.c: what the kernel is given; all output must go to scratch
  s64 timeout[2]; u8 timeout_kind, timeout_arg;                  // call_timeout(): a relative timeout, ours
  bool old_entry;       // by int 0x80: rcx and r11 stay
  bool entered;         // RR_EV_ENTER was logged
  bool interrupted;     // the host call ended with EINTR because a signal was captured
  u8 restart;           // enum call_restart: set while a signal is due for a call that it interrupted
  const void *extra; u32 extra_size;    // what the handler adds to the event's payload; replay: the same, from the log
  void (*after)(struct call *c);        // record: called when the event is logged, before rax is set
  u64 output_order; u8 output_fd; bool output_locked; // 1 or 2: it writes to the recording's stdout or stderr (struct rr_ev_output)
  u64 deadline;         // CLOCK_MONOTONIC ns of a relative timeout that began (kept over restarts), 0: none
};

// A call that was interrupted (event with RR_EVF_RESTART, on record and replay): R_RIP is at the syscall instruction again, rax
// the number, and call.restart says what the kernel's -ERESTART* would: signal_deliver, when it pushes a frame for a handler
// without SA_RESTART (RESTART_SYS) or for any handler (RESTART_NOHAND), first makes rax -EINTR and R_RIP the next
// instruction (call_restart_eintr()). No frame: the call is simply made again.
enum call_restart { RESTART_NONE, RESTART_SYS, RESTART_NOHAND };

enum call_status {
  CALL_HOST,       // start: make the host call with host_args, then finish
  CALL_DONE,       // start: c->result is set and everything it wrote is logged or deterministic: log the event, set rax
  CALL_LOGGED,     // start: the handler has logged or replayed its events itself and set the registers
  CALL_BLOCKED,    // start: the thread waits inside the engine (futex, vfork, wait); call_complete(t, result) ends it later
  CALL_NO_RETURN,  // exec, exit
};

// What memory a call writes. `size`: bytes or unit; `by`: argument index.
enum out_kind {
  OUT_END, OUT_FIXED,     // size bytes when the call succeeds (result >= 0)
  OUT_RESULT,             // result * size bytes, at most args[by] * size (by: its capacity)
  OUT_COUNT,              // args[by] * size bytes when it succeeds
  OUT_SOCKLEN,            // value-result length: u32 at args[by] (input capacity, output length); both are logged
  OUT_INOUT,              // size bytes also when it fails
};
#define OUT_BY32 0x80     // in `by`: the argument is an int; the register's high half is not looked at
struct syscall_out { u8 kind, arg, by; u16 size; };

enum call_flags {
  CALL_BLOCKS = 1,        // can wait for something outside
  CALL_THREAD = 2,        // acts on the calling host thread: made on its own host thread
  CALL_REPLAY = 4,        // replay executes it (row.replay)
  CALL_NEW_FD = 8,        // result is a new descriptor
  CALL_EMULATED = 16,     // never reaches the kernel
  CALL_RESTARTS = 32,     // restarted after a handler with SA_RESTART
  CALL_REFUSED = 64,      // stops with its name
  CALL_ENOSYS = 128,      // answers ENOSYS
  CALL_POLL_IN = 256,     // waits for args[0] to become readable
  CALL_POLL_OUT = 512,    // waits for args[0] to become writable
  CALL_SIGNALS = 1024,    // may send a signal to the caller itself
  CALL_QUIET = 2048,      // changes no file and tells nobody anything (keep_settle)
};
// start is called on record only, except for CALL_EMULATED rows: these run on replay too (with `replaying` set), are to
// come to the same result from the same state, and the result is checked against the log. CALL_BLOCKED: the
// handler has set current->state; syscall_guest calls sched_block(). Later call_complete(t, result) makes t runnable, and when
// t has become current again the scheduler calls call_finish(t), which logs the event (replay: takes it; its result wins).

struct syscall_row {
  const char *name;
  u8 nargs; u8 fd_args;             // fd_args: bit i: argument i is a descriptor
  u16 flags;                        // enum call_flags
  struct syscall_out out[3];
  enum call_status (*start)(struct call *c);   // NULL: CALL_HOST with the guest's arguments
  void (*finish)(struct call *c);              // record: log what it wrote (NULL: by out[]); c->result is the kernel's
  void (*replay)(struct call *c);              // replay: after data was applied and c->result set (NULL: nothing)
  bool (*redirect)(struct call *c);            // outputs to scratch (NULL: by out[])
};
extern const struct syscall_row syscall_rows[];
extern const u32 syscall_rows_count;

void syscall_guest(void);                  // run loop: current stands at a syscall instruction (R_RIP its address)
void syscall_guest_32(void);               // the same at int 0x80
void call_complete(struct thread *t, s64 result); // a CALL_BLOCKED call has its result: t becomes runnable (record and replay)
void call_finish(struct thread *t);        // t, blocked in a call made by its host thread, runs again: finish, log, set rax

s64 call_host(struct call *c);             // the host call on the guest's behalf, interruptible (c->interrupted)
void call_log_out(struct call *c, u64 guest, size_t len); // RR_EV_DATA of what the call wrote there (via scratch if redirected)

// Before a blocking call is made while other threads run: moves what it writes to scratch. False: cannot be (too large, not
// writable): make it directly with nobody else running.
bool call_redirect(struct call *c);
void call_redirect_all(struct call *c);    // c->redirect_all: it has to be
bool call_ready(struct call *c);           // poll: made now it would not block (record)
void call_restart_eintr(void);             // see enum call_restart; clears it
u64 call_scratch(struct call *c, u64 guest, size_t len, bool copy_in); // scratch for one output range; 0: no room
void *call_host_view(struct call *c, u64 guest);  // where the host call wrote what the guest expects at `guest`
void call_return(struct call *c);          // sets rax, rcx, r11 and R_RIP of current

// A relative timeout at args[arg]: read from the guest, and passed to the kernel as what is left until c->deadline.
enum timeout_kind { TIMEOUT_NONE, TIMEOUT_MS, TIMEOUT_TIMESPEC, TIMEOUT_TIMEVAL };
s64 call_timeout(struct call *c, u32 arg, enum timeout_kind kind);  // 0, -EFAULT, -EINVAL
void call_again(struct call *c);           // before a host call is repeated: shortens it
void call_release(struct call *c);         // frees what a call keeps (thread_free)

// call_fd.c. Our descriptors are engine_fds (start.h).
bool fd_ours(int fd);
int fd_move_away(int fd);                  // the guest wants this number (dup2): ours gets another
void fd_changed(int fd);                   // the number may name another file now: forget what is cached of it
bool fd_updated(int fd);                   // a regular file that is read and written
bool fd_mapped(int fd);                    // perhaps: a regular file that this address space has mapped
void fd_note_mapped(u64 dev, u64 ino);     // it maps this file
int fd_output(int fd);                     // 1, 2: the recording's stdout/stderr; 0: not
