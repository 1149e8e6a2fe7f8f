// At the entry of a call a tracer sees the thread behind the syscall instruction, with -ENOSYS in rax and the number in orig_rax
// (arch/x86/entry); the engine's state is still before it. The views translate between the two.
#include <asm/errno.h>
#include "engine/tracee.h"
#include "engine/tracee_regs.h"
#include "engine/translate.h"
#include "engine/log.h"

#define FLAGS_SETTABLE 0x244dd5ul // FLAG_MASK of arch/x86/kernel/ptrace.c
#define FLAG_TF 0x100ul

void tracee_get_regs(struct thread *t, struct guest_user_regs *u) {
  const u64 *r = t->regs;
  const struct tracing *p = &t->tracing;
  *u = (struct guest_user_regs){ .r15 = r[R_R15], .r14 = r[R_R14], .r13 = r[R_R13], .r12 = r[R_R12], .bp = r[R_RBP], .bx = r[R_RBX], .r11 = r[R_R11],
    .r10 = r[R_R10], .r9 = r[R_R9], .r8 = r[R_R8], .ax = r[R_RAX], .cx = r[R_RCX], .dx = r[R_RDX], .si = r[R_RSI], .di = r[R_RDI], .orig_ax = ~0ul,
    .ip = r[R_RIP], .cs = 0x33, .flags = r[R_RFLAGS], .sp = r[R_RSP], .ss = 0x2b, .fs_base = t->fs_base, .gs_base = t->gs_base };
  if (p->view == VIEW_EXIT) u->orig_ax = p->nr;
  if (p->view != VIEW_ENTRY && p->view != VIEW_RESTART) return;
  u->orig_ax = (u64)(s64)(s32)p->nr;
  u->ax = (u64)p->shown;
  u->ip += 2;
  u->cx = u->ip;
  u->r11 = u->flags;
}

void tracee_set_regs(struct thread *t, const struct guest_user_regs *u) {
  u64 *r = t->regs;
  struct tracing *p = &t->tracing;
  r[R_R15] = u->r15; r[R_R14] = u->r14; r[R_R13] = u->r13; r[R_R12] = u->r12; r[R_RBP] = u->bp; r[R_RBX] = u->bx;
  r[R_R10] = u->r10; r[R_R9] = u->r9; r[R_R8] = u->r8; r[R_RDX] = u->dx; r[R_RSI] = u->si; r[R_RDI] = u->di; r[R_RSP] = u->sp;
  r[R_RFLAGS] = (r[R_RFLAGS] & ~FLAGS_SETTABLE) | (u->flags & FLAGS_SETTABLE & ~FLAG_TF);
  t->fs_base = u->fs_base;
  t->gs_base = u->gs_base;
  if (p->view == VIEW_ENTRY) {
    p->nr = (u32)u->orig_ax;
    p->shown = (s64)u->ax;
    r[R_RIP] = u->ip - 2;
    return;
  }
  if (p->view == VIEW_RESTART && u->ip == r[R_RIP] + 2 && (s64)u->ax == p->shown) return; // it will be made again
  r[R_RAX] = u->ax;
  r[R_RCX] = u->cx;
  r[R_R11] = u->r11;
  r[R_RIP] = u->ip;
  t->call.restart = RESTART_NONE;
}

s64 tracee_get_vectors(struct thread *t, u8 *to, u64 n) {
  if (n > xsave_bytes || n > RR_TRACEE_DATA || !t->vectors) return -EINVAL;
  memcpy(to, t->vectors, n);
  *(u16 *)(to + 6) = 0;     // FOP, FIP, FDP: addresses in the code cache (sigframe.c)
  memset(to + 8, 0, 16);
  if (n >= 512) memset(to + 416, 0, 96);
  if (n >= 472) memcpy(to + 464, &xsave_mask, 8);
  return 0;
}

s64 tracee_set_vectors(struct thread *t, const u8 *from, u64 n) {
  u32 mxcsr;
  u8 *to = t->vectors;
  if (n < 512 || n > xsave_bytes || !to) return -EINVAL;
  memcpy(&mxcsr, from + 24, 4);
  if (mxcsr & ~0xffffu) return -EINVAL;
  u64 bv = *(u64 *)(to + 512);
  memcpy(to, from, n);
  *(u64 *)(to + 512) = (n > 512 ? *(u64 *)(to + 512) & xsave_mask : bv) | 3;
  memset(to + 520, 0, 56);
  return 0;
}
