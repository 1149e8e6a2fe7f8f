// The replaying engine under the gdb server: where run.c, signal.c, the exit and exec paths hand over.
//
// All of it runs with the baton, on the engine's stack, never in a signal handler. `debugging` is false on record and in
// `replay -a`; then nothing else here is called. The messages are abi/debug.h.
#pragma once
#include "engine/base.h"
#include "abi/debug.h"
#include "engine/translate.h"

extern bool debugging;

// start.c: the channel is there (replay with opt.gdb). Before the log is first read; no stop yet.
void debug_init(int fd);

// The run loop calls this last thing before it enters translated code or executes a special instruction, with everything
// that the log has due at this point already delivered; ctx and current are complete. It serves gdb as long as it wants.
// True: run exactly one instruction (translate_step) and come back.
bool debug_before(void);

// After an instruction that debug_before asked for, at once, before its tick is counted.
void debug_stepped(enum exit_kind kind);

// EXIT_BREAK: nothing to do but to go round: debug_before finds the breakpoint again. Budgets: never longer than this; after
// gdb let go they are made anew (run_arm_budget).
u64 debug_budget(u64 ticks);

// This replay has become a forked child: told as a start.
void debug_forked(void);

// current's process has forked, and the call has returned in it.
void debug_fork(u32 pid, u32 stream);

// A signal is about to be delivered to current (asynchronous or fault), before its frame is made.
void debug_signal(u32 signo, const void *siginfo);

// current is about to make a system call.
void debug_syscall(u32 nr);
void debug_exec(void);               // its exec is about to replace this engine
void seen_changed(u64 start, u64 end); // guest memory there is another than before, though nobody wrote to it
bool debug_silent(void);             // the output is not reproduced

// The process is about to end (exit_group, the last thread's exit, or a deadly signal; status as wait gives it).
void debug_exit(u32 status);
void debug_end(void) NORETURN;       // the log ends without an exit
void debug_diverged(const char *text) NORETURN;

// debug_divert.c: this process is a copy made for function calls, and has no log.
extern bool diverting;
void divert_syscall(void);
void divert_signal(u32 signo, const void *siginfo);  // a fault or a signal to itself: told, and never delivered
void divert_failed(const char *text) NORETURN;       // instead of the end of the session

// debug_agent.c: gdb's agent expressions. false: the expression is bad (the breakpoint then stops). result NULL: a command.
bool agent_evaluate(const u8 *code, size_t size, const u64 regs[R_COUNT], u64 *result);
