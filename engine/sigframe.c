// Signal frames as the kernel makes them: arch/x86/kernel/signal.c (get_sigframe), signal_64.c (x64_setup_rt_frame,
// restore_sigcontext), fpu/signal.c. Everything in them is a function of the guest's state, so that replay makes the same bytes: XSTATE_BV
// by content and not by the CPU's in-use bits, FIP and FDP zero, dead flags zero.
#include "engine/cpuid.h"
#include "engine/sigframe.h"
#include "engine/carrier.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define UC_FP_XSTATE 1u
#define UC_SIGCONTEXT_SS 2u
#define UC_STRICT_RESTORE_SS 4u
#define FP_XSTATE_MAGIC1 0x46505853u
#define FP_XSTATE_MAGIC2 0x46505845u
#define SW_RESERVED 464          // offset of struct _fpx_sw_bytes
#define XSAVE_HEADER 512
#define MXCSR 24
#define RED_ZONE 128
#define FLAGS_RESTORED 0x50dd5ul // FIX_EFLAGS: AC OF DF TF SF ZF AF PF CF RF
#define FLAG_TF 0x100ul
#define FLAG_DF 0x400ul
#define FLAG_RF 0x10000ul
#define SS_ONSTACK 1u
#define SS_DISABLE 2u
#define SS_AUTODISARM (1u << 31)
#define SA_SIGINFO 4ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK 0x08000000ul

struct sw_bytes { u32 magic1, extended_size; u64 xfeatures; u32 xstate_size, pad[7]; };

static u8 area[8192] __attribute__((aligned(64))); // baton held: one user at a time
static u32 component_offset[64], component_size[64];

static void components_init(void) {
  for (u32 i = 2; i < 63; i++) {
    if (!(xsave_mask >> i & 1) || component_size[i]) continue;
    u32 r[4];
    cpuid(13, i, r);
    component_size[i] = r[CPUID_EAX];
    component_offset[i] = r[CPUID_EBX];
  }
}

static bool all_zero(const u8 *p, u32 n) {
  for (u32 i = 0; i < n; i += 8)
    if (*(const u64 *)(p + i)) return false;
  return true;
}

void vectors_save_canonical(void *to) {
  u8 *p = to;
  components_init();
  memset(p + XSAVE_HEADER, 0, 64);
  vectors_save(p);
  *(u16 *)(p + 6) = 0;           // FOP
  memset(p + 8, 0, 16);          // FIP, FDP: addresses in the code cache
  memset(p + SW_RESERVED - 48, 0, 96); // fxsave area bytes 416..511: not written by the CPU
  u64 bv = 3;                    // save_xstate_epilog: FP and SSE are always said to be there
  for (u32 i = 2; i < 63; i++)
    if (component_size[i] && !all_zero(p + component_offset[i], component_size[i])) bv |= 1ul << i;
  *(u64 *)(p + XSAVE_HEADER) = bv;
}

bool altstack_holds(const struct thread *t, u64 sp) {
  if (t->altstack_flags & SS_AUTODISARM) return false;
  return sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

u32 altstack_flags(const struct thread *t, u64 sp) {
  if (!t->altstack_size) return SS_DISABLE;
  return altstack_holds(t, sp) ? SS_ONSTACK : 0;
}

void sigframe_regs(const struct sig_context *u, u64 r[R_COUNT]) {
  r[R_R8] = u->r8; r[R_R9] = u->r9; r[R_R10] = u->r10; r[R_R11] = u->r11;
  r[R_R12] = u->r12; r[R_R13] = u->r13; r[R_R14] = u->r14; r[R_R15] = u->r15;
  r[R_RDI] = u->di; r[R_RSI] = u->si; r[R_RBP] = u->bp; r[R_RBX] = u->bx;
  r[R_RDX] = u->dx; r[R_RAX] = u->ax; r[R_RCX] = u->cx; r[R_RSP] = u->sp; r[R_RIP] = u->ip; r[R_RFLAGS] = u->flags;
}

static void context_regs(struct sig_context *u, const u64 *r) {
  u->r8 = r[R_R8]; u->r9 = r[R_R9]; u->r10 = r[R_R10]; u->r11 = r[R_R11];
  u->r12 = r[R_R12]; u->r13 = r[R_R13]; u->r14 = r[R_R14]; u->r15 = r[R_R15];
  u->di = r[R_RDI]; u->si = r[R_RSI]; u->bp = r[R_RBP]; u->bx = r[R_RBX];
  u->dx = r[R_RDX]; u->ax = r[R_RAX]; u->cx = r[R_RCX]; u->sp = r[R_RSP]; u->ip = r[R_RIP]; u->flags = r[R_RFLAGS];
}

// The vector state, with what fpu/signal.c writes around it, to the guest's stack.
static bool write_vectors(u64 at) {
  check(xsave_bytes + 4 <= sizeof area, xsave_bytes);
  vectors_save_canonical(area);
  *(struct sw_bytes *)(area + SW_RESERVED) = (struct sw_bytes){ .magic1 = FP_XSTATE_MAGIC1, .extended_size = xsave_bytes + 4, .xfeatures = xsave_mask, .xstate_size = xsave_bytes };
  *(u32 *)(area + xsave_bytes) = FP_XSTATE_MAGIC2;
  return put_guest(at, area, xsave_bytes + 4);
}

static void vectors_reset(void) {
  memset(area, 0, XSAVE_HEADER + 64);
  *(u16 *)area = 0x37f;
  *(u32 *)(area + MXCSR) = 0x1f80;
  vectors_load(area); // XSTATE_BV 0: every component to its initial state; MXCSR is read from the area
}

// get_sigframe: where the vector state and the frame go. 0: they don't fit on the alternate stack.
static u64 place(const struct guest_action *act, u64 *vectors) {
  u64 sp = ctx.regs[R_RSP] - RED_ZONE;
  bool nested = altstack_holds(current, sp), entering = false;
  if (act->flags & SA_ONSTACK && altstack_flags(current, sp) == 0) {
    sp = current->altstack_sp + current->altstack_size;
    entering = true;
  }
  *vectors = ALIGN_DOWN(sp - (xsave_bytes + 4), 64ul);
  u64 frame = ALIGN_DOWN(*vectors - sizeof(struct sig_frame), 16ul) - 8;
  if (nested || entering) { // __on_sig_stack: whatever AUTODISARM says
    if (!(frame > current->altstack_sp && frame - current->altstack_sp <= current->altstack_size)) return 0;
  }
  return frame;
}

bool sigframe_push(u32 signo, const struct guest_siginfo *info, const struct guest_action *act, u64 old_mask, bool fault) {
  struct sig_frame f;
  u64 vectors, at = place(act, &vectors);
  if (!at || !(act->flags & SA_RESTORER)) return false;
  memset(&f, 0, sizeof f);
  f.restorer = act->restorer;
  f.uc.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
  f.uc.ss_sp = current->altstack_sp;
  f.uc.ss_flags = current->altstack_flags;
  f.uc.ss_size = current->altstack_size;
  context_regs(&f.uc, ctx.regs);
  f.uc.flags &= ~translate_dead_flags(ctx.regs[R_RIP]);
  if (fault) f.uc.flags |= FLAG_RF; // the CPU sets it in the image of a fault (Intel SDM vol. 3, 17.3.1.1)
  f.uc.cs = 0x33;
  f.uc.ss = 0x2b;
  f.uc.err = current->last_error;
  f.uc.trapno = current->last_trapno;
  f.uc.cr2 = current->last_cr2;
  f.uc.oldmask = f.uc.sigmask = old_mask;
  f.uc.fpstate = vectors;
  if (!write_vectors(vectors)) return false;
  size_t size = sizeof f;
  if (act->flags & SA_SIGINFO) f.info = *info;
  else size = offsetof(struct sig_frame, info);
  if (!put_guest(at, &f, size)) return false;
  if (current->altstack_flags & SS_AUTODISARM) {
    current->altstack_sp = current->altstack_size = 0;
    current->altstack_flags = SS_DISABLE;
  }
  ctx.regs[R_RDI] = signo;
  ctx.regs[R_RSI] = at + offsetof(struct sig_frame, info);
  ctx.regs[R_RDX] = at + offsetof(struct sig_frame, uc);
  ctx.regs[R_RAX] = 0;
  ctx.regs[R_RSP] = at;
  ctx.regs[R_RIP] = act->handler;
  ctx.regs[R_RFLAGS] = f.uc.flags & ~(FLAG_DF | FLAG_TF | FLAG_RF);
  vectors_reset();
  return true;
}

// fpu__restore_sig: what the frame holds, or only FP and SSE of it where the extended part is not marked as valid.
static bool read_vectors(u64 at) {
  struct sw_bytes sw;
  u32 magic2 = 0;
  u64 bv;
  if (!at) { vectors_reset(); return true; }
  memset(area, 0, sizeof area);
  if (!get_guest(area, at, 512)) return false;
  memcpy(&sw, area + SW_RESERVED, sizeof sw);
  bool extended = sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size >= 576 && sw.xstate_size <= xsave_bytes && sw.xstate_size <= sw.extended_size
    && get_guest(&magic2, at + sw.xstate_size, 4) && magic2 == FP_XSTATE_MAGIC2;
  if (extended) {
    if (!get_guest(area, at, sw.xstate_size)) return false;
    memcpy(&bv, area + XSAVE_HEADER, 8);
    if (bv & ~xsave_mask || !all_zero(area + XSAVE_HEADER + 8, 16)) return false; // XRSTOR would fault
    bv &= sw.xfeatures;
  } else bv = 3;
  memcpy(area + XSAVE_HEADER, &bv, 8);
  u32 mxcsr;
  memcpy(&mxcsr, area + MXCSR, 4);
  if (mxcsr & ~0xffffu) return false;
  vectors_load(area);
  return true;
}

bool sigframe_return(u64 *mask) {
  struct sig_frame f;
  u64 at = ctx.regs[R_RSP] - 8;
  if (!get_guest(&f, at, offsetof(struct sig_frame, info))) return false;
  if ((f.uc.cs | 3) == 0x23) stop(STOP_REFUSED, "sigreturn to a code segment 0x%x (32-bit code) at pc 0x%lx can't be recorded", f.uc.cs, f.uc.ip);
  if ((f.uc.cs | 3) != 0x33) return false; // the kernel's iret faults
  *mask = f.uc.sigmask;
  u64 flags = (ctx.regs[R_RFLAGS] & ~FLAGS_RESTORED) | (f.uc.flags & FLAGS_RESTORED & ~FLAG_RF);
  sigframe_regs(&f.uc, ctx.regs);
  ctx.regs[R_RFLAGS] = flags;
  if (!read_vectors(f.uc.fpstate)) return false;
  u32 mode = f.uc.ss_flags & ~SS_AUTODISARM;  // restore_altstack: errors are ignored
  if (!altstack_holds(current, ctx.regs[R_RSP]) && (mode == SS_DISABLE || mode == SS_ONSTACK || mode == 0)) {
    if (mode == SS_DISABLE) {
      current->altstack_sp = current->altstack_size = 0;
      current->altstack_flags = f.uc.ss_flags;
    } else if (f.uc.ss_size >= 2048) {
      current->altstack_sp = f.uc.ss_sp;
      current->altstack_size = f.uc.ss_size;
      current->altstack_flags = f.uc.ss_flags;
    }
  }
  return true;
}
