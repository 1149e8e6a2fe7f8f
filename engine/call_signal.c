// The guest's signal calls: dispositions, masks, waiting, sending. All but signalfd and signals to others are emulated.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/signal.h>
#include <linux/time.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/sigframe.h"
#include "engine/sys.h"

#define SS_AUTODISARM_ (1u << 31)
#define MINSIGSTKSZ_ 2048u
#define SA_KNOWN 0xdc000807ul // UAPI_SA_FLAGS (kernel/signal.c): what is not known is cleared
#define HOST_HANDLED (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP) | SIGBIT(SIGCONT)) // sent by the host always
#define STOPS (SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))

// ---- dispositions and masks ----

enum call_status call_rt_sigaction(struct call *c) {
  u32 signo = (u32)c->args[0];
  struct guest_action new, old;
  struct process *p = current->process;
  if (c->args[3] != 8) return call_done(c, -EINVAL);
  if (c->args[1] && !get_guest(&new, c->args[1], sizeof new)) return call_done(c, -EFAULT);
  if (signo < 1 || signo > 64 || (c->args[1] && SIGBIT(signo) & SIG_UNBLOCKABLE)) return call_done(c, -EINVAL);
  old = p->actions->a[signo - 1];
  if (c->args[1]) {
    new.flags &= SA_KNOWN;
    new.mask &= ~SIG_UNBLOCKABLE;
    p->actions->a[signo - 1] = new;
    if (!replaying) {
      if (signal_ignored(p, signo)) signal_flush(p, signo);
      signal_host_action(signo);
    }
  }
  if (c->args[2] && !put_guest(c->args[2], &old, sizeof old)) return call_done(c, -EFAULT);
  return call_done(c, 0);
}

enum call_status call_rt_sigprocmask(struct call *c) {
  u64 set, old = current->sigmask;
  if (c->args[3] != 8) return call_done(c, -EINVAL);
  if (c->args[1]) {
    if (!get_guest(&set, c->args[1], 8)) return call_done(c, -EFAULT);
    switch ((s32)c->args[0]) {
    case SIG_BLOCK: set |= old; break;
    case SIG_UNBLOCK: set = old & ~set; break;
    case SIG_SETMASK: break;
    default: return call_done(c, -EINVAL);
    }
    signal_mask_set(current, set);
  }
  if (c->args[2] && !put_guest(c->args[2], &old, 8)) return call_done(c, -EFAULT);
  return call_done(c, 0);
}

enum call_status call_rt_sigpending(struct call *c) {
  if (c->args[1] > 8) return call_done(c, -EINVAL);
  if (replaying) return CALL_HOST; // what was pending is in the log
  u64 host = 0, set;
  if (signal_captured) signal_take();
  if (carrier->host_mask) sys(__NR_rt_sigpending, &host, 8);
  set = (current->pending | current->process->pending | host) & current->sigmask;
  if (!put_guest(c->args[0], &set, c->args[1])) return call_done(c, -EFAULT);
  log_data(c->args[0], c->args[1]);
  return call_done(c, 0);
}

enum call_status call_sigaltstack(struct call *c) {
  struct { u64 sp; u32 flags, pad; u64 size; } new, old = { 0 };
  u64 sp = ctx.regs[R_RSP];
  if (c->args[0] && !get_guest(&new, c->args[0], sizeof new)) return call_done(c, -EFAULT);
  old.sp = current->altstack_sp;
  old.size = current->altstack_size;
  old.flags = altstack_flags(current, sp) | (current->altstack_flags & SS_AUTODISARM_);
  if (c->args[0]) {
    u32 mode = new.flags & ~SS_AUTODISARM_;
    if (altstack_holds(current, sp)) return call_done(c, -EPERM);
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return call_done(c, -EINVAL);
    if (mode == SS_DISABLE) new.sp = new.size = 0;
    else if (new.size < MINSIGSTKSZ_) return call_done(c, -ENOMEM);
    current->altstack_sp = new.sp;
    current->altstack_size = new.size;
    current->altstack_flags = new.flags;
  }
  if (c->args[1] && !put_guest(c->args[1], &old, sizeof old)) return call_done(c, -EFAULT);
  return call_done(c, 0);
}

enum call_status call_rt_sigreturn(struct call *c) {
  (void)c;
  signal_sigreturn();
  if (unlikely(current->tracing.on)) tracee_returned(current);
  return CALL_LOGGED;
}

// ---- waiting ----

// Replay: did the recording find its answer at once (or in the end without a switch)?
static bool answered(void) {
  const struct rr_event *e = log_peek();
  return !e || e->type == RR_EV_DATA || e->type == RR_EV_SYSCALL;
}

static enum call_status wait_here(struct call *c, u64 set) {
  c->result = -EINTR;
  current->wait_set = set;
  current->state = T_WAIT;
  if (set && !replaying) signal_mask_set(current, current->sigmask); // the host must not hold back what we wait for
  return CALL_BLOCKED;
}

enum call_status call_pause(struct call *c) {
  if (replaying && answered()) return CALL_HOST;
  return wait_here(c, 0);
}

enum call_status call_rt_sigsuspend(struct call *c) {
  u64 mask;
  if (c->args[1] != 8) return call_done(c, -EINVAL);
  if (!get_guest(&mask, c->args[0], 8)) return call_done(c, -EFAULT);
  signal_swap_mask(&mask);
  if (replaying) return answered() ? CALL_HOST : wait_here(c, 0);
  if (signal_due()) return call_done(c, -EINTR);
  return wait_here(c, 0);
}

// What rt_sigtimedwait waited for is there, or not: called when its thread runs (record).
void sigtimedwait_finish(struct thread *t) {
  struct guest_siginfo info;
  u64 set = t->wait_set;
  t->wait_set = 0;
  signal_mask_set(t, t->sigmask);
  if (!signal_dequeue(t, set, &info)) return;
  t->call.result = info.signo;
  if (!t->call.args[1]) return;
  if (put_guest(t->call.args[1], &info, sizeof info)) log_data(t->call.args[1], sizeof info);
  else t->call.result = -EFAULT;
}

// From now on these are captured also where the disposition is to ignore them.
static void watch(u64 set) {
  struct sigaction_table *a = current->process->actions;
  u64 new = set & ~a->watched;
  a->watched |= set;
  for (u32 i = 1; i <= 64; i++)
    if (new & SIGBIT(i)) signal_host_action(i);
}

enum call_status call_rt_sigtimedwait(struct call *c) {
  u64 set, ns = ~0ul;
  if (c->args[3] != 8) return call_done(c, -EINVAL);
  if (!get_guest(&set, c->args[0], 8)) return call_done(c, -EFAULT);
  set &= ~SIG_UNBLOCKABLE;
  if (c->args[2]) {
    s64 r = timeout_read(c->args[2], &ns);
    if (r < 0) return call_done(c, r);
  }
  if (replaying) return answered() ? CALL_HOST : wait_here(c, set);
  watch(set);
  enum call_status s = wait_here(c, set);
  if (signal_captured) signal_take();
  if ((current->pending | current->process->pending) & set || ns == 0) {
    current->state = T_RUNNABLE;
    run_remove(current);
    c->result = -EAGAIN;
    sigtimedwait_finish(current);
    return CALL_DONE;
  }
  if (ns != ~0ul) timeout_set(current, clock_now(CLOCK_MONOTONIC) + ns, CLOCK_MONOTONIC);
  return s;
}

static enum call_status signalfd(struct call *c) {
  u64 set;
  struct process *p = current->process;
  if (c->args[2] == 8 && get_guest(&set, c->args[1], 8)) {
    set &= ~SIG_UNBLOCKABLE;
    if (signal_captured) signal_take();
    p->actions->signalfd |= set;
    for (u32 i = 1; i <= 64; i++)
      if (set & SIGBIT(i)) signal_host_action(i);
    signal_give_back(p, set);
  }
  return CALL_HOST;
}

enum call_status call_signalfd(struct call *c) { return signalfd(c); }
enum call_status call_signalfd4(struct call *c) { return signalfd(c); }

// ---- sending ----

// To ourselves, and nothing that the host must do itself: no call is needed, and it is there before the next instruction.
static bool ours(u32 signo) {
  if (signo == SIGSTOP && current->tracing.on) return true;
  if (signo < 1 || signo > 64 || SIGBIT(signo) & HOST_HANDLED) return false;
  if (!current->tracing.on && SIGBIT(signo) & STOPS && current->process->actions->a[signo - 1].handler == 0) return false;
  return !(SIGBIT(signo) & current->process->actions->signalfd);
}

static struct guest_siginfo user_info(u32 signo, s32 code) {
  struct guest_siginfo i = { .signo = (s32)signo, .code = code };
  u32 who[2] = { current->process->pid, (u32)sys(__NR_getuid) };
  memcpy(i.rest, who, sizeof who);
  return i;
}

static struct thread *target_of(u32 tid) {
  struct thread *t = thread_find(tid);
  return t && t->process == current->process ? t : NULL;
}

enum call_status call_kill(struct call *c) {
  u32 signo = (u32)c->args[1];
  if (signo == SIGSTOP && (u32)c->args[0] != current->process->pid && tracee_stop_sent((u32)c->args[0])) return call_done(c, 0);
  if ((u32)c->args[0] != current->process->pid || !ours(signo)) return CALL_HOST;
  struct guest_siginfo i = user_info(signo, SI_USER);
  signal_post(current->process, NULL, &i);
  return call_done(c, 0);
}

static enum call_status thread_kill(struct call *c, u32 tid, u32 signo) {
  struct thread *t = target_of(tid);
  if (signo == SIGSTOP && !t && tracee_stop_sent(tid)) return call_done(c, 0);
  if (!t || !ours(signo)) return CALL_HOST;
  struct guest_siginfo i = user_info(signo, SI_TKILL);
  signal_post(current->process, t, &i);
  return call_done(c, 0);
}

enum call_status call_tkill(struct call *c) { return thread_kill(c, (u32)c->args[0], (u32)c->args[1]); }

enum call_status call_tgkill(struct call *c) {
  if ((u32)c->args[0] != current->process->pid && (u32)c->args[2] != SIGSTOP) return CALL_HOST;
  return thread_kill(c, (u32)c->args[1], (u32)c->args[2]);
}

static enum call_status queue_info(struct call *c, struct thread *t, u32 signo, u64 at) {
  struct guest_siginfo i;
  if (!ours(signo)) return CALL_HOST;
  if (!get_guest(&i, at, sizeof i)) return call_done(c, -EFAULT);
  i.signo = (s32)signo;
  // do_rt_sigqueueinfo: only the thread that is the target itself may pretend to be the kernel or tkill
  if ((i.code >= 0 || i.code == SI_TKILL) && current->tid != current->process->pid) return call_done(c, -EPERM);
  signal_post(current->process, t, &i);
  return call_done(c, 0);
}

enum call_status call_rt_sigqueueinfo(struct call *c) {
  if ((u32)c->args[0] != current->process->pid) return CALL_HOST;
  return queue_info(c, NULL, (u32)c->args[1], c->args[2]);
}

enum call_status call_rt_tgsigqueueinfo(struct call *c) {
  struct thread *t = target_of((u32)c->args[1]);
  if ((u32)c->args[0] != current->process->pid || !t) return CALL_HOST;
  return queue_info(c, t, (u32)c->args[2], c->args[3]);
}
