// The engine as the kernel's signal code: pending sets, routing, what is due, delivery.
//
// Pending signals, record only: what handlers captured and what the guest sent to itself. On replay the log says which signal is delivered
// where. Every delivery, a deadly one too, is logged with both masks: the one that sigreturn restores and the handler's.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/signal.h>
#include <linux/resource.h>
#include "engine/carrier.h"
#include "engine/chaos.h"
#include "engine/debug.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/shared.h"
#include "engine/sigframe.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define IGNORED_BY_DEFAULT (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))
#define STOPS_BY_DEFAULT (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SI_TKILL_ (-6)
#define SI_TIMER_ (-2)

struct pending { struct pending *next; struct process *p; struct thread *t; struct guest_siginfo info; }; // t NULL: process-directed
struct signal_event { struct guest_siginfo info; u64 old_mask, mask; }; // payload of RR_EV_SIGNAL
static struct pending *pending_list;

static struct guest_action *action_of(const struct process *p, u32 signo) { return &p->actions->a[signo - 1]; }

bool signal_ignored(const struct process *p, u32 signo) {
  u64 h = action_of(p, signo)->handler;
  // kernel/signal.c, sig_task_ignored: the first process of a pid namespace dies of no signal but what it raises itself, or SIGKILL
  return h == 1 || (h == 0 && (IGNORED_BY_DEFAULT & SIGBIT(signo) || p->pid == 1));
}

// ---- pending sets ----

static void pending_add(struct process *p, struct thread *t, const struct guest_siginfo *info) {
  u64 *set = t ? &t->pending : &p->pending, bit = SIGBIT(info->signo);
  if (*set & bit && info->signo < 32) return; // a standard signal is pending once
  struct pending *n = heap_alloc(sizeof *n), **at = &pending_list;
  *n = (struct pending){ .p = p, .t = t, .info = *info };
  while (*at) at = &(*at)->next;
  *at = n;
  *set |= bit;
}

// Takes the first one of signo out of t's (or, with t NULL, p's) set.
static bool pending_take(struct process *p, struct thread *t, u32 signo, struct guest_siginfo *info) {
  bool found = false, more = false;
  for (struct pending **at = &pending_list, *n; (n = *at);) {
    if ((t ? n->t != t : n->t || n->p != p) || (u32)n->info.signo != signo) { at = &n->next; continue; }
    if (found) { more = true; break; }
    found = true;
    if (info) *info = n->info;
    *at = n->next;
    heap_free(n, sizeof *n);
  }
  if (!more) { if (t) t->pending &= ~SIGBIT(signo); else p->pending &= ~SIGBIT(signo); }
  return found;
}

static void pending_flush(struct process *p, struct thread *t, u32 signo) { while (pending_take(p, t, signo, NULL)) ; }

void signal_thread_free(struct thread *t) {
  for (u32 i = 1; i <= 64; i++)
    if (t->pending & SIGBIT(i)) pending_flush(t->process, t, i);
}

void signal_process_free(struct process *p) {
  for (u32 i = 1; i <= 64; i++)
    if (p->pending & SIGBIT(i)) pending_flush(p, NULL, i);
}

void signal_flush(struct process *p, u32 signo) {
  if (p->pending & SIGBIT(signo)) pending_flush(p, NULL, signo);
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->process == p && t->pending & SIGBIT(signo)) pending_flush(p, t, signo);
}

void signal_after_fork(void) {
  for (struct pending *n; (n = pending_list); heap_free(n, sizeof *n)) pending_list = n->next;
  current->pending = current->process->pending = 0;
  signal_captured = 0;
  timers_after_fork();
}

bool signal_dequeue(struct thread *t, u64 set, struct guest_siginfo *info) {
  u64 mine = t->pending & set, shared = t->process->pending & set;
  if (!(mine | shared)) return false;
  if (mine & SIG_SYNC) mine &= SIG_SYNC, shared = 0; // kernel/signal.c, next_signal: synchronous ones first
  struct thread *owner = mine ? t : NULL;
  return pending_take(t->process, owner, 1 + (u32)__builtin_ctzl(mine ? mine : shared), info);
}

// ---- routing (record) ----

static bool wants(const struct thread *t, u64 bit) {
  if (t->state == T_DEAD) return false;
  return !(t->sigmask & bit) || (t->state == T_WAIT && t->wait_set & bit);
}

void signal_wake(struct thread *t) {
  switch (t->state) {
  case T_FUTEX: futex_interrupt(t); break;
  case T_WAIT: call_complete(t, -EINTR); break;
  case T_CALL: carrier_kick(t); break;
  default: break;
  }
}

void signal_post(struct process *p, struct thread *t, const struct guest_siginfo *info) {
  u64 bit = SIGBIT(info->signo);
  struct thread *to = NULL;
  for (struct thread *c = all_threads; c; c = c->next) {
    if (c->process != p || (t && c != t) || !wants(c, bit)) continue;
    if (!to) to = c;
    if (c->state == T_WAIT && c->wait_set & bit) { to = c; break; }
  }
  bool waited = to && to->state == T_WAIT && to->wait_set & bit;
  rr_log(LOG_SIGNAL, "signal %d (code %d) for %s %u%s", info->signo, info->code, t ? "thread" : "process", t ? t->tid : p->pid, to ? "" : ", blocked");
  if (to && !waited && !to->tracing.on && signal_ignored(p, (u32)info->signo)) return;
  pending_add(p, t, info);
  if (to) signal_wake(to);
  if (to == current) { signal_captured = 1; tick_force(); } // sent from within the engine: at the next tick at the latest
}

// To whom the kernel gave it: only what says so itself was for this very thread.
static void route(struct host_thread *h, const struct guest_siginfo *info) {
  struct thread *t = NULL;
  u32 tid;
  if (info->code == SI_TKILL_) t = h->guest;
  else if (info->code != SI_TIMER_ || !timer_thread(*(const u32 *)info->rest, &tid)) { signal_post(h->process, NULL, info); return; }
  else t = thread_find(tid);
  if (t) signal_post(h->process, t, info);
}

static void take_from(struct host_thread *h) {
  struct guest_siginfo infos[7];
  u32 n = 0, sync = __atomic_exchange_n(&h->captured_sync, 0, __ATOMIC_SEQ_CST);
  for (u32 i = 0; i < 6; i++)
    if (sync & 1u << i) infos[n++] = h->sync_info[i];
  bool other = __atomic_load_n(&h->captured, __ATOMIC_SEQ_CST);
  if (other) infos[n++] = h->info;
  h->kick = 0;
  if (other) {
    __atomic_store_n(&h->captured, 0, __ATOMIC_SEQ_CST);
    h->want_mask = signal_mirror(h->guest ? h->guest->sigmask : 0);
    if (h == carrier) signal_host_mask(h, h->want_mask);
    else host_post(h, MAIL_MASK);
  }
  for (u32 i = 0; i < n; i++) route(h, &infos[i]);
}

static bool has_captured(const struct host_thread *h) {
  return __atomic_load_n(&h->captured, __ATOMIC_SEQ_CST) || __atomic_load_n(&h->captured_sync, __ATOMIC_SEQ_CST);
}

void signal_take(void) {
  // Before looking, with a full barrier: a handler elsewhere first sets captured, then this; were our store still on its way
  // when we look, it would wipe out the note of a capture that we did not see (store after load, Intel SDM vol. 3, 9.2.3.4).
  __atomic_exchange_n(&signal_captured, 0, __ATOMIC_SEQ_CST);
  if (unlikely(__atomic_exchange_n(&signal_trace_note, 0, __ATOMIC_SEQ_CST))) tracee_noted();
  for (struct host_thread *h = all_hosts; h; h = h->next)
    if (has_captured(h) && h->process == current->process) take_from(h);
}

bool signal_due_for(struct thread *t) {
  if (unlikely(t->tracing.on)) {
    if (tracee_holds(t)) return false;
    if (t->tracing.inject || t->tracing.interrupt) return true;
  }
  return (t->pending | t->process->pending) & ~t->sigmask;
}

bool signal_due(void) {
  if (replaying) return false;
  if (signal_captured) signal_take();
  return signal_due_for(current);
}

// ---- masks ----

void signal_mask_set(struct thread *t, u64 mask) {
  t->sigmask = mask & ~SIG_UNBLOCKABLE;
  if (replaying || !t->host) return;
  struct host_thread *h = t->host;
  u64 mirror = h->want_mask = signal_mirror(t->sigmask & ~(t->state == T_WAIT ? t->wait_set : 0));
  if (h->host_mask == mirror || h->captured) return;
  if (h == carrier) signal_host_mask(h, mirror);
  else host_post(h, MAIL_MASK);
}

void signal_swap_mask(const u64 *mask) {
  if (!current->have_saved_sigmask) current->saved_sigmask = current->sigmask;
  current->have_saved_sigmask = true;
  signal_mask_set(current, *mask);
}

static void restore_mask(void) {
  if (!current->have_saved_sigmask) return;
  current->have_saved_sigmask = false;
  signal_mask_set(current, current->saved_sigmask);
}

void signal_restore_mask(void) {
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (e && e->type == RR_EV_SIGNAL && e->flags & RR_EVF_AT_SYSCALL && e->ticks == ticks_now() && e->tid == current->tid) return;
  } else if (signal_due()) return;
  restore_mask();
}

// ---- delivery (both) ----

static void log_exit(u32 signo) {
  struct rr_ev_exit *e = log_begin(RR_EV_EXIT, 1, sizeof *e);
  *e = (struct rr_ev_exit){ .status = signo };
  log_end(0);
}

static void replay_exit(u32 signo) {
  const struct rr_event *e = log_peek();
  if (!e || e->type == RR_EV_KILLED) return; // the recorder's guess of where: nothing to compare
  e = log_take(RR_EV_EXIT, 1);
  if (((const struct rr_ev_exit *)log_payload(e))->status != signo) diverged(e, "death by signal %u", signo);
}

static void fault_by(u32 signo) {
  switch (signo) {
  case SIGILL: __asm__ volatile("ud2"); break;
  case SIGTRAP: __asm__ volatile("int3"); break;
  case SIGFPE: __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0)); break;
  case SIGSEGV: __asm__ volatile("hlt"); break;
  }
}

// The host process dies as the guest does, so that its parent sees the true status; without a core of ours.
NORETURN static void die(u32 signo) {
  if (replaying) log_release_ahead();
  struct { u64 cur, max; } none = { 0, 0 }, old;
  struct guest_action dfl = { 0 };
  u64 all = ~0ul, open = ~SIGBIT(signo);
  sys(__NR_prlimit64, 0, RLIMIT_CORE, 0, &old);
  none.max = old.max;
  sys(__NR_prlimit64, 0, RLIMIT_CORE, &none, 0);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
  sys(__NR_rt_sigaction, signo, &dfl, 0, 8);
  s64 pid = sys(__NR_getpid), tid = sys(__NR_gettid);
  sys(__NR_tgkill, pid, tid, signo);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &open, 0, 8);
  if (pid == 1 && !replaying) fault_by(signo); // to be sent a signal does not kill the first process of a pid namespace
  for (;;) sys(__NR_exit_group, 128 + signo);
}

void signal_replay_killed(u32 signo) {
  if (debugging) debug_exit(signo);
  translate_save();
  die(signo);
}

void signal_exit_by(u32 signo) {
  if (!replaying) {
    rr_log(LOG_SIGNAL, "process %u dies by signal %u", current->process->pid, signo);
    tracee_process_exit(signo);
    futex_process_exit(current->process);
    log_exit(signo);
    if (current->process->vfork_child) current->state = T_DEAD;
    else { log_finish(); translate_save(); }
    die(signo);
  }
  if (debugging && !current->process->vfork_child) debug_exit(signo);
  futex_process_exit(current->process);
  replay_exit(signo);
  if (current->process->vfork_child) { process_vfork_end(); run_loop(); }
  translate_save();
  die(signo);
}

// A handler's frame. The frame can't be written: SIGSEGV instead, or death (kernel/signal.c, signal_setup_done).
static void push(u32 signo, const struct guest_siginfo *info, u64 old_mask, u64 mask, bool is_fault) {
  struct guest_action act = *action_of(current->process, signo);
  if (act.flags & SA_RESETHAND) { action_of(current->process, signo)->handler = 0; signal_host_action(signo); }
  if (sigframe_push(signo, info, &act, old_mask, is_fault)) {
    current->have_saved_sigmask = false;
    signal_mask_set(current, mask);
    return;
  }
  struct guest_siginfo segv = { .signo = SIGSEGV, .code = SI_KERNEL };
  const struct guest_action *s = action_of(current->process, SIGSEGV);
  if (signo == SIGSEGV || current->sigmask & SIGBIT(SIGSEGV) || s->handler <= 1) signal_exit_by(SIGSEGV);
  push(SIGSEGV, &segv, old_mask, current->sigmask | s->mask | SIGBIT(SIGSEGV), false);
}

static u64 handler_mask(u32 signo) {
  const struct guest_action *a = action_of(current->process, signo);
  return (current->sigmask | a->mask | (a->flags & SA_NODEFER ? 0 : SIGBIT(signo))) & ~SIG_UNBLOCKABLE;
}

static void stop_by(u32 signo) { // a stop that the kernel would have done itself, had it not been captured
  struct guest_action dfl = { 0 }, ours;
  u64 open = ~SIGBIT(signo);
  sys(__NR_rt_sigaction, signo, &dfl, &ours, 8);
  sys(__NR_tgkill, current->process->pid, carrier->tid, signo);
  sys(__NR_rt_sigprocmask, SIG_UNBLOCK, &(u64){ ~open }, 0, 8);
  sys(__NR_rt_sigaction, signo, &ours, 0, 8);
  carrier->host_mask &= open;
}

// The call that the signal interrupted: restarted, or EINTR (enum call_restart). Only the first frame decides.
static void settle_restart(u32 signo) {
  u8 r = current->call.restart;
  if (r == RESTART_NOHAND || (r == RESTART_SYS && !(action_of(current->process, signo)->flags & SA_RESTART))) call_restart_eintr();
  current->call.restart = RESTART_NONE;
}

static void act_on(u32 signo, const struct signal_event *s) {
  if (action_of(current->process, signo)->handler == 0) signal_exit_by(signo);
  settle_restart(signo);
  push(signo, &s->info, s->old_mask, s->mask, false);
}

// A traced thread tells its tracer first. True: it has stopped for that; what comes with the resume is delivered later.
static bool tell_tracer(struct guest_siginfo *info, u8 flags) {
  if (current->tracing.interrupt) {
    current->tracing.interrupt = false;
    return tracee_signal_stop(0, NULL, flags);
  }
  if (tracee_injected(current, info)) return false;
  return !signal_dequeue(current, ~current->sigmask, info) || tracee_signal_stop((u32)info->signo, info, flags);
}

static bool record_one(bool at_syscall) {
  struct signal_event s = { 0 };
  if (unlikely(current->tracing.on)) {
    if (tell_tracer(&s.info, at_syscall ? RR_EVF_AT_SYSCALL : 0)) return current->state != T_STOPPED;
  } else if (!signal_dequeue(current, ~current->sigmask, &s.info)) return false;
  u32 signo = (u32)s.info.signo;
  u64 bit = SIGBIT(signo), handler = action_of(current->process, signo)->handler;
  if (signal_ignored(current->process, signo) || session->opt.ignore_signals & bit) return true;
  if (handler == 0 && STOPS_BY_DEFAULT & bit) { stop_by(signo); return true; }
  if (handler == 0 && session->opt.through_signals & bit) return true;
  if (unlikely(session->opt.chaos)) chaos_signal_taken();
  s.old_mask = current->have_saved_sigmask ? current->saved_sigmask : current->sigmask;
  s.mask = handler_mask(signo);
  memcpy(log_begin(RR_EV_SIGNAL, (u16)signo, sizeof s), &s, sizeof s);
  log_end(at_syscall ? RR_EVF_AT_SYSCALL : 0);
  rr_log(LOG_SIGNAL, "deliver %u to thread %u at ticks %lu pc 0x%lx", signo, current->tid, ticks_now(), ctx.regs[R_RIP]);
  act_on(signo, &s);
  return true;
}

static bool replay_deliver(bool at_syscall) {
  const struct rr_event *e = log_peek();
  if (e && unlikely(e->type == RR_EV_TRACE)) return tracee_replay(at_syscall);
  if (!e || e->type != RR_EV_SIGNAL || !(e->flags & RR_EVF_AT_SYSCALL) == at_syscall) return false;
  if (e->tid != current->tid || e->ticks != ticks_now() || e->pc != ctx.regs[R_RIP]) return false;
  struct signal_event s = { 0 };
  e = log_take(RR_EV_SIGNAL, e->code);
  if (e->size < sizeof *e + sizeof s || e->code < 1 || e->code > 64) stop(STOP_IO, "the trace is damaged: a bad signal in stream %u", ctx.stream);
  memcpy(&s, log_payload(e), sizeof s);
  u32 signo = e->code;
  if (debugging) debug_signal(signo, &s.info);
  act_on(signo, &s);
  return true;
}

bool signal_deliver(bool at_syscall) {
  u64 pc = ctx.regs[R_RIP];
  u64 events = ctx.events;
  if (replaying) while (replay_deliver(at_syscall)) ;
  else {
    if (signal_captured) signal_take();
    while (signal_due_for(current)) if (!record_one(at_syscall)) break;
  }
  // rt_sigsuspend and friends came back with EINTR, and the signal turned out to need no handler.
  if (current->have_saved_sigmask && at_syscall && !current->in_call && current->call.restart == RESTART_NONE && pc != current->syscall_pc) restore_mask();
  return ctx.events != events;
}

// ---- faults ----

// kernel/signal.c, force_sig_info_to_task: blocked or ignored means death.
static void force(u32 signo, const struct guest_siginfo *info, bool is_fault) {
  if (unlikely(diverting)) { divert_signal(signo, info); return; }
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (!e || e->type != RR_EV_FAULT || e->code != signo) diverged(e, "signal %u, code %d, address 0x%lx", signo, info->code, *(const u64 *)info->rest);
    e = log_take(RR_EV_FAULT, (u16)signo);
    if (e->size >= sizeof *e + sizeof *info && memcmp(log_payload(e), info, 32)) diverged(e, "signal %u, code %d, address 0x%lx", signo, info->code, *(const u64 *)info->rest);
    if (debugging) debug_signal(signo, info);
  } else {
    memcpy(log_begin(RR_EV_FAULT, (u16)signo, sizeof *info), info, sizeof *info);
    log_end(0);
  }
  rr_log(LOG_SIGNAL, "fault: signal %u, code %d, address 0x%lx, thread %u pc 0x%lx", signo, info->code, *(const u64 *)info->rest, current->tid, ctx.regs[R_RIP]);
  struct guest_action *a = action_of(current->process, signo);
  bool deadly = a->handler <= 1 || current->sigmask & SIGBIT(signo);
  if (unlikely(current->tracing.on)) { // told to the tracer by the run loop; what it gives back is delivered
    if (deadly) { a->handler = 0; signal_mask_set(current, current->sigmask & ~SIGBIT(signo)); }
    current->tracing.info = *info;
    current->tracing.signal_due = signo;
    return;
  }
  if (deadly) signal_exit_by(signo);
  push(signo, info, current->sigmask, handler_mask(signo), is_fault);
}

void signal_raise_sys(u64 pc, u32 nr, s32 data) {
  struct guest_siginfo info = { .signo = 31, .errno_ = data, .code = 1 }; // SIGSYS, SYS_SECCOMP
  u32 arch = 0xc000003e;       // AUDIT_ARCH_X86_64
  memcpy(info.rest, &pc, 8);
  memcpy(info.rest + 8, &nr, 4);
  memcpy(info.rest + 12, &arch, 4);
  force(31, &info, false);
}

void signal_raise_fault(u32 signo, s32 code, u64 addr, u64 trapno, u64 error) {
  struct guest_siginfo info = { .signo = (s32)signo, .code = code };
  memcpy(info.rest, &addr, 8);
  current->last_trapno = trapno;
  current->last_error = error;
  if (trapno == 14) current->last_cr2 = addr;
  force(signo, &info, trapno != 3 && trapno != 1 && trapno != 4);
}

void signal_fault(void) {
  struct host_fault *f = &carrier->fault;
  u64 addr = ctx.regs[R_RIP];
  if (unlikely(shadowing) && shared_fault(f)) return;
  current->last_trapno = f->trapno;
  current->last_error = f->error;
  if (f->trapno == 14) current->last_cr2 = f->cr2;
  // Where the kernel names the instruction, it is the copy's address.
  if (f->signo == SIGFPE || f->signo == SIGILL || f->signo == SIGTRAP) memcpy(f->info.rest, &addr, 8);
  force((u32)f->signo, &f->info, true);
}

void signal_sigreturn(void) {
  u64 mask;
  if (replaying) log_take(RR_EV_SIGRETURN, 0);
  else { log_begin(RR_EV_SIGRETURN, 0, 0); log_end(0); }
  if (!sigframe_return(&mask)) {
    signal_raise_fault(SIGSEGV, SI_KERNEL, 0, current->last_trapno, current->last_error);
    return;
  }
  signal_mask_set(current, mask);
}

// ---- exec ----

u64 signal_before_exec(void) {
  if (current->tracing.slot) {
    current->tracing.slot->mode = current->tracing.mode;
    current->tracing.slot->in_call = current->tracing.entered;
  }
  u64 all = ~SIG_SYNC, mask = current->sigmask | SIGBIT(SIGKILL);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
  carrier->host_mask = ~0ul;
  if (signal_captured) {
    signal_captured = 0;
    for (struct host_thread *h = all_hosts; h; h = h->next)
      if (h->process == current->process) {
        if (h->captured) pending_add(current->process, NULL, &h->info);
        for (u32 i = 0; i < 6; i++)
          if (h->captured_sync & 1u << i) pending_add(current->process, NULL, &h->sync_info[i]);
        h->captured = h->captured_sync = 0;
      }
  }
  struct process *p = current->process;
  for (struct pending *n = pending_list; n; n = n->next) {
    if (n->p != p || (n->t && n->t != current)) continue;
    if (n->t) sys(__NR_rt_tgsigqueueinfo, p->pid, carrier->tid, n->info.signo, &n->info);
    else sys(__NR_rt_sigqueueinfo, p->pid, n->info.signo, &n->info);
  }
  for (u32 i = 1; i <= 64; i++)
    if ((SIG_SYNC | SIGBIT(KICK_SIGNAL)) & SIGBIT(i) && action_of(p, i)->handler == 1) {
      struct guest_action ignore = { .handler = 1 };
      sys(__NR_rt_sigaction, i, &ignore, 0, 8);
    }
  return mask;
}

// A signal that the guest blocks, and now wants to read from a signalfd, must be pending in the kernel.
void signal_give_back(struct process *p, u64 set) {
  for (struct pending **at = &pending_list, *n; (n = *at);) {
    u64 bit = SIGBIT(n->info.signo);
    if (n->p != p || !(set & bit) || !((n->t ? n->t : current)->sigmask & bit)) { at = &n->next; continue; }
    if (n->t) sys(__NR_rt_tgsigqueueinfo, p->pid, n->t->tid, n->info.signo, &n->info);
    else sys(__NR_rt_sigqueueinfo, p->pid, n->info.signo, &n->info);
    if (n->t) n->t->pending &= ~bit;
    else p->pending &= ~bit;
    *at = n->next;
    heap_free(n, sizeof *n);
  }
}

void signal_process_copy(struct process *p, const struct process *from) {
  p->actions = heap_alloc(sizeof *p->actions);
  *p->actions = *from->actions;
}
