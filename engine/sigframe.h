// The signal frame of x86-64 Linux, as the guest sees it and as the host's kernel makes it for our own handlers.
#pragma once
#include "engine/signal.h"

struct sig_context { // arch/x86/include/uapi/asm/ucontext.h and sigcontext.h (struct sigcontext_64)
  u64 uc_flags, uc_link;
  u64 ss_sp; u32 ss_flags, ss_pad; u64 ss_size;
  u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
  u16 cs, gs, fs, ss;
  u64 err, trapno, oldmask, cr2, fpstate, reserved[8];
  u64 sigmask;
};
struct sig_frame { u64 restorer; struct sig_context uc; struct guest_siginfo info; }; // struct rt_sigframe

void sigframe_regs(const struct sig_context *uc, u64 regs[R_COUNT]);
// Pushes a frame for current's handler. old_mask: what sigreturn restores. False: it could not be written.
bool sigframe_push(u32 signo, const struct guest_siginfo *info, const struct guest_action *act, u64 old_mask, bool fault);
// Restores current from the frame at rsp - 8; the signal mask is returned. False: bad frame.
bool sigframe_return(u64 *mask);
// Vector state as it belongs into a frame or before gdb: XSTATE_BV exact, no addresses of translated code. 64-aligned area.
void vectors_save_canonical(void *area);
u32 altstack_flags(const struct thread *t, u64 sp);    // sas_ss_flags()
bool altstack_holds(const struct thread *t, u64 sp);   // on_sig_stack()
