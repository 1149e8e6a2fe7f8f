// The run loop. Guest code runs in the cache; here it is entered, and what it left for is done: linking, ticks and what is due
// at them, system calls, special instructions, faults.
//
// Where asynchronous things may happen is the same on record and replay: at the end of a tick budget (ticks, pc), and at once
// after an event or before a system call (RR_EVF_AT_SYSCALL). Other exits depend on the state of the cache: nothing that the
// guest could see happens at them.
#include <linux/signal.h>
#include "engine/run.h"
#include "engine/calls.h"
#include "engine/chaos.h"
#include "engine/checksum.h"
#include "engine/debug.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/shared.h"
#include "engine/signal.h"
#include "engine/syscall.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

#define RFLAGS_TF 0x100ul
#define SLICE_EVENTS 500ul       // calls take their time too: with others waiting a slice ends after so many
#define BUDGET_MAX (1ul << 28)   // ticks between two looks at session->abort

bool run_stepping;
static u64 events_seen;          // ctx.events when the guest was last entered
static u64 slice_first_event;
static struct thread *ran;       // whose slice it is
static u64 resume_at, resume_generation; // where the special instruction's run goes on; 0: ask the translator
static u64 resume_pc;
static struct thread *resume_thread;

// A guest that only computes notices here that the session is over, or that the recorder is gone.
static void look_for_abort(void) {
  if (unlikely(__atomic_load_n(&session->abort, __ATOMIC_RELAXED) || log_recorder_gone())) log_stop_if_over();
}

// Is the next thing in the log an asynchronous one that belongs to a tick point?
static const struct rr_event *next_at_tick(void) {
  const struct rr_event *e = log_peek();
  if (!e || (e->type != RR_EV_SIGNAL && e->type != RR_EV_SWITCH && e->type != RR_EV_KILLED && e->type != RR_EV_SHARED && e->type != RR_EV_TRACE) || e->flags & RR_EVF_AT_SYSCALL) return NULL;
  return e;
}

void run_arm_budget(void) {
  u64 ticks = BUDGET_MAX;
  if (unlikely(diverting)) {
    ticks = debug_budget(ticks);
  } else if (replaying) {
    const struct rr_event *e = next_at_tick();
    u64 now = ticks_now();
    if (e && e->type == RR_EV_KILLED && e->ticks <= now) run_replay_killed(e); // it counted no tick after its last event
    if (e && e->ticks < now) diverged(e, "the point was passed");
    if (e && e->ticks > now && e->ticks - now < ticks) ticks = e->ticks - now;
    ctx.shared_due = e && e->type == RR_EV_SHARED && e->ticks == now;
    if (ctx.shared_due) shared_instrument(e->pc);
    if (debugging) ticks = debug_budget(ticks);
    else if (!e && tick_is_far(now, BUDGET_MAX / 2)) return; // after most calls: nothing is due at a tick, whatever the budget
  } else {
    u64 slice = sched_slice_ticks(), hold = unlikely(session->opt.chaos) ? chaos_hold_ticks() : ~0ul;
    if (slice < ticks) ticks = slice;
    if (hold < ticks) ticks = hold;
  }
  tick_budget(ticks ? ticks : 1);
}

void run_replay_killed(const struct rr_event *e) {
  struct rr_ev_killed k = *(const struct rr_ev_killed *)log_payload(e);
  if (k.lost_output) replay_lost_output(k.lost_output - 1);
  signal_replay_killed(k.exit.status ? k.exit.status & 127 : SIGKILL);
}

// What the log has for this very tick point. False: nothing more.
static bool replay_due(void) {
  const struct rr_event *e = next_at_tick();
  if (!e || e->ticks != ticks_now() || e->type == RR_EV_SHARED) return false;
  if (e->type == RR_EV_KILLED) run_replay_killed(e);
  if (e->pc != ctx.regs[R_RIP]) diverged(e, "another instruction");
  if (e->type == RR_EV_TRACE) {
    if (!tracee_replay(false)) diverged(e, "a stop or request of a tracer");
  } else if (e->type == RR_EV_SIGNAL) signal_deliver(false);
  else sched_slice_end();
  return true;
}

// A tick budget has ended, or a signal wants in: current stands at a tick point.
static void tick_point(void) {
  look_for_abort();
  if (replaying) {
    while (!diverting && replay_due()) ;
  } else {
    if ((signal_captured || signal_due()) && !(unlikely(session->opt.chaos) && signal_due() && chaos_holds_signal())) signal_deliver(false);
    if (unlikely(tracee_asked)) tracee_serve(0);
    if (current->state != T_STOPPED) sched_slice_end();
  }
  run_arm_budget();
}

static void count_tick(void) {
  if (tick_count() || (!replaying && signal_captured)) tick_point();
}

// After an event, before the guest goes on: checksum, signals that are due at once, the slice by events, the next budget.
static void after_events(void) {
  shared_files_asked();
  for (; !diverting;) {
    if (replaying) {
      if (unlikely(tracee_replay(true))) continue;
      const struct rr_event *e = log_peek();
      if (!e || !(e->flags & RR_EVF_AT_SYSCALL) || (e->type != RR_EV_SIGNAL && e->type != RR_EV_SWITCH)) break;
      if (e->ticks != ticks_now() || e->pc != ctx.regs[R_RIP]) break; // it belongs to a later system call
      if (e->type == RR_EV_SWITCH) break;                              // the call that blocks takes it
      signal_deliver(true);
    } else if (signal_captured || signal_due()) {
      if (!signal_deliver(true)) break;
    } else break;
  }
  if (ctx.events != events_seen && !diverting) checksum_after_event(0); // not when another host thread takes over
  u64 most = session->opt.slice_events ? session->opt.slice_events : thread_count > 1 ? SLICE_EVENTS : ~0ul;
  bool long_slice = !replaying && ctx.events - slice_first_event >= most;
  if (unlikely(session->opt.chaos) && !replaying && thread_count > 1 && chaos_ends_slice()) long_slice = true;
  if (replaying || ran != current || long_slice) {
    ran = current;
    slice_first_event = ctx.events;
    if (long_slice) tick_budget(1);
    else run_arm_budget();
  }
  events_seen = ctx.events;
}

static void bad_fetch(u64 fault) {
  struct mapping *m = map_find(fault);
  // arch/x86/mm/fault.c: user + instruction fetch, and protection when the page is there
  signal_raise_fault(SIGSEGV, m ? SEGV_ACCERR : SEGV_MAPERR, fault, 14, m ? 0x15 : 0x14);
}

static void special(void) {
  struct exit_record *r = (struct exit_record *)ctx.exit_record;
  u64 generation = translate_generation, next = r->target + r->length, resume = r->resume;
  if (unlikely(ctx.shared_due)) shared_replay_due();
  else if (unlikely(shadowing) && !replaying && r->special != SP_SYSCALL) shared_special();
  struct thread *t = current;
  switch (r->special) {
  case SP_SYSCALL:
    if (unlikely(diverting)) { divert_syscall(); break; }
    if (unlikely(debugging)) debug_syscall((u32)ctx.regs[R_RAX]);
    syscall_guest();
    break;
  case SP_INT80: syscall_guest_32(); break;
  default:
    if (unlikely(diverting)) replaying = false; // what it asks of the machine is answered by the machine
    special_execute(r->special, r->length);
    if (unlikely(diverting)) replaying = true;
    break;
  }
  if (resume && generation == translate_generation && t == current) {
    resume_at = resume;
    resume_generation = generation;
    resume_pc = next;
    resume_thread = t;
  }
}

// An instruction that may touch shared memory, before it (or, locked, after it): where to go on in the fragment.
static void shared(const struct exit_record *r) {
  u64 generation = translate_generation;
  shared_exit(r, &resume_at, &resume_pc);
  resume_generation = generation;
  resume_thread = current;
}

static void handle(enum exit_kind kind) {
  struct exit_record *r = (struct exit_record *)ctx.exit_record;
  u64 cache_pc, fault, generation;
  // Read now: the translator may flush the cache. The other kinds need have no record (a fault, a write to code).
  bool tick = (kind == EXIT_LINK || kind == EXIT_STEPPED) && r->flags & EXIT_TICK;
  switch (kind) {
  case EXIT_LINK:
    generation = translate_generation;
    if (translate_entry(ctx.regs[R_RIP], &cache_pc, &fault) == 0 && generation == translate_generation) translate_link(r);
    if (tick) count_tick();
    break;
  case EXIT_INDIRECT:
    if (translate_entry(ctx.regs[R_RIP], &cache_pc, &fault) == 0) translate_ibl_add(ctx.regs[R_RIP]);
    count_tick();
    break;
  case EXIT_TICK_OUT:
    if (tick_refill() || (!replaying && signal_captured)) tick_point();
    break;
  case EXIT_SPECIAL: special(); break;
  case EXIT_STEPPED:
    if (tick) count_tick();
    break;
  case EXIT_SHARED: shared(r); break;
  case EXIT_FAULT: signal_fault(); break;
  case EXIT_BREAK: case EXIT_CHECK: case EXIT_NONE: break;
  }
}

// The guest single-steps itself (TF). The trap comes after each instruction, but for a system call, whose return restores TF
// only for the instruction behind it (arch/x86/entry: sysret), and for one that faulted.
static void single_step_trap(enum exit_kind kind) {
  u8 what = kind == EXIT_SPECIAL ? ((struct exit_record *)ctx.exit_record)->special : 0;
  if (kind == EXIT_STEPPED || (kind == EXIT_SPECIAL && (what == SP_POPF || what == SP_PUSHF || (what >= SP_RDTSC && what <= SP_RDSEED))))
    signal_raise_fault(SIGTRAP, TRAP_TRACE, ctx.regs[R_RIP], 1, 0);
}

// Must the next instruction be run by itself? Record: on shared memory, in an unusual way (*alone). Replay: it has just left
// because a change was due near it, and can't go on in its fragment.
static u64 left_for_shared;
static bool shared_here(bool *alone) {
  if (replaying) return left_for_shared == ctx.regs[R_RIP] && (debugging || !resume_at || resume_generation != translate_generation);
  if (!shared_single()) return false;
  shared_before();
  if (ctx.events != events_seen) { checksum_after_event(0); events_seen = ctx.events; }
  if (shared_string()) return false;
  shared_open();
  return *alone = true;
}

void run_loop(void) {
  ran = NULL;
  run_arm_budget();
  for (;;) {
    u64 cache_pc = 0, fault;
    if (unlikely(current->tracing.on) && current->state == T_RUNNABLE) tracee_due();
    if (unlikely(current->state == T_STOPPED)) { sched_stopped(); continue; }
    if (unlikely(ctx.shared_due)) shared_replay_due();
    if (ctx.events != events_seen || current != ran) after_events();
    if (unlikely(current->state == T_STOPPED)) continue;
    struct thread *stepper = unlikely(current->tracing.on) && (current->tracing.mode == RR_RESUME_STEP || current->tracing.mode == RR_RESUME_SYSEMU_STEP) ? current : NULL;
    u32 stepper_tid = current->tid;
    bool trap = ctx.regs[R_RFLAGS] & RFLAGS_TF;
    bool one = (debugging && debug_before()) || run_stepping || trap || stepper, alone = false;
    if (unlikely(shadowing) && shared_here(&alone)) one = true;
    if (one) {
      resume_at = 0;
      if (translate_step(ctx.regs[R_RIP], &cache_pc, &fault) < 0) { bad_fetch(fault); continue; }
    } else if (resume_at && !debugging && resume_generation == translate_generation && resume_pc == ctx.regs[R_RIP] && resume_thread == current) {
      cache_pc = resume_at;
    } else if (translate_entry(ctx.regs[R_RIP], &cache_pc, &fault) < 0) {
      bad_fetch(fault);
      continue;
    }
    resume_at = 0;
    enum exit_kind kind = gate_enter(cache_pc);
    if (unlikely(alone)) shared_after(kind);
    left_for_shared = kind == EXIT_SHARED ? ctx.regs[R_RIP] : 0;
    if (unlikely(debugging)) debug_stepped(kind);
    bool left_by_call = unlikely(stepper) && kind == EXIT_SPECIAL && ((struct exit_record *)ctx.exit_record)->special == SP_SYSCALL;
    handle(kind);
    if (unlikely(trap)) single_step_trap(kind);
    if (unlikely(stepper) && (kind == EXIT_STEPPED || kind == EXIT_SPECIAL) && thread_find(stepper_tid) == stepper && stepper->tracing.on) stepper->tracing.stepped = left_by_call ? TRAP_BRKPT : TRAP_TRACE; // a call: user_single_step_report
  }
}
