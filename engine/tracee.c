// The tracee: see tracee.h. What differs from the kernel (kernel/ptrace.c, kernel/signal.c): the vfork event comes after the child
// has made its exec, and a fork's event shows the call's result.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/fcntl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/run.h"
#include "engine/sys.h"
#include "engine/tracee.h"
#include "engine/tracee_regs.h"
#include "engine/translate.h"

#define SYSCALL_TRAP (SIGTRAP | 0x80)
#define WATCHED (SIGBIT(SIGCHLD) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH) | SIGBIT(SIGCONT) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define ERESTARTSYS_ (-512)

u32 tracee_asked;

// ---- slots (record) ----

struct rr_tracee *tracee_slot(u32 i) { return (struct rr_tracee *)((u8 *)session + RR_OFF_TRACEES + (u64)i * RR_PAGE); }

static char state_of(u32 tid) { // as /proc/TID/stat tells; 0: gone
  char path[32], text[256];
  fmt(path, sizeof path, "/proc/%u/stat", tid);
  s64 fd = sys(__NR_open, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  s64 n = sys(__NR_read, fd, text, sizeof text - 1);
  sys(__NR_close, fd);
  while (n > 0 && text[n - 1] != ')') n--;
  return n > 0 ? text[n + 1] : 0;
}

bool tracee_gone(const struct rr_tracee *s) {
  char c = state_of(s->tid);
  return !c || c == 'Z' || c == 'X';
}

struct rr_tracee *tracee_claim(u32 tid, u32 pid, u32 tracer, u32 tracer_tid) {
  for (u32 i = 0; i < RR_TRACEES; i++) {
    struct rr_tracee *s = tracee_slot(i);
    u32 state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
    if (state == RR_TRACEE_USED && i < session->tracees && s->tid && !s->report && tracee_gone(s)) __atomic_compare_exchange_n(&s->state, &state, RR_TRACEE_FREE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    state = RR_TRACEE_FREE;
    if (!__atomic_compare_exchange_n(&s->state, &state, RR_TRACEE_CLAIMED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    memset(&s->tid, 0, sizeof *s - offsetof(struct rr_tracee, tid));
    s->tid = tid;
    s->pid = pid;
    s->tracer = tracer;
    s->tracer_tid = tracer_tid;
    u32 ever = session->tracees;
    while (ever < i + 1 && !__atomic_compare_exchange_n(&session->tracees, &ever, i + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) ;
    __atomic_store_n(&s->state, RR_TRACEE_USED, __ATOMIC_RELEASE);
    return s;
  }
  stop(STOP_REFUSED, "more than %u threads that are traced (ptrace) at once can't be recorded", RR_TRACEES);
}

struct rr_tracee *tracee_find(u32 tid) {
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = tracee_slot(i);
    if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == RR_TRACEE_USED && s->tid == tid) return s;
  }
  return NULL;
}

static s64 kick(u32 pid, u32 tid) {
  struct guest_siginfo info = { .signo = KICK_SIGNAL, .code = TRACE_CODE };
  return sys(__NR_rt_tgsigqueueinfo, pid, tid, KICK_SIGNAL, &info);
}

s64 tracee_kick(const struct rr_tracee *s) { return kick(s->pid, s->tid); }

static void notify(struct rr_tracee *s) {
  __atomic_store_n(&s->notify, 1, __ATOMIC_SEQ_CST);
  if (!s->tracer_tid || kick(s->tracer, s->tracer_tid) < 0) kick(s->tracer, s->tracer);
}

bool tracee_stop_sent(u32 tid) {
  struct rr_tracee *s = session->tracees ? tracee_find(tid) : NULL;
  if (!s || s->attach || s->report == 2) return false;
  __atomic_store_n(&s->sigstop, 1, __ATOMIC_SEQ_CST);
  return tracee_kick(s) == 0;
}

// ---- being traced ----

void tracee_begin(struct thread *t, struct rr_tracee *slot, u32 options, bool seized) {
  memset(&t->tracing, 0, sizeof t->tracing);
  t->tracing.on = true;
  t->tracing.options = options;
  t->tracing.seized = seized;
  t->tracing.slot = slot;
  if (replaying) return;
  struct sigaction_table *a = t->process->actions;
  u64 new = WATCHED & ~a->watched;
  a->watched |= WATCHED; // what the kernel ignores or does itself is reported too
  for (u32 i = 1; i <= 64; i++)
    if (new & SIGBIT(i)) signal_host_action(i);
}

static void end(struct thread *t) {
  struct rr_tracee *s = t->tracing.slot;
  memset(&t->tracing, 0, sizeof t->tracing);
  if (s) __atomic_store_n(&s->state, RR_TRACEE_FREE, __ATOMIC_RELEASE);
}

bool tracee_holds(const struct thread *t) {
  const struct tracing *p = &t->tracing;
  return p->on && (t->state == T_STOPPED || p->hold || p->exit_due || p->event_due || p->signal_due);
}

static void log_trace(u16 what, u32 tid, u64 a, u64 b, u64 c, const void *data, u32 n, u8 flags) {
  u32 padded = (u32)ALIGN_UP((u64)n, 8ul);
  struct rr_ev_trace *e = log_begin(RR_EV_TRACE, what, sizeof *e + padded);
  *e = (struct rr_ev_trace){ tid, n, a, b, c };
  memset((u8 *)(e + 1) + (padded >= 8 ? padded - 8 : 0), 0, padded ? 8 : 0);
  memcpy(e + 1, data, n);
  log_end(flags);
}

static void publish(struct thread *t, u32 code) {
  struct rr_tracee *s = t->tracing.slot;
  if (!s) return;
  s->kind = t->tracing.kind;
  s->status = code << 8 | 0x7f;
  s->message = t->tracing.message;
  __atomic_store_n(&s->stopped, 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&s->report, 1, __ATOMIC_SEQ_CST);
  notify(s);
}

// current stops here. code: as in the wait status.
static void stop_here(u8 kind, u32 code, const struct guest_siginfo *info, u8 flags) {
  struct tracing *p = &current->tracing;
  if (replaying) {
    const struct rr_event *e = log_take(RR_EV_TRACE, RR_TRACE_STOP);
    const struct rr_ev_trace *r = log_payload(e);
    if (r->tid != current->tid || r->a != kind || r->b != code) diverged(e, "a stop of kind %u, code 0x%x", kind, code);
  } else log_trace(RR_TRACE_STOP, current->tid, kind, code, 0, info, sizeof *info, flags);
  rr_log(LOG_SIGNAL, "thread %u stops for its tracer: kind %u, code 0x%x", current->tid, kind, code);
  p->kind = kind;
  p->info = *info;
  current->state = T_STOPPED;
  if (!replaying) publish(current, code);
}

static void stop_for(u8 kind, u32 code) {
  struct guest_siginfo info = { .signo = SIGTRAP, .code = (s32)code };
  u32 who[2] = { current->tid, 0 };
  memcpy(info.rest, who, sizeof who);
  stop_here(kind, code, &info, RR_EVF_AT_SYSCALL);
}

// ---- system calls ----

bool tracee_call(void) {
  struct tracing *p = &current->tracing;
  u32 trap = p->options & PTRACE_O_TRACESYSGOOD ? SYSCALL_TRAP : SIGTRAP;
  bool emulated = p->mode == RR_RESUME_SYSEMU || p->mode == RR_RESUME_SYSEMU_STEP;
  if (!p->entered) {
    p->nr = (u32)ctx.regs[R_RAX];
    bool leaves = (p->nr == __NR_exit_group || p->nr == __NR_exit) && p->options & PTRACE_O_TRACEEXIT && !p->exit_told;
    if (p->mode != RR_RESUME_SYSCALL && !emulated) {
      if (!leaves) return false;
    } else {
      p->shown = -ENOSYS;
      p->entered = true;
      p->skip = emulated;
      p->view = VIEW_ENTRY;
      stop_for(RR_STOPPED_ENTRY, trap);
      return true;
    }
    p->exit_told = true;
    p->message = (ctx.regs[R_RDI] & 0xff) << 8;
    stop_for(RR_STOPPED_EVENT, SIGTRAP | PTRACE_EVENT_EXIT << 8);
    return true;
  }
  p->hold = false;
  if (p->skip || (s32)p->nr == -1) {
    ctx.regs[R_RAX] = (u64)p->shown;
    ctx.regs[R_RIP] += 2;
    ctx.regs[R_RCX] = ctx.regs[R_RIP];
    ctx.regs[R_R11] = ctx.regs[R_RFLAGS];
    p->entered = false;
    p->exit_due = true;
    p->view = VIEW_EXIT;
    p->skip = false;
    return true;
  }
  if (replaying) { // a signal came before the recording could make the call
    const struct rr_event *e = log_peek();
    if (e && e->type == RR_EV_TRACE && e->code == RR_TRACE_STOP && ((const struct rr_ev_trace *)log_payload(e))->a == RR_STOPPED_EXIT) { tracee_interrupted(); return true; }
  }
  if ((p->nr == __NR_exit_group || p->nr == __NR_exit) && p->options & PTRACE_O_TRACEEXIT && !p->exit_told) {
    p->exit_told = true;
    p->hold = true;
    p->message = (ctx.regs[R_RDI] & 0xff) << 8;
    stop_for(RR_STOPPED_EVENT, SIGTRAP | PTRACE_EVENT_EXIT << 8);
    return true;
  }
  ctx.regs[R_RAX] = p->nr;
  return false;
}

void tracee_returned(struct thread *t) {
  struct tracing *p = &t->tracing;
  if (!p->entered) return;
  p->entered = p->hold = false;
  p->exit_due = true;
  p->view = VIEW_EXIT;
}

void tracee_interrupted(void) {
  struct tracing *p = &current->tracing;
  if (!p->entered) return;
  p->entered = p->hold = false;
  p->exit_due = true;
  p->view = VIEW_RESTART;
  p->shown = ERESTARTSYS_;
  if (p->mode == RR_RESUME_SYSCALL) return;
  p->exit_due = false;
  p->view = VIEW_PLAIN;
}

bool tracee_due(void) {
  struct tracing *p = &current->tracing;
  if (p->event_due) {
    u32 event = p->event_due;
    p->event_due = 0;
    p->message = event == PTRACE_EVENT_EXEC ? current->tid : p->message;
    stop_for(RR_STOPPED_EVENT, SIGTRAP | event << 8);
    return true;
  }
  if (p->exit_due) {
    p->exit_due = false;
    if (p->mode == RR_RESUME_SYSCALL) {
      stop_for(RR_STOPPED_EXIT, p->options & PTRACE_O_TRACESYSGOOD ? SYSCALL_TRAP : SIGTRAP);
      return true;
    }
    p->view = VIEW_PLAIN;
  }
  if (p->signal_due) {
    u32 signo = p->signal_due;
    p->signal_due = 0;
    p->stepped = 0;
    struct guest_siginfo info = p->info;
    stop_here(RR_STOPPED_SIGNAL, signo, &info, RR_EVF_AT_SYSCALL);
    return true;
  }
  if (p->stepped) {
    struct guest_siginfo info = { .signo = SIGTRAP, .code = p->stepped };
    p->stepped = 0;
    memcpy(info.rest, &ctx.regs[R_RIP], 8);
    stop_here(RR_STOPPED_STEP, SIGTRAP, &info, RR_EVF_AT_SYSCALL);
    return true;
  }
  return false;
}

// ---- signals (record) ----

bool tracee_signal_stop(u32 signo, const struct guest_siginfo *info, u8 flags) {
  struct tracing *p = &current->tracing;
  if (!p->on || signo == SIGKILL) return false;
  if (!signo) { // PTRACE_INTERRUPT
    struct guest_siginfo trap = { .signo = SIGTRAP, .code = SIGTRAP | PTRACE_EVENT_STOP << 8 };
    stop_here(RR_STOPPED_GROUP, SIGTRAP | PTRACE_EVENT_STOP << 8, &trap, flags);
  } else stop_here(RR_STOPPED_SIGNAL, signo, info, flags);
  return true;
}

bool tracee_injected(struct thread *t, struct guest_siginfo *info) {
  if (!t->tracing.inject) return false;
  *info = t->tracing.inject_info;
  t->tracing.inject = 0;
  return true;
}

// ---- what its tracer asks ----

static void resume(struct thread *t, u64 mode, u32 signo) {
  struct tracing *p = &t->tracing;
  p->mode = (u8)mode;
  if (p->kind == RR_STOPPED_ENTRY) p->hold = true;
  else if (p->kind != RR_STOPPED_EVENT || !p->exit_due) p->view = VIEW_PLAIN;
  if (p->kind == RR_STOPPED_EVENT && p->exit_due) p->view = VIEW_EXIT;
  if ((p->kind == RR_STOPPED_SIGNAL || p->kind == RR_STOPPED_STEP) && signo) {
    if ((u32)p->info.signo != signo) {
      p->info = (struct guest_siginfo){ .signo = (s32)signo, .code = SI_USER };
      if (p->slot) memcpy(p->info.rest, &p->slot->tracer, 4);
    }
    p->inject = replaying ? 0 : signo;
    p->inject_info = p->info;
  } else if (signo && !replaying) {
    struct guest_siginfo info = { .signo = (s32)signo, .code = SI_USER };
    signal_post(t->process, t, &info);
  }
  t->state = T_RUNNABLE;
  thread_ready(t);
}

// Changes that the log knows. Both.
static s64 apply(struct thread *t, u32 what, u64 a, u64 n, void *data) {
  struct tracing *p = &t->tracing;
  switch (what) {
  case RR_ASK_RESUME: resume(t, a, (u32)n); return 0;
  case RR_ASK_DETACH: {
    u32 signo = (u32)n;
    bool was_entry = p->kind == RR_STOPPED_ENTRY;
    resume(t, RR_RESUME_CONT, signo);
    struct guest_siginfo info = p->inject_info;
    bool inject = p->inject, call = was_entry && p->entered;
    if (call && t->tracing.nr != (u32)-1) thread_regs(t)[R_RAX] = p->nr;
    end(t);
    if (inject && !replaying) signal_post(t->process, t, &info);
    return 0;
  }
  case RR_ASK_SETREGS: tracee_set_regs(t, data); return 0;
  case RR_ASK_SETVECTORS: return tracee_set_vectors(t, data, n);
  case RR_ASK_POKE:
    smc_prepare_write(a, n);
    translate_poked(a, a + n);
    return memory_poke(a, data, n) == n ? 0 : -EIO;
  case RR_ASK_SETSIGINFO: memcpy(&p->info, data, sizeof p->info); return 0;
  case RR_ASK_SETSIGMASK: {
    u64 mask;
    memcpy(&mask, data, 8);
    signal_mask_set(t, mask);
    return 0;
  }
  case RR_ASK_OPTIONS: p->options = (u32)a; return 0;
  }
  return -EIO;
}

static s64 answer(struct thread *t, struct rr_tracee *s, u8 flags) {
  struct tracing *p = &t->tracing;
  u64 n = s->length;
  if (t->state != T_STOPPED) return -ESRCH;
  if (t == current) switch_save();
  switch (s->request) {
  case RR_ASK_GETREGS: tracee_get_regs(t, (void *)s->data); return 0;
  case RR_ASK_GETVECTORS: return tracee_get_vectors(t, s->data, n);
  case RR_ASK_PEEK: return copyin(s->data, s->address, n) == n ? 0 : -EIO;
  case RR_ASK_GETSIGINFO: memcpy(s->data, &p->info, sizeof p->info); return p->kind == RR_STOPPED_GROUP ? -EINVAL : 0;
  case RR_ASK_GETSIGMASK: memcpy(s->data, &t->sigmask, 8); return 0;
  }
  bool carries = s->request == RR_ASK_SETREGS || s->request == RR_ASK_SETVECTORS || s->request == RR_ASK_POKE || s->request == RR_ASK_SETSIGINFO || s->request == RR_ASK_SETSIGMASK;
  if (s->request == RR_ASK_RESUME || s->request == RR_ASK_DETACH) {
    __atomic_store_n(&s->report, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->stopped, 0, __ATOMIC_SEQ_CST);
  }
  log_trace(RR_TRACE_ASK, t->tid, s->request, s->address, n, s->data, carries ? (u32)n : 0, flags);
  return apply(t, s->request, s->address, n, s->data);
}

static void take_attach(struct thread *t, struct rr_tracee *s, u8 flags) {
  u32 how = s->attach;
  bool seized = how == 2 || how == 3;
  log_trace(RR_TRACE_ATTACH, t->tid, s->options, seized, 0, NULL, 0, flags);
  tracee_begin(t, s, s->options, seized);
  __atomic_store_n(&s->attach, 0, __ATOMIC_SEQ_CST);
  if (how == 3) __atomic_store_n(&s->interrupt, 1, __ATOMIC_SEQ_CST);
  if (how == 1) {
    struct guest_siginfo info = { .signo = SIGSTOP, .code = SI_USER };
    signal_post(t->process, t, &info);
  }
}

static void tracer_left(struct thread *t, struct rr_tracee *s, u8 flags) {
  if (t->tracing.options & PTRACE_O_EXITKILL) sys(__NR_kill, t->process->pid, SIGKILL);
  if (t->state == T_STOPPED) {
    if (t == current) switch_save();
    log_trace(RR_TRACE_ASK, t->tid, RR_ASK_DETACH, 0, 0, NULL, 0, flags);
    apply(t, RR_ASK_DETACH, 0, 0, NULL);
  } else {
    log_trace(RR_TRACE_ASK, t->tid, RR_ASK_DETACH, 1, 0, NULL, 0, flags);
    end(t);
  }
  (void)s;
}

void tracee_serve(u8 flags) {
  if (!__atomic_exchange_n(&tracee_asked, 0, __ATOMIC_SEQ_CST)) return;
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = tracee_slot(i);
    if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != RR_TRACEE_USED) continue;
    struct thread *t = thread_find(s->tid);
    if (!t || t->process != current->process) continue;
    if (s->attach) take_attach(t, s, flags);
    if (!t->tracing.on) continue;
    if (s->tracer_gone) { tracer_left(t, s, flags); continue; }
    if (__atomic_exchange_n(&s->sigstop, 0, __ATOMIC_SEQ_CST)) {
      struct guest_siginfo info = { .signo = SIGSTOP, .code = SI_USER };
      signal_post(t->process, t, &info);
    }
    if (__atomic_exchange_n(&s->interrupt, 0, __ATOMIC_SEQ_CST) && t->state != T_STOPPED) {
      t->tracing.interrupt = true;
      signal_wake(t);
    }
    if (__atomic_load_n(&s->turn, __ATOMIC_SEQ_CST) != RR_TURN_ASKED) continue;
    s->result = answer(t, s, flags);
    __atomic_store_n(&s->turn, RR_TURN_ANSWERED, __ATOMIC_SEQ_CST);
    sys(__NR_futex, &s->turn, FUTEX_WAKE, 0x7fffffff, 0, 0, 0);
  }
}

// A kick: as a tracer, SIGCHLD for stops that are new; waits look again. As a tracee: what is asked is served as soon as the log can name the point.
void tracee_noted(void) {
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = tracee_slot(i);
    if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != RR_TRACEE_USED) continue;
    if (thread_find(s->tid)) tracee_asked = 1;
    if (s->tracer != current->process->pid || !__atomic_exchange_n(&s->notify, 0, __ATOMIC_SEQ_CST)) continue;
    struct guest_siginfo info = { .signo = SIGCHLD, .code = s->report == 2 ? CLD_EXITED : CLD_TRAPPED };
    u32 who[3] = { s->tid, 0, s->status >> 8 & 0x7f };
    memcpy(info.rest, who, sizeof who);
    const struct guest_action *a = &current->process->actions->a[SIGCHLD - 1];
    if (a->handler != 1 && !(a->flags & 1)) signal_post(current->process, NULL, &info); // SA_NOCLDSTOP
    for (struct thread *t = all_threads; t; t = t->next)
      if (t->process == current->process && t->state == T_CALL && (t->call.nr == __NR_wait4 || t->call.nr == __NR_waitid)) carrier_kick(t);
  }
  if (tracee_asked) tick_force();
}

void tracee_idle(void) {
  for (struct thread *t = all_threads; t; t = t->next) {
    struct rr_tracee *s = t->state == T_STOPPED ? t->tracing.slot : NULL;
    char c = s ? state_of(s->tracer) : 'R';
    if (c && c != 'Z' && c != 'X') continue;
    s->tracer_gone = 1;
    tracee_asked = 1;
  }
}

// ---- replay ----

static bool replay_event(bool at_syscall) {
  const struct rr_event *e = log_peek();
  if (!e || e->type != RR_EV_TRACE || !(e->flags & RR_EVF_AT_SYSCALL) == at_syscall) return false;
  if (e->tid != current->tid || e->ticks != ticks_now() || e->pc != ctx.regs[R_RIP]) return false;
  struct rr_ev_trace r = *(const struct rr_ev_trace *)log_payload(e);
  static u8 data[RR_TRACEE_DATA];
  if (r.bytes > sizeof data || e->size < sizeof *e + sizeof r + r.bytes) stop(STOP_IO, "the trace is damaged: a bad event of a tracer in stream %u", ctx.stream);
  if (e->code == RR_TRACE_STOP) {
    bool asynchronous = r.a == RR_STOPPED_SIGNAL || r.a == RR_STOPPED_GROUP;
    if (!asynchronous || current->state != T_RUNNABLE || r.tid != current->tid || tracee_holds(current) || current->tracing.stepped) return false;
    struct guest_siginfo info;
    memcpy(&info, (const struct rr_ev_trace *)log_payload(e) + 1, sizeof info);
    current->tracing.interrupt = false;
    stop_here((u8)r.a, (u32)r.b, &info, 0);
    return true;
  }
  memcpy(data, (const struct rr_ev_trace *)log_payload(e) + 1, r.bytes);
  u16 code = e->code;
  e = log_take(RR_EV_TRACE, code);
  struct thread *t = thread_find(r.tid);
  if (!t) diverged(e, "there is no thread %u that could be traced", r.tid);
  if (t == current && t->state == T_STOPPED) switch_save();
  if (code == RR_TRACE_ATTACH) tracee_begin(t, NULL, (u32)r.a, r.b & 1);
  else if (r.a == RR_ASK_DETACH && r.b == 1) end(t);
  else apply(t, (u32)r.a, r.b, r.c, data);
  return true;
}

bool tracee_replay(bool at_syscall) { return current->state == T_RUNNABLE && replay_event(at_syscall); }
bool tracee_replay_blocked(void) { return replay_event(true); }

// ---- exec, children, the end ----

// The first stops after an exec (fs/exec.c, ptrace_event; kernel/entry: the call's exit).
void tracee_after_exec(void) {
  u64 v[2] = { 0, 0 };
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (!e || e->type != RR_EV_TRACE || e->code != RR_TRACE_ATTACH) return;
    const struct rr_ev_trace *r = log_payload(log_take(RR_EV_TRACE, RR_TRACE_ATTACH));
    v[0] = r->a;
    v[1] = r->b;
    tracee_begin(current, NULL, (u32)v[0], v[1] & 1);
  } else {
    struct rr_tracee *s = session->tracees ? tracee_find(ctx.host_pid) : NULL;
    if (!s || s->attach) return;
    v[0] = s->options;
    v[1] = s->seized | s->mode << 8 | s->in_call << 16;
    log_trace(RR_TRACE_ATTACH, current->tid, v[0], v[1], 0, NULL, 0, RR_EVF_AT_SYSCALL);
    tracee_begin(current, s, s->options, s->seized);
  }
  struct tracing *p = &current->tracing;
  p->mode = (u8)(v[1] >> 8);
  p->nr = __NR_execve;
  p->view = VIEW_EXIT;
  if (v[1] >> 16 & 1) p->exit_due = true;
  if (p->options & PTRACE_O_TRACEEXEC) p->event_due = PTRACE_EVENT_EXEC;
  else if (!p->seized) {
    p->signal_due = SIGTRAP;
    p->info = (struct guest_siginfo){ .signo = SIGTRAP, .code = SI_USER };
    memcpy(p->info.rest, &current->tid, 4);
  }
}

u32 tracee_event_of(const struct thread *t, u64 flags, u64 exit_signal) {
  if (!t->tracing.on || flags & CLONE_UNTRACED) return 0;
  u32 event = flags & CLONE_VFORK ? PTRACE_EVENT_VFORK : exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE : PTRACE_EVENT_FORK;
  return t->tracing.options & 1u << event ? event : 0;
}

void tracee_child(struct thread *child, struct thread *parent, struct rr_tracee *slot) {
  u32 options = parent->tracing.options;
  bool seized = parent->tracing.seized;
  tracee_begin(child, slot, options, seized);
  if (replaying) return;
  if (seized) { child->tracing.interrupt = true; return; }
  struct guest_siginfo info = { .signo = SIGSTOP, .code = SI_USER };
  signal_post(child->process, child, &info);
}

void tracee_thread_exit(struct thread *t, u32 status) {
  struct rr_tracee *s = t->tracing.slot;
  if (!t->tracing.on || !s) return;
  t->tracing.on = false;
  if (s->turn == RR_TURN_ASKED) { s->result = -ESRCH; __atomic_store_n(&s->turn, RR_TURN_ANSWERED, __ATOMIC_SEQ_CST); sys(__NR_futex, &s->turn, FUTEX_WAKE, 1, 0, 0, 0); }
  s->stopped = 0;
  if (s->tid == s->pid && s->tracer == (u32)sys(__NR_getppid)) { __atomic_store_n(&s->state, RR_TRACEE_FREE, __ATOMIC_RELEASE); return; } // the kernel tells it
  s->status = status;
  __atomic_store_n(&s->report, 2, __ATOMIC_SEQ_CST);
  notify(s);
}

void tracee_process_exit(u32 status) {
  if (replaying || !session->tracees) return;
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->process == current->process) tracee_thread_exit(t, status);
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = tracee_slot(i);
    if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != RR_TRACEE_USED || s->tracer != current->process->pid) continue;
    if (s->report == 2) { __atomic_store_n(&s->state, RR_TRACEE_FREE, __ATOMIC_RELEASE); continue; }
    __atomic_store_n(&s->tracer_gone, 1, __ATOMIC_SEQ_CST);
    tracee_kick(s);
  }
}
