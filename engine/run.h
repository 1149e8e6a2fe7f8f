// The run loop: translated code is entered, left, and what it left for is done. Runs on the carrier's engine stack.
#pragma once
#include "engine/base.h"
void run_loop(void) NORETURN;
extern bool run_stepping;             // one instruction a time (debugger, RR_DEBUG=step)
struct rr_event;
void run_replay_killed(const struct rr_event *e) NORETURN; // replay: the process was killed here (RR_EV_KILLED)
void run_arm_budget(void);            // the next budget, from now on: after the debugger has changed what it waits for
// nondet.c: executes the special instruction at ctx.regs[R_RIP] (not system calls), sets registers and R_RIP.
struct exit_record;
void special_execute(u8 special, u8 length);
