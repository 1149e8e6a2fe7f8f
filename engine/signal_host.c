// The host's signals: handlers of ours for everything that the guest handles or would die of, and for faults.
//
// A handler runs on its host thread's signal stack with all signals blocked. An asynchronous signal goes into the host thread's one slot, and
// all further ones stay blocked there until the carrier has taken it over (signal_take). A fault in translated code becomes EXIT_FAULT.
// The host's mask is not the guest's: only what the kernel itself must know to be blocked is blocked there too (signal_mirror).
#include <asm/unistd.h>
#include <asm/errno.h>
#include <linux/signal.h>
#include "engine/carrier.h"
#include "engine/copy.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/shared.h"
#include "engine/sigframe.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define GUEST_FLAGS 0xcd5ul // CF PF AF ZF SF DF OF
#define TRAP_PAGE 14
#define PF_WRITE 2

volatile u32 signal_captured, signal_trace_note;
extern const char gate_fault[], gate_retry[];
void signal_restorer(void);
__asm__(".text\nsignal_restorer: movl $15, %eax\nsyscall\n");

static bool continue_at(struct sig_context *uc, u64 pc, u64 sp) {
  uc->ip = pc;
  uc->sp = sp;
  uc->flags = 0x202;
  return true;
}

static bool fault(struct host_thread *h, int signo, const struct guest_siginfo *info, struct sig_context *uc) {
  bool retry = false;
  if (uc->trapno == TRAP_PAGE && signo == SIGSEGV) {
    // A write to translated code dropped fragments, perhaps the one that is executing: it is left.
    retry = uc->err & PF_WRITE && smc_write_fault(uc->cr2);
    if (retry && (h != carrier || !translate_contains(uc->ip))) return true;
    if (!retry && map_grow_stack(uc->cr2)) return true;
  }
  for (u32 i = 0; i < copy_fixup_count; i++)
    if (uc->ip >= copy_fixups[i].begin && uc->ip < copy_fixups[i].end) return continue_at(uc, copy_fixups[i].landing, uc->sp);
  if (h != carrier || !translate_contains(uc->ip)) return false;
  u64 regs[R_COUNT];
  s64 ticks = 0;
  sigframe_regs(uc, regs);
  if (!translate_recover(regs, &ticks)) return retry;
  u64 flags = (ctx.regs[R_RFLAGS] & ~GUEST_FLAGS) | (regs[R_RFLAGS] & GUEST_FLAGS);
  memcpy(ctx.regs, regs, sizeof regs);
  ctx.regs[R_RFLAGS] = flags;
  if (ticks) tick_adjust(ticks);
  if (retry) return continue_at(uc, (u64)gate_retry, ctx.engine_rsp);
  if (unlikely(shared_alias(uc->cr2)) && uc->trapno == TRAP_PAGE) uc->cr2 = shared_guest(uc->cr2);
  h->fault = (struct host_fault){ .signo = signo, .trapno = (u32)uc->trapno, .error = uc->err, .cr2 = uc->cr2, .info = *info };
  if (uc->trapno == TRAP_PAGE) memcpy(h->fault.info.rest, &uc->cr2, 8);
  return continue_at(uc, (u64)gate_fault, ctx.engine_rsp);
}

// A guest's call that the kernel has not seen yet is not made: the signal comes first.
static void stop_call(struct sig_context *uc) {
  if (uc->ip >= (u64)guest_call_begin && uc->ip <= (u64)guest_call_insn) uc->ip = (u64)guest_call_abort;
}

static void block_all(struct host_thread *h, struct sig_context *uc) {
  uc->sigmask = ~(SIG_SYNC | SIGBIT(KICK_SIGNAL));
  h->host_mask = ~0ul;
}

// A signal of SIG_SYNC that was sent, not raised by an instruction. It is pending once, like any standard signal.
static void capture_sync(struct host_thread *h, int signo, const struct guest_siginfo *info) {
  u32 slot = sync_slot((u32)signo);
  if (__atomic_load_n(&h->captured_sync, __ATOMIC_SEQ_CST) & 1u << slot) return;
  h->sync_info[slot] = *info;
  __atomic_fetch_or(&h->captured_sync, 1u << slot, __ATOMIC_SEQ_CST);
}

// The carrier is not where the signal came in: it ends its slice, as the signal may be for the guest thread that it runs.
static void kick_carrier(const struct host_thread *h) {
  struct host_thread *c = __atomic_load_n(&carrier, __ATOMIC_SEQ_CST);
  struct guest_siginfo info = { .signo = KICK_SIGNAL, .code = KICK_CODE };
  if (c && c != h && c->process == h->process) sys(__NR_rt_tgsigqueueinfo, h->process->pid, c->tid, KICK_SIGNAL, &info);
}

static void handler(int signo, const struct guest_siginfo *info, struct sig_context *uc) {
  struct host_thread *h = host_of_stack((u64)__builtin_frame_address(0));
  if (!h) stop(STOP_BUG, "signal %d on a foreign stack at host pc 0x%lx", signo, uc->ip);
  if (signo == KICK_SIGNAL && info->code == KICK_CODE) {
    if (h == carrier && signal_captured) tick_force();
    stop_call(uc);
    return;
  }
  if (signo == KICK_SIGNAL && info->code == TRACE_CODE) {
    __atomic_store_n(&signal_trace_note, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&signal_captured, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&h->mail, MAIL_SIGNAL, __ATOMIC_SEQ_CST);
    if (h == carrier) tick_force();
    else kick_carrier(h);
    stop_call(uc);
    return;
  }
  if (SIGBIT(signo) & SIG_SYNC && signo != SIGSYS && info->code > 0) {
    if (fault(h, signo, info, uc)) return;
    stop(STOP_BUG, "signal %d (code %d) in the engine at host pc 0x%lx, address 0x%lx, guest pc 0x%lx", signo, info->code, uc->ip, uc->cr2, ctx.regs[R_RIP]);
  }
  if (SIGBIT(signo) & SIG_SYNC) capture_sync(h, signo, info);
  else if (h->captured) {
    // Slipped in while the mask was being set: back to the kernel with it.
    sys(__NR_rt_tgsigqueueinfo, h->process->pid, h->tid, signo, info);
    block_all(h, uc);
    return;
  } else {
    h->info = *info;
    h->captured = 1;
    block_all(h, uc);
  }
  h->kick = 1;
  __atomic_store_n(&signal_captured, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_or(&h->mail, MAIL_SIGNAL, __ATOMIC_SEQ_CST);
  if (h == carrier) tick_force();
  else kick_carrier(h);
  stop_call(uc);
}

void signal_host_mask(struct host_thread *h, u64 mask) {
  if (h->host_mask == mask) return;
  h->host_mask = mask;
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
}

enum host_kind { HOST_UNKNOWN, HOST_DEFAULT, HOST_IGNORE, HOST_OURS };

static bool default_is_host(u32 signo) { // ignored, stop, continue
  return SIGBIT(signo) & (SIGBIT(SIGCHLD) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH) | SIGBIT(SIGCONT) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU));
}

static void set_host(struct process *p, u32 signo, enum host_kind kind, u64 flags, struct guest_action *old) {
  struct guest_action a = { .handler = kind == HOST_OURS ? (u64)handler : kind == HOST_IGNORE ? 1 : 0, .mask = ~(SIG_SYNC & ~SIGBIT(SIGSYS)),
    .flags = flags | (kind == HOST_OURS ? SA_SIGINFO | SA_ONSTACK | SA_RESTORER : 0), .restorer = (u64)signal_restorer };
  sys(__NR_rt_sigaction, signo, &a, old, 8);
  p->actions->host[signo - 1] = (u8)(kind | flags << 4);
}

void signal_host_action(u32 signo) {
  struct process *p = current->process;
  const struct guest_action *g = &p->actions->a[signo - 1];
  if (replaying || SIGBIT(signo) & SIG_UNBLOCKABLE) return;
  enum host_kind kind = HOST_OURS;
  u64 flags = signo == SIGCHLD ? g->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT) : 0;
  if (!(SIGBIT(signo) & (SIG_SYNC | SIGBIT(KICK_SIGNAL)))) {
    bool watched = p->actions->watched & SIGBIT(signo);
    if (g->handler == 1 && !watched) kind = HOST_IGNORE;
    else if (g->handler == 0 && default_is_host(signo) && !watched) kind = HOST_DEFAULT;
  }
  u64 mirror = p->actions->mirror & ~SIGBIT(signo);
  if (kind != HOST_OURS || SIGBIT(signo) & p->actions->signalfd) mirror |= SIGBIT(signo);
  if (p->actions->host[signo - 1] != (kind | flags << 4)) set_host(p, signo, kind, flags, NULL);
  if (mirror == p->actions->mirror) return;
  p->actions->mirror = mirror;
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->process == p && t->sigmask & SIGBIT(signo)) signal_mask_set(t, t->sigmask);
}

u64 signal_mirror(u64 guest_mask) {
  return guest_mask & current->process->actions->mirror & ~(SIG_SYNC | SIGBIT(KICK_SIGNAL));
}

u64 start_sigmask;               // start.c: what the exec of the engine was given (signal_before_exec); bit SIGKILL: valid

void signal_init(void) {
  struct process *p = current->process;
  u64 v[2] = { 0, 0 }, all = ~SIG_SYNC;
  carrier_signal_stack(carrier);
  if (replaying) {
    for (u32 i = 1; i <= 31; i++)
      if (SIGBIT(i) & SIG_SYNC) set_host(p, i, HOST_OURS, 0, NULL);
  } else {
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, &v[0], 8);
    if (start_sigmask & SIGBIT(SIGKILL)) v[0] = start_sigmask & ~SIGBIT(SIGKILL);
    carrier->host_mask = ~0ul;
    for (u32 i = 1; i <= 64; i++) {
      struct guest_action old;
      if (SIGBIT(i) & SIG_UNBLOCKABLE) continue;
      bool host = default_is_host(i);
      p->actions->host[i - 1] = HOST_DEFAULT;
      if (host) { sys(__NR_rt_sigaction, i, 0, &old, 8); p->actions->mirror |= SIGBIT(i); }
      else set_host(p, i, HOST_OURS, 0, &old);
      if (old.handler == 1) v[1] |= SIGBIT(i);
    }
  }
  log_nondet(RR_ND_OTHER, v, 2);
  current->sigmask = v[0];
  for (u32 i = 1; i <= 64; i++)
    if (v[1] & SIGBIT(i)) { p->actions->a[i - 1].handler = 1; signal_host_action(i); }
  if (!replaying) signal_host_mask(carrier, signal_mirror(current->sigmask));
}
