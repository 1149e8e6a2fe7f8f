// Shared by the files of the debugger in the engine: debug.c (when to stop), debug_serve.c (the channel and the requests),
// debug_point.c (breakpoints), debug_watch.c (watchpoints), debug_call.c (system calls).
#pragma once
#include "engine/debug.h"
#include "engine/thread.h"

extern struct rr_dbg_go debug_go;     // how gdb wants to go on
extern u64 debug_ignored_signals;     // bit signo-1: not reported
extern u8 debug_siginfo[128];

// debug_serve.c
void serve_init(int fd);
void serve(struct rr_dbg_stop *s, const char *text); // tells it (text: NULL, or what follows it), answers until debug_go is set
enum look { LOOK_NOTHING, LOOK_INTERRUPT, LOOK_COPY };
enum look serve_look(void);           // at the channel while running; COPY: this process is a new copy, its first stop is due
void stop_fill(struct rr_dbg_stop *s, u32 reason);
void debug_vector(u8 *area, u32 number, u8 vector[64]); // current's vector register; area: for XSAVE, 64-aligned
size_t debug_read(void *d, u64 guest, size_t n);  // guest memory whatever its protection; bytes read

// debug_checkpoint.c
bool checkpoint_fork(int fd);         // true: this is the copy, and has taken fd as its channel
void usage_fill(struct rr_dbg_stop *s);

// debug_seen.c
void seen_pc(u64 pc);                 // it is translated, or runs alone
void seen_signal(u32 signo);
void seen_restart(void);              // a new stretch begins here
void seen_going(void);                // guest code will run
void seen_before_copy(void);          // pages that were written are looked for
const struct rr_dbg_seen *seen_get(void);

// debug_note.c
void note_begin(void);                // debug_go is new
void note_hit(const struct rr_dbg_stop *s, bool after); // of a search, if it lies before its end
bool note_hot(void);                  // there were hits_max hits
void note_step(const struct rr_point *p, u32 signo);
bool note_leave(void);                // RR_GO_LEAVE: debug_go.thread has just ceased to run
const struct rr_dbg_hit *note_last_hit(void);           // NULL: none
u32 note_steps(struct rr_dbg_step *d);                  // at most RR_DBG_STEPS_MAX, oldest first

void serve_output(const void *text, size_t n); // RR_STOP_OUTPUT
s64 debug_auxv(u64 key);

// debug_divert.c
int divert_begin(u32 tid);            // 0 or errno
bool divert_begun(void);              // once: what the stop in progress was told of is not to go on here, but divert_run
void divert_run(void) NORETURN;
int divert_write(u64 guest, const void *bytes, size_t n); // 0 or errno
void divert_chosen(void);             // who runs, after gdb has let go
int divert_set_registers(u32 tid, const struct rr_dbg_regs *g, const u8 *area, size_t n);

// debug_print.c
void print_format(const char *format, size_t n, const u64 *args, u32 count);
void print_flush(void);               // before anything else is told
void print_forget(void);

// debug_point.c
void break_commands(u64 pc, const u64 regs[R_COUNT]);  // the guest has come to pc: runs the commands of a breakpoint that has some
int break_set(u64 pc, const struct rr_dbg_break *b, size_t size);  // 0 or -errno
void break_clear(u64 pc);
void break_clear_all(void);
bool break_hit(u64 pc, const u64 regs[R_COUNT]);  // there is one, and its conditions hold
bool break_compiled(u64 pc);          // fragments stop there
void break_apply(void);               // before guest code runs again: the translation follows the set

int conditions_take(const struct rr_dbg_break *b, size_t size, u8 **to, size_t *to_size, u32 *count);
bool conditions_hold(const u8 *code, u32 count, const u64 regs[R_COUNT]);

// debug_watch.c
struct watchpoint {
  u64 addr, len;
  u32 flags;                 // enum rr_dbg_watch
  u8 *old;                   // the value as it was last seen
  u8 *conditions;
  size_t conditions_size;
  u32 conditions_count;
  struct watchpoint *next;
};
int watch_set(u64 addr, u64 len, u32 flags, const struct rr_dbg_break *b, size_t size);
void watch_clear(u64 addr, u64 len, u32 flags);
void watch_clear_all(void);
bool watch_any(void);
void watch_before(void);              // the instruction at ctx.regs[R_RIP] is about to run
void watch_fault(void);               // it did not complete
void watch_cancel(void);              // it did not begin
void watch_special(void);             // the engine executes an instruction itself: values are to be compared
struct watchpoint *watch_first(void);
struct watchpoint *watch_after(void); // the first one that was hit since the last call, by the instruction or an event; NULL: none

// debug_compile.c
void watch_mode(void);                // before guest code runs again: the translation follows the set
bool watch_stepping(void);            // too many for compiled checks: each instruction leaves

// debug_call.c
int debug_catch(u32 how, const u16 *numbers, size_t n); // system calls to report: 0 none, 1 all, 2 these; 0 or errno
bool call_enter(u32 nr);              // current is about to make it: true: to be reported
bool call_returned(u32 *nr);          // current has come back from one that was reported
const char *debug_thread_name(u32 tid); // NULL: as the process
