// Processes and threads come and go: the clone family, exit, wait, and what replay does in their place.
//
// Record: a thread gets a host thread of its own; a fork is a real fork, whose child begins a stream of its own; a vfork child that shares
// the address space runs on a host process of its own, but as a guest thread of this address space's log, while its parent's host
// thread sleeps in the kernel's clone. Replay (-a): a fork is a real fork too, and a wait that found a child really waits for it.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/chaos.h"
#include "engine/debug.h"
#include "engine/exec.h"
#include "engine/run.h"
#include "engine/shared.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define SS_DISABLE_ 2u
#define CLONE_ARGS_MIN 64u
#define EMULATED_FLAGS (CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS | CLONE_CLEAR_SIGHAND)

struct request { // struct clone_args, made of either call's arguments
  u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
  bool three;
};
struct child { struct child *next; u32 recorded; s32 real; }; // replay -a

static struct child *children;
static u32 child_stream;                  // record: the extra value of a fork's event
static struct request vfork_request;      // from the parent to host_vfork_main
static s32 vfork_pidfd;
static struct rr_tracee *child_slot;       // record: of a fork that is traced from its birth

// ---- what a new thread or process begins with ----

static void set_child_regs(struct thread *t, const struct request *q) {
  u64 *r = t->regs;
  r[R_RAX] = 0;
  r[R_RIP] += 2;
  r[R_RCX] = r[R_RIP];
  r[R_R11] = r[R_RFLAGS];
  if (q->stack) r[R_RSP] = q->stack;
  if (q->flags & CLONE_SETTLS) t->fs_base = q->tls;
  if (q->flags & CLONE_CHILD_CLEARTID) t->clear_child_tid = q->child_tid;
}

static void put_tids(const struct request *q, u32 tid) {
  if (q->flags & CLONE_PARENT_SETTID) put_guest(q->parent_tid, &tid, 4);
  if (q->flags & CLONE_CHILD_SETTID && q->flags & CLONE_VM) put_guest(q->child_tid, &tid, 4);
}

// A guest thread that begins as a copy of current (thread, or vfork child with a process of its own).
static struct thread *new_thread(u32 tid, struct process *p, const struct request *q) {
  struct thread *t = thread_new(tid, p);
  thread_copy_state(t);
  t->sigmask = current->sigmask;
  t->filter = current->filter;
  t->filter_strict = current->filter_strict;
  if ((q->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) t->altstack_flags = SS_DISABLE_; // sas_ss_reset
  else { t->altstack_sp = current->altstack_sp; t->altstack_size = current->altstack_size; t->altstack_flags = current->altstack_flags; }
  set_child_regs(t, q);
  return t;
}

static struct process *new_vfork_process(u32 pid, const struct request *q) {
  struct process *p = heap_alloc(sizeof *p);
  p->pid = pid;
  p->ppid = current->process->pid;
  p->vfork_child = true;
  if (q->flags & CLONE_SIGHAND) p->actions = current->process->actions;
  else signal_process_copy(p, current->process);
  if (q->flags & CLONE_CLEAR_SIGHAND)
    for (u32 i = 0; i < 64; i++)
      if (p->actions->a[i].handler != 1) p->actions->a[i] = (struct guest_action){ 0 };
  return p;
}

// `current` is the parent.
static void free_vfork_process(struct process *p) {
  signal_process_free(p);
  if (p->actions != current->process->actions) heap_free(p->actions, sizeof *p->actions);
  heap_free(p, sizeof *p);
}

static void end_thread(struct thread *t) {
  t->state = T_DEAD;
  t->process->threads--;
  thread_count--;
}

// ---- fork: an address space of its own ----

static void block_all(u64 *old) {
  u64 all = ~SIG_SYNC;
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, old, 8);
}

// What comes between the clone and the child's carrier_after_fork is the child's: not even these are caught until then.
static void block_sync(void) {
  u64 all = ~0ul;
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
}

static s64 raw_clone(const struct request *q, u64 flags, s32 *pidfd) {
  if (!q->set_tid_size && !(flags >> 32)) {
    block_sync();
    return sys(__NR_clone, flags | q->exit_signal, 0, pidfd, 0, 0);
  }
  struct request a = *q;
  u64 tids[32];
  if (a.set_tid_size > 32) return -EINVAL;
  if (a.set_tid_size && !get_guest(tids, a.set_tid, a.set_tid_size * 4)) return -EFAULT;
  a.set_tid = a.set_tid_size ? (u64)tids : 0;
  a.flags = flags;
  a.pidfd = (u64)pidfd;
  a.stack = a.stack_size = a.tls = a.child_tid = a.parent_tid = 0;
  block_sync();
  return sys(__NR_clone3, &a, offsetof(struct request, three));
}

// The child side, on the forking host thread's copy. Everything but current is gone.
static void become_child(const struct request *q) {
  struct thread *t = all_threads, *next, parent = *current;
  u32 event = tracee_event_of(current, q->flags, q->exit_signal);
  struct process *p = current->process;
  signal_after_fork();
  for (; t; t = next) {
    next = t->next;
    if (t != current) thread_free(t);
  }
  futex_after_fork();
  thread_count = p->threads = 1;
  current->tid = p->pid = ctx.host_pid;
  p->ppid = replaying ? 0 : (u32)sys(__NR_getppid);
  p->vfork_child = false;
  children = NULL;
  current->robust_list = current->clear_child_tid = 0;
  carrier_after_fork();
  if (!replaying) sys(__NR_rt_sigprocmask, SIG_UNBLOCK, &(u64){ SIG_SYNC }, 0, 8);
  memory_fork_child();
  if (q->flags & CLONE_CLEAR_SIGHAND)
    for (u32 i = 1; i <= 64; i++)
      if (p->actions->a[i - 1].handler > 1) { p->actions->a[i - 1] = (struct guest_action){ 0 }; signal_host_action(i); }
  if (q->flags & CLONE_CHILD_SETTID) put_guest(q->child_tid, &current->tid, 4);
  memcpy(current->regs, ctx.regs, sizeof current->regs);
  thread_segment_bases(&current->fs_base, NULL);
  set_child_regs(current, q);
  memcpy(ctx.regs, current->regs, sizeof ctx.regs);
  if (q->flags & CLONE_SETTLS) thread_set_fs(q->tls);
  if (unlikely(session->opt.chaos) && !replaying) chaos_start(ctx.stream);
  memset(&current->tracing, 0, sizeof current->tracing);
  if (event) {
    if (child_slot) child_slot->tid = child_slot->pid = current->tid;
    tracee_child(current, &parent, child_slot);
  }
}

// The parent of a child that its tracer is told of.
static void tell_of_child(u32 event, struct rr_tracee *slot, s64 child) {
  if (!event) return;
  if (slot) {
    slot->tid = slot->pid = child > 0 ? (u32)child : 0;
    if (child <= 0) slot->state = RR_TRACEE_FREE;
  }
  if (child <= 0) return;
  current->tracing.event_due = event;
  current->tracing.message = (u64)child;
}

static struct rr_tracee *slot_for_child(u32 event) {
  const struct rr_tracee *s = current->tracing.slot;
  if (!event || !s) return NULL;
  struct rr_tracee *n = tracee_claim(0, 0, s->tracer, s->tracer_tid);
  n->options = current->tracing.options;
  n->seized = current->tracing.seized;
  return n;
}

static enum call_status record_fork(struct call *c, const struct request *q) {
  if (!carrier_own()) return CALL_LOGGED;
  u64 mask, parent_event = ctx.events;
  u32 parent_stream = ctx.stream;
  s32 pidfd = -1;
  memory_note_fork();
  u32 event = tracee_event_of(current, q->flags, q->exit_signal);
  child_slot = slot_for_child(event);
  child_stream = log_new_stream();
  block_all(&mask);
  s64 r = raw_clone(q, q->flags & ~(u64)EMULATED_FLAGS, &pidfd);
  if (r == 0) {
    log_forked_child(child_stream, parent_stream, parent_event);
    become_child(q);
    carrier->host_mask = ~0ul;
    signal_host_mask(carrier, signal_mirror(current->sigmask));
    return CALL_LOGGED;
  }
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  tell_of_child(event, child_slot, r);
  child_slot = NULL;
  if (r > 0) {
    put_tids(q, (u32)r);
    if (q->flags & CLONE_PIDFD && put_guest(q->pidfd, &pidfd, 4)) log_data(q->pidfd, 4);
    c->extra = &child_stream;
    c->extra_size = sizeof child_stream;
  }
  return call_done(c, r);
}

static void remember(u32 recorded, s64 real) {
  if (real <= 0) return;
  struct child *n = heap_alloc(sizeof *n);
  *n = (struct child){ children, recorded, (s32)real };
  children = n;
}

// The call's event, with what a fork adds. Returns its result.
static s64 take_event(struct call *c, u32 *stream) {
  const struct rr_event *e = log_take(RR_EV_SYSCALL, (u16)c->nr);
  const struct rr_ev_syscall *p = log_payload(e);
  if (e->size < sizeof *e + sizeof *p + (stream && p->result > 0 ? 4 : 0)) stop(STOP_IO, "the trace is damaged: a bad fork in stream %u", ctx.stream);
  if (stream) *stream = p->result > 0 ? *(const u32 *)(p + 1) : 0;
  return c->result = p->result;
}

static enum call_status replay_fork(struct call *c, const struct request *q) {
  u32 stream, parent_stream = ctx.stream;
  u64 parent_event = ctx.events;
  s32 before = 0;
  bool pidfd = q->flags & CLONE_PIDFD && get_guest(&before, q->pidfd, 4);
  s64 r = take_event(c, &stream);
  shared_begin_all(); // as memory_note_fork
  if (r > 0 && process_follow(stream)) {
    log_new_stream(); // keeps the context for log_forked_child
    s64 real = debugging ? 0 : sys(__NR_fork);
    if (real == 0) {
      log_forked_child(stream, parent_stream, parent_event);
      if (pidfd) put_guest(q->pidfd, &before, 4); // only the parent's memory has it
      become_child(q);
      if (debugging) debug_forked();
      return CALL_LOGGED;
    }
    if (real < 0) stop(STOP_IO, "replay could not fork (error %ld)", -real);
    remember((u32)r, real);
  }
  if (r > 0) put_tids(q, (u32)r);
  tell_of_child(tracee_event_of(current, q->flags, q->exit_signal), NULL, r);
  call_return(c);
  if (debugging && r > 0) debug_fork((u32)r, stream);
  return CALL_LOGGED;
}

// Does this replay go on in that stream too? Under the debugger: only if it is the one that is followed, and then instead.
bool process_follow(u32 stream) {
  if (!debugging) return true;
  for (u32 i = 0; i < ARRAY_SIZE(session->opt.follow); i++)
    if (session->opt.follow[i] == stream) return true;
  return false;
}

// ---- threads ----

static enum call_status record_thread(struct call *c, const struct request *q) {
  if (!carrier_own()) return CALL_LOGGED;
  struct host_thread *h = host_new();
  struct thread *t = new_thread(0, current->process, q);
  u64 mask;
  s32 pidfd = -1;
  t->host = h;
  h->guest = t;
  h->process = current->process;
  h->host_mask = ~0ul;
  h->want_mask = signal_mirror(t->sigmask);
  block_all(&mask);
  s64 r = host_clone((q->flags & ~(u64)EMULATED_FLAGS) | CLONE_CHILD_CLEARTID, h, NULL, &pidfd, host_thread_main);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  if (r < 0) {
    end_thread(t);
    thread_free(t);
    h->alive = 0;
    host_free(h);
    return call_done(c, r);
  }
  h->tid = t->tid = (u32)r;
  if (q->flags & CLONE_PIDFD && put_guest(q->pidfd, &pidfd, 4)) log_data(q->pidfd, 4);
  put_tids(q, t->tid);
  u32 event = tracee_event_of(current, q->flags, q->exit_signal);
  if (event) {
    struct rr_tracee *slot = slot_for_child(event);
    tell_of_child(event, slot, r);
    if (slot) slot->pid = t->process->pid;
    tracee_child(t, current, slot);
  }
  thread_ready(t);
  tick_budget(sched_slice_ticks());
  return call_done(c, r);
}

static enum call_status replay_thread(struct call *c, const struct request *q) {
  s64 r = take_event(c, NULL);
  if (r > 0) {
    struct thread *t = new_thread((u32)r, current->process, q);
    u32 event = tracee_event_of(current, q->flags, q->exit_signal);
    tell_of_child(event, NULL, r);
    if (event) tracee_child(t, current, NULL);
    thread_ready(t);
    put_tids(q, (u32)r);
  }
  call_return(c);
  return CALL_LOGGED;
}

// ---- vfork children that share the address space ----

static void vfork_traced(const struct request *q, struct thread *child) {
  u32 event = tracee_event_of(current, q->flags, q->exit_signal);
  if (!event) return;
  struct rr_tracee *slot = slot_for_child(event);
  tell_of_child(event, slot, child->tid);
  tracee_child(child, current, slot);
}

// The child's host thread, in a process of its own. Its parent sleeps in the kernel, so the baton is ours.
void host_vfork_main(struct host_thread *h) {
  const struct request *q = &vfork_request;
  struct call *c = &current->call;
  carrier_signal_stack(h);
  h->tid = (u32)sys(__NR_gettid);
  carrier = h;
  struct process *p = new_vfork_process(h->tid, q);
  struct thread *t = new_thread(h->tid, p, q);
  t->host = h;
  h->guest = t;
  h->process = p;
  put_tids(q, t->tid);
  vfork_traced(q, t);
  if (q->flags & CLONE_PIDFD && put_guest(q->pidfd, &vfork_pidfd, 4)) log_data(q->pidfd, 4);
  struct rr_ev_syscall *e = log_begin(RR_EV_ENTER, (u16)c->nr, sizeof *e);
  e->result = t->tid;
  memcpy(e->args, c->args, sizeof e->args);
  log_end(0);
  switch_choose(t, RR_EVF_AT_SYSCALL);
  if (q->flags & CLONE_CLEAR_SIGHAND)
    for (u32 i = 1; i <= 64; i++) signal_host_action(i);
  signal_host_mask(h, signal_mirror(t->sigmask));
  switch_enter();
  run_loop();
}

static void exit_event(u16 group, u32 status);

// SIGKILL. Where it was is known if it was waiting, in the kernel or for the baton; else what it wrote last is not.
static void vfork_killed(struct host_thread *h) {
  struct thread *t = h->guest;
  if (!carrier_lost(h)) stop(STOP_REFUSED, "a process that shares its parent's memory (vfork) was killed while it computed: this can't be recorded");
  check(t == current, t->tid);
  exit_event(1, 9);
  futex_cancel(t);
  run_remove(t);
  end_thread(t);
}

// Back in the parent: the child has made its exec or is gone.
static void after_vfork(struct thread *parent, struct host_thread *me, struct host_thread *h, u64 mask) {
  struct process *p = h->process;
  carrier = me;
  if (h->guest->state != T_DEAD) vfork_killed(h);
  switch_choose(parent, RR_EVF_AT_SYSCALL);
  host_free(h);
  free_vfork_process(p);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  for (struct host_thread *o = all_hosts; o; o = o->next)
    if (o->captured || o->captured_sync) signal_captured = 1;
  fd_changed(-1);
  switch_enter();
}

static enum call_status record_vfork(struct call *c, const struct request *q) {
  if (!carrier_own()) return CALL_LOGGED;
  struct host_thread *me = carrier, *h = host_new();
  struct thread *parent = current;
  u64 mask;
  vfork_request = *q;
  block_all(&mask);
  h->host_mask = ~0ul;
  parent->state = T_VFORK;
  parent->in_call = true;
  fd_changed(-1);
  // Without CLONE_VFORK too the parent waits for the child's end or exec: one of the schedules that there may be.
  s64 r = host_clone((q->flags & ~(u64)EMULATED_FLAGS) | CLONE_VFORK | CLONE_CHILD_CLEARTID | q->exit_signal, h, NULL, &vfork_pidfd, host_vfork_main);
  if (r < 0) {
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
    parent->state = T_RUNNABLE;
    parent->in_call = false;
    h->alive = 0;
    host_free(h);
    return call_done(c, r);
  }
  c->result = r;
  if (!h->process) { // killed before its first instruction
    carrier = me;
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
    parent->state = T_RUNNABLE;
    parent->in_call = false;
    host_free(h);
    return CALL_DONE;
  }
  after_vfork(parent, me, h, mask);
  return CALL_LOGGED;
}

static enum call_status replay_vfork(struct call *c, const struct request *q) {
  const struct rr_event *e = log_peek();
  if (e && e->type == RR_EV_SYSCALL) { take_event(c, NULL); call_return(c); return CALL_LOGGED; } // it failed
  e = log_take(RR_EV_ENTER, (u16)c->nr);
  u32 tid = (u32)((const struct rr_ev_syscall *)log_payload(e))->result;
  struct thread *t = new_thread(tid, new_vfork_process(tid, q), q);
  put_tids(q, tid);
  vfork_traced(q, t);
  thread_ready(t);
  current->state = T_VFORK;
  return CALL_BLOCKED;
}

void thread_exec_done(void) {
  if (current->process->vfork_child) end_thread(current);
}

void process_vfork_end(void) {
  struct process *p = current->process;
  end_thread(current);
  sched_block();
  free_vfork_process(p);
}

void process_replay_exec(u32 stream) {
  log_release_ahead();
  if (!current->process->vfork_child) exec_replay_stream(stream);
  if (process_follow(stream)) {
    s64 real = debugging ? 0 : sys(__NR_fork);
    if (real == 0) exec_replay_stream(stream);
    remember(current->tid, real);
  }
  process_vfork_end();
}

// ---- the clone family ----

static enum call_status clone(struct call *c, const struct request *q) {
  u64 f = q->flags;
  if (f & CLONE_THREAD) {
    if ((f & (CLONE_VM | CLONE_SIGHAND)) != (CLONE_VM | CLONE_SIGHAND)) return call_done(c, -EINVAL);
    return replaying ? replay_thread(c, q) : record_thread(c, q);
  }
  if (f & CLONE_SIGHAND && !(f & CLONE_VM)) return call_done(c, -EINVAL);
  if (!(f & CLONE_VM)) return replaying ? replay_fork(c, q) : record_fork(c, q);
  // Without CLONE_UNTRACED: that is a sanitizer's tracer, which waits for its parent to go on.
  if (f & CLONE_VFORK || !(f & CLONE_UNTRACED)) return replaying ? replay_vfork(c, q) : record_vfork(c, q);
  stop(STOP_REFUSED, "clone with flags 0x%lx (a process that shares memory and runs beside its parent) at pc 0x%lx can't be recorded yet", f, ctx.regs[R_RIP]);
}

enum call_status call_clone(struct call *c) {
  u64 f = (u32)c->args[0];
  struct request q = { .flags = f & ~(u64)CSIGNAL, .exit_signal = f & CSIGNAL, .pidfd = c->args[2], .parent_tid = c->args[2], .child_tid = c->args[3], .stack = c->args[1], .tls = c->args[4] };
  if (f & CLONE_PIDFD && f & CLONE_PARENT_SETTID) return call_done(c, -EINVAL);
  return clone(c, &q);
}

enum call_status call_clone3(struct call *c) {
  struct request q = { 0 };
  u64 size = c->args[1], known = offsetof(struct request, three);
  if (size > RR_PAGE) return call_done(c, -E2BIG);
  if (size < CLONE_ARGS_MIN) return call_done(c, -EINVAL);
  if (!get_guest(&q, c->args[0], size < known ? size : known)) return call_done(c, -EFAULT);
  for (u64 i = known; i < size; i++) {
    u8 b;
    if (!get_guest(&b, c->args[0] + i, 1)) return call_done(c, -EFAULT);
    if (b) return call_done(c, -E2BIG);
  }
  if (q.flags & (CSIGNAL | CLONE_DETACHED) || q.exit_signal > CSIGNAL || !q.stack != !q.stack_size) return call_done(c, -EINVAL);
  if (q.flags & (CLONE_THREAD | CLONE_PARENT) && q.exit_signal) return call_done(c, -EINVAL);
  if ((q.flags & CLONE_SIGHAND && q.flags & CLONE_CLEAR_SIGHAND) || (q.flags >> 32 && q.flags & CLONE_THREAD)) return call_done(c, -EINVAL);
  q.stack += q.stack_size;
  q.three = true;
  return clone(c, &q);
}

enum call_status call_fork(struct call *c) {
  struct request q = { .exit_signal = SIGCHLD };
  return clone(c, &q);
}

enum call_status call_vfork(struct call *c) {
  struct request q = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  return clone(c, &q);
}

// ---- exit ----

static void exit_event(u16 group, u32 status) {
  if (replaying) {
    const struct rr_event *e = log_take(RR_EV_EXIT, group);
    u32 recorded = ((const struct rr_ev_exit *)log_payload(e))->status;
    if (recorded != status) diverged(e, "exit with status 0x%x, recorded was 0x%x", status, recorded);
    return;
  }
  struct rr_ev_exit *e = log_begin(RR_EV_EXIT, group, sizeof *e);
  *e = (struct rr_ev_exit){ .status = status };
  log_end(0);
}

void process_exit(u32 status) {
  rr_log(LOG_THREAD, "process %u exits with status 0x%x", current->process->pid, status);
  if (debugging && !current->process->vfork_child) debug_exit(status);
  futex_process_exit(current->process);
  tracee_process_exit(status);
  exit_event(1, status);
  if (current->process->vfork_child) {
    if (replaying) { process_vfork_end(); return; }
    end_thread(current);
  } else {
    log_finish();
    translate_save();
  }
  if (replaying) log_release_ahead();
  for (;;) sys(__NR_exit_group, status >> 8);
}

enum call_status call_exit_group(struct call *c) {
  process_exit(((u32)c->args[0] & 0xff) << 8);
  return CALL_NO_RETURN;
}

enum call_status call_exit(struct call *c) {
  struct process *p = current->process;
  u32 status = ((u32)c->args[0] & 0xff) << 8;
  if (p->threads > 1) { process_thread_exit(status); return CALL_NO_RETURN; }
  if (current->tid == p->pid) p->leader_status = status;
  if (!replaying && signal_captured) signal_take();
  futex_thread_exit(current);
  process_exit(p->leader_status);
  return CALL_NO_RETURN;
}

void process_thread_exit(u32 status) {
  struct thread *t = current;
  if (!replaying && signal_captured) signal_take();
  futex_thread_exit(t);
  if (t->tid == t->process->pid) t->process->leader_status = status;
  exit_event(0, status);
  if (!replaying && t->tracing.on) tracee_thread_exit(t, status);
  end_thread(t);
  if (!replaying) {
    struct host_thread *h = t->host;
    h->call_done = status & 0x7f ? status : status >> 8;
    if (h == carrier) h->exits = true;
    else host_post(h, MAIL_EXIT);
    host_free(h);
  }
  sched_block();
}

// ---- wait ----

enum call_status call_wait4(struct call *c) { (void)c; return CALL_HOST; }
enum call_status call_waitid(struct call *c) { (void)c; return CALL_HOST; }

static void reap(u32 recorded) {
  for (struct child **at = &children, *n; (n = *at); at = &n->next) {
    if (n->recorded != recorded) continue;
    while (sys(__NR_wait4, n->real, 0, 0, 0) == -EINTR) ;
    *at = n->next;
    heap_free(n, sizeof *n);
    return;
  }
}

void replay_wait4(struct call *c) {
  u32 status;
  if (c->result <= 0) return;
  if (c->args[1]) {
    if (!get_guest(&status, c->args[1], 4)) return;
    if ((status & 0xff) == 0x7f || status == 0xffff) return; // stopped, continued
  } else if (c->args[2] & (WUNTRACED | WCONTINUED)) return;
  reap((u32)c->result);
}

void replay_waitid(struct call *c) {
  u32 info[6];
  if (c->result != 0 || c->args[3] & WNOWAIT || !c->args[2] || !get_guest(info, c->args[2], sizeof info)) return;
  if (info[0] == SIGCHLD && info[2] >= 1 && info[2] <= 3) reap(info[4]); // CLD_EXITED, KILLED, DUMPED
}

// ---- small ones ----

enum call_status call_set_tid_address(struct call *c) {
  current->clear_child_tid = c->args[0];
  return call_done(c, current->tid);
}

enum call_status call_set_robust_list(struct call *c) {
  if (c->args[1] != 24) return call_done(c, -EINVAL);
  current->robust_list = c->args[0];
  current->robust_len = c->args[1];
  return call_done(c, 0);
}

enum call_status call_get_robust_list(struct call *c) {
  struct thread *t = (u32)c->args[0] ? thread_find((u32)c->args[0]) : current;
  u64 len = 24;
  if (!t) return call_done(c, -ESRCH);
  if (!put_guest(c->args[2], &len, 8) || !put_guest(c->args[1], &t->robust_list, 8)) return call_done(c, -EFAULT);
  return call_done(c, 0);
}

enum call_status call_sched_yield(struct call *c) {
  c->result = 0;
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (!e || e->type != RR_EV_SWITCH) return CALL_DONE;
    sched_block();
    return CALL_LOGGED;
  }
  struct thread *t = thread_count > 1 ? carrier_next() : NULL;
  if (!t) return CALL_DONE;
  current->in_call = true;
  thread_ready(current);
  switch_choose(t, RR_EVF_AT_SYSCALL);
  switch_enter();
  return CALL_LOGGED;
}
