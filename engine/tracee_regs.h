// A stopped tracee's registers as its tracer sees and sets them (struct user_regs_struct, XSAVE area).
#pragma once
#include "engine/thread.h"
struct guest_user_regs { // arch/x86/include/asm/user_64.h
  u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss, fs_base, gs_base, ds, es, fs, gs;
};
void tracee_get_regs(struct thread *t, struct guest_user_regs *u);
void tracee_set_regs(struct thread *t, const struct guest_user_regs *u);
s64 tracee_get_vectors(struct thread *t, u8 *to, u64 n);  // 0, -EINVAL
s64 tracee_set_vectors(struct thread *t, const u8 *from, u64 n);
