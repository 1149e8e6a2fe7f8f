// Guest threads: their objects, the run queue, who runs next, and the switch from one to another in user mode.
//
// A switch is logged (RR_EV_SWITCH) whenever `current` changes, and replay does exactly the logged ones; which host thread carries is not
// logged. The hard thing: between switch_choose and switch_enter current's state lies in its object and not in the CPU, and another host
// thread may be the one that enters it.
#include <asm/errno.h>
#include <asm/prctl.h>
#include <asm/unistd.h>
#include "engine/carrier.h"
#include "engine/chaos.h"
#include "engine/cpuid.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define SLICE_TICKS 200000ul     // about 300 us
#define HWCAP2_FSGSBASE 2        // arch/x86/include/uapi/asm/hwcap2.h
#define XFEATURE_PKRU (1ul << 9)
#define XFEATURE_AMX (3ul << 17)

struct thread *current, *all_threads;
u32 thread_count;
u32 xsave_bytes;
u64 xsave_mask;
static struct thread *run_head, *run_tail;
static bool loaded = true;       // current's registers, bases and vectors are where they belong while it runs
static u64 chaos;                // state of the debug mode's slice lengths

// ---- vector state and segment bases ----

// PKRU stays the host's (protection keys are hidden from the guest), AMX is hidden: it would make every frame 8 KiB larger.
void vectors_init(void) {
  u32 lo, hi, r[4];
  if (xsave_bytes) return;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  u64 here = lo | (u64)hi << 32;
  if (replaying && session->opt.xsave_mask != ~0ul && session->opt.xsave_mask & ~here)
    stop(STOP_IO, "the recorded program used vector registers that this CPU has not (state components 0x%lx, here 0x%lx); record with --cpu=x86-64-v2 or v3", session->opt.xsave_mask, here);
  xsave_mask = here & ~(XFEATURE_PKRU | XFEATURE_AMX) & session->opt.xsave_mask;
  xsave_bytes = 576;
  if (xsave_mask < 4) return;
  // The standard format's offsets grow with the number of the component on every CPU so far (Intel SDM vol. 1, 13.4.3).
  cpuid(13, 63 - (u32)__builtin_clzl(xsave_mask), r);
  xsave_bytes = r[1] + r[0];
}

void vectors_save(void *area) {
  __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((u32)xsave_mask), "d"((u32)(xsave_mask >> 32)) : "memory");
}

void vectors_load(const void *area) {
  __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)xsave_mask), "d"((u32)(xsave_mask >> 32)) : "memory");
}

static void bases_get(u64 *fs, u64 *gs) {
  if (cpu_hwcap2 & HWCAP2_FSGSBASE) {
    if (fs) __asm__ volatile("rdfsbase %0" : "=r"(*fs));
    if (gs) __asm__ volatile("rdgsbase %0" : "=r"(*gs));
  } else {
    if (fs) sys(__NR_arch_prctl, ARCH_GET_FS, fs);
    if (gs) sys(__NR_arch_prctl, ARCH_GET_GS, gs);
  }
}

static void bases_set(u64 fs, u64 gs) {
  if (cpu_hwcap2 & HWCAP2_FSGSBASE) {
    __asm__ volatile("wrfsbase %0" : : "r"(fs));
    __asm__ volatile("wrgsbase %0" : : "r"(gs));
  } else {
    sys(__NR_arch_prctl, ARCH_SET_FS, fs);
    sys(__NR_arch_prctl, ARCH_SET_GS, gs);
  }
}

void thread_segment_bases(u64 *fs, u64 *gs) { bases_get(fs, gs); }

void thread_set_bases(u64 fs, u64 gs) { bases_set(fs, gs); }

void thread_set_fs(u64 fs) {
  u64 gs;
  bases_get(NULL, &gs);
  bases_set(fs, gs);
}

static void save(struct thread *t) {
  memcpy(t->regs, ctx.regs, sizeof t->regs);
  bases_get(&t->fs_base, &t->gs_base);
  if (!t->vectors) t->vectors = heap_alloc(xsave_bytes);
  vectors_save(t->vectors);
}

static void load(struct thread *t) {
  memcpy(ctx.regs, t->regs, sizeof t->regs);
  bases_set(t->fs_base, t->gs_base);
  if (t->vectors) vectors_load(t->vectors);
}

// ---- objects ----

struct thread *thread_new(u32 tid, struct process *p) {
  struct thread *t = heap_alloc(sizeof *t), **at = &all_threads;
  t->tid = tid;
  t->process = p;
  while (*at) at = &(*at)->next;
  *at = t;
  thread_count++;
  p->threads++;
  if (unlikely(session->opt.chaos) && !replaying) t->priority = chaos_priority();
  return t;
}

void thread_copy_state(struct thread *t) {
  save(t);
  t->tsc_traps = current->tsc_traps;
  t->cpuid_traps = current->cpuid_traps;
}

void thread_free(struct thread *t) {
  struct thread **at = &all_threads;
  run_remove(t);
  while (*at && *at != t) at = &(*at)->next;
  if (*at) *at = t->next;
  signal_thread_free(t);
  call_release(&t->call);
  if (t->vectors) heap_free(t->vectors, xsave_bytes);
  heap_free(t, sizeof *t);
}

struct thread *thread_find(u32 tid) {
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->tid == tid && t->state != T_DEAD) return t;
  return NULL;
}

void thread_start(u32 pid) {
  struct process *p = heap_alloc(sizeof *p);
  vectors_init();
  p->pid = pid;
  p->ppid = replaying ? 0 : (u32)sys(__NR_getppid);
  p->actions = heap_alloc(sizeof *p->actions);
  chaos_start(ctx.stream);
  current = thread_new(pid, p);
  current->filter = filter_inherited;
  chaos = session->opt.seed + ctx.stream * 0x9e3779b97f4a7c15ul + 1;
  carrier_init();
}

// ---- run queue: first in, first out ----

bool run_empty(void) { return !run_head; }

void thread_ready(struct thread *t) {
  t->state = T_RUNNABLE;
  if (t->queued) return;
  t->queued = true;
  t->queue_next = NULL;
  if (run_tail) run_tail->queue_next = t;
  else run_head = t;
  run_tail = t;
}

// While a vfork child lives, the threads of its parent stand still: they belong to another host process.
struct thread *run_pop(const struct process *p) {
  struct thread *t = run_head;
  while (t && t->process != p) t = t->queue_next;
  if (unlikely(session->opt.chaos) && t)
    for (struct thread *o = t->queue_next; o; o = o->queue_next)
      if (o->process == p && chaos_prefers(o, t)) t = o;
  if (t) run_remove(t);
  return t;
}

void run_remove(struct thread *t) {
  if (!t->queued) return;
  struct thread *last = NULL;
  for (struct thread **at = &run_head; *at; at = &(*at)->queue_next) {
    if (*at == t) {
      *at = t->queue_next;
      if (run_tail == t) run_tail = last;
      t->queued = false;
      return;
    }
    last = *at;
  }
}

// ---- switching ----

void switch_save(void) {
  if (!loaded) return;
  if (current->state != T_DEAD) save(current);
  loaded = false;
}

static void make_current(struct thread *t) {
  struct thread *old = current;
  switch_save();
  current = t;
  if (old->state == T_DEAD) thread_free(old);
}

void switch_choose(struct thread *t, u8 flags) {
  if (t == current) return;
  rr_log(LOG_THREAD, "switch %u -> %u at ticks %lu", current->tid, t->tid, ticks_now());
  struct rr_ev_switch *e = log_begin(RR_EV_SWITCH, 0, sizeof *e);
  *e = (struct rr_ev_switch){ .to_tid = t->tid };
  log_end(flags);
  make_current(t);
}

void switch_enter(void) {
  if (!loaded) load(current);
  loaded = true;
  if (current->futex_addr) futex_cancel(current); // timed out or interrupted
  current->state = T_RUNNABLE;
  current->deadline = 0;
  if (current->in_call) {
    current->in_call = false;
    if (current->wait_set && !replaying) sigtimedwait_finish(current);
    current->wait_set = 0;
    call_finish(current);
  }
  signal_deliver(true);
}

void thread_to(struct thread *t) {
  if (t == current) return;
  make_current(t);
  load(t);
  loaded = true;
}

u64 *thread_regs(struct thread *t) { return t == current && loaded ? ctx.regs : t->regs; }

// Replay: the log says who runs next. No SWITCH: current goes on.
static void replay_switch(void) {
  while (tracee_replay_blocked()) ;
  const struct rr_event *e = log_peek();
  if (e && e->type == RR_EV_KILLED) run_replay_killed(e); // the recording was cut off just here
  if (e && e->type == RR_EV_EXIT && e->tid == current->tid && current->process->vfork_child && current->state != T_DEAD) signal_exit_by(9); // killed while it waited
  if (e && e->type == RR_EV_SWITCH && e->tid == current->tid) {
    e = log_take(RR_EV_SWITCH, 0);
    u32 to = ((const struct rr_ev_switch *)log_payload(e))->to_tid;
    struct thread *t = thread_find(to);
    if (!t) diverged(e, "there is no thread %u to switch to: a switch", to);
    if (current->state == T_RUNNABLE && !current->queued) thread_ready(current);
    run_remove(t);
    make_current(t);
  } else if (current->state == T_DEAD || current->state == T_STOPPED) {
    diverged(e, "thread %u has ended or is stopped: an event", current->tid);
  } else {
    run_remove(current);
  }
  switch_enter();
}

void sched_block(void) {
  if (current->state != T_DEAD) current->in_call = true;
  if (replaying) replay_switch();
  else carrier_block();
}

void sched_stopped(void) {
  if (replaying) replay_switch();
  else carrier_block();
}

void sched_slice_end(void) {
  if (replaying) { replay_switch(); return; }
  if (thread_count == 1) return;
  struct thread *t = carrier_next();
  if (!t) return;
  if (unlikely(session->opt.chaos) && chaos_keeps(t)) { thread_ready(t); return; }
  thread_ready(current);
  switch_choose(t, 0);
  switch_enter();
}

// How long the others may have to wait. Alone: for ever (a captured signal forces a tick).
u64 sched_slice_ticks(void) {
  u64 longest = session->opt.slice_ticks ? session->opt.slice_ticks : SLICE_TICKS;
  if (thread_count == 1 && !session->opt.slice_ticks) return 1ul << 40;
  if (unlikely(session->opt.chaos) && !(session->opt.debug & RR_DEBUG_SWITCH)) return chaos_slice(longest);
  if (!(session->opt.debug & RR_DEBUG_SWITCH)) return longest;
  chaos ^= chaos << 13; chaos ^= chaos >> 7; chaos ^= chaos << 17;
  return 1 + chaos % 97;
}
