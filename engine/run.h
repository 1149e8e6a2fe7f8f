// The run loop: translated code is entered, left, and what it left for is done. Runs on the carrier's engine stack.
#pragma once
#include "engine/base.h"
void run_loop(void) NORETURN;
extern bool run_stepping;             // one instruction a time (debugger, RR_DEBUG=step)
bool run_step_done(void);             // debugger hook: see debug.c
// nondet.c: executes the special instruction at ctx.regs[R_RIP] (not system calls), sets registers and R_RIP.
struct exit_record;
void special_execute(u8 special, u8 length);
