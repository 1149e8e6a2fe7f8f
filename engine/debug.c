// The replaying engine under the gdb server: when to stop, and how to go on.
//
// The run loop asks debug_before each time it is about to enter guest code. That is often enough: translated code leaves at
// every breakpoint, event, and end of a tick budget, and with a watchpoint or a step after each instruction.
#include "engine/debug_internal.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/translate.h"

enum { BUDGET = 1 << 22 };           // ticks between two looks for an interrupt: some 10 ms
enum { LOOK_CYCLES = 10000000 };     // the same in time, for guests that leave often

bool debugging;
struct rr_dbg_go debug_go;
u64 debug_ignored_signals;
u8 debug_siginfo[128];

static bool started;
static bool over;                    // the instruction at this pc is not looked at for a breakpoint: gdb has just seen it
static bool interrupted;
static bool step_taken;              // debug_go.thread has run its instruction
static u32 going;                    // thread that was told last; where a step by no thread belongs
static u64 looked;                   // TSC
static u64 stopped_at;               // pc where translated code left for a breakpoint or a watchpoint
static struct rr_dbg_stop pending;   // a watchpoint that was hit; reason 0: none
static u32 returned;                 // number of the call that RR_STOP_SYSCALL tells of

void debug_init(int fd) {
  serve_init(fd);
  debugging = true;
  session->opt.debug |= RR_DEBUG_NOCACHEFILE; // fragments with breakpoints in them are not for others
}

// Tells gdb, and waits until it lets go.
static void tell(struct rr_dbg_stop *s) {
  rr_log(LOG_DEBUG, "stop %u of thread %u at event %lu ticks %lu pc %lx", s->reason, s->thread, s->point.event, s->point.ticks, s->point.pc);
  going = s->thread;
  pending.reason = 0;
  interrupted = false;
  serve(s, NULL);
  watch_mode();
  if (!debug_go.thread) debug_go.thread = going;
  step_taken = false;
  over = true;
  run_arm_budget();
}

static u64 cycles(void) {
  u32 low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

static bool look_for_interrupt(void) {
  u64 now = cycles();
  if (now - looked > LOOK_CYCLES) {
    looked = now;
    interrupted |= serve_interrupted();
  }
  return interrupted;
}

static bool only_point(void) { return debug_go.flags & RR_GO_ONLY_POINT; }

static bool point_reached(void) {
  const struct rr_point *p = &debug_go.until;
  if (!(debug_go.flags & RR_GO_UNTIL) || ctx.events < p->event) return false;
  if (ctx.events > p->event) return true;
  u64 ticks = ticks_now();
  return ticks > p->ticks || (ticks == p->ticks && ctx.regs[R_RIP] >= p->pc);
}

// The point is on this straight line: nothing but single steps finds it.
static bool point_near(void) {
  const struct rr_point *p = &debug_go.until;
  return debug_go.flags & RR_GO_UNTIL && p->ticks && ticks_now() >= p->ticks;
}

u64 debug_budget(u64 ticks) {
  const struct rr_point *p = &debug_go.until;
  u64 now = ticks_now();
  if (ticks > BUDGET) ticks = BUDGET;
  if (debug_go.flags & RR_GO_UNTIL && p->ticks > now && p->ticks - now < ticks) ticks = p->ticks - now;
  return ticks;
}

static bool step_done(void) {
  if (debug_go.how == RR_GO_CONTINUE || !step_taken) return false;
  struct thread *t = thread_find(debug_go.thread);
  if (!t || (t != current && t->state != T_RUNNABLE)) return false; // a call that blocks: done when it has its result
  u64 pc = t == current ? ctx.regs[R_RIP] : t->regs[R_RIP];
  return debug_go.how == RR_GO_STEP || pc < debug_go.range_start || pc >= debug_go.range_end;
}

// Why to stop here; 0: go on.
static u32 reason_to_stop(void) {
  if (!started) return RR_STOP_START;
  if (pending.reason) return pending.reason;
  if (call_returned(&returned) && !only_point()) return RR_STOP_SYSCALL;
  if (step_done()) return RR_STOP_STEP;
  if (point_reached()) return RR_STOP_POINT;
  if (!over && break_compiled(ctx.regs[R_RIP]) && break_hit(ctx.regs[R_RIP], ctx.regs) && !only_point()) return RR_STOP_BREAK;
  return look_for_interrupt() ? RR_STOP_INTERRUPT : 0;
}

static void note_watch(void) {
  struct watchpoint *w = watch_after();
  if (!w || only_point() || pending.reason) return;
  stop_fill(&pending, RR_STOP_WATCH);
  pending.address = w->addr;
  pending.watch_length = w->len;
  pending.flags = w->flags;
}

bool debug_before(void) {
  note_watch(); // of a special instruction
  for (u32 reason; (reason = reason_to_stop());) {
    started = true;
    struct rr_dbg_stop s = pending;
    if (reason == s.reason) s.point = (struct rr_point){ ctx.events, ticks_now(), ctx.regs[R_RIP] }; // its tick is counted only now
    else stop_fill(&s, reason);
    if (reason == RR_STOP_STEP) s.thread = debug_go.thread;
    if (reason == RR_STOP_SYSCALL) s.code = returned, s.flags = 1;
    if (reason == RR_STOP_START && guest_exe_file) s.code = guest_exe_file->kept;
    tell(&s);
  }
  bool at_break = break_compiled(ctx.regs[R_RIP]) || stopped_at == ctx.regs[R_RIP];
  bool mine = debug_go.how != RR_GO_CONTINUE && current->tid == debug_go.thread;
  bool one = mine || at_break || point_near();
  over = false;
  stopped_at = 0;
  if (mine) step_taken = true;
  if (watch_any() && (one || watch_stepping())) watch_before();
  return one;
}

void debug_stepped(enum exit_kind kind) {
  if (kind == EXIT_FAULT) {
    watch_fault();
    step_taken = false; // unless debug_signal says that the fault is the guest's
  }
  if (kind == EXIT_BREAK) stopped_at = ctx.regs[R_RIP];
  if (kind == EXIT_CHECK || kind == EXIT_BREAK) watch_cancel(); // nothing has run
  else if (kind == EXIT_SPECIAL) watch_special();
  else note_watch();
}

void debug_signal(u32 signo, const void *siginfo) {
  memcpy(debug_siginfo, siginfo, sizeof debug_siginfo);
  if (only_point() || !started) return;
  if (signo - 1 < 64 && debug_ignored_signals >> (signo - 1) & 1) return;
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_SIGNAL);
  s.signo = signo;
  tell(&s);
  step_taken = true; // the delivery is the step
  over = false;
}

void debug_forked(void) {
  started = false;
}

void debug_syscall(u32 nr) {
  if (!call_enter(nr) || only_point()) return;
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_SYSCALL);
  s.code = nr;
  tell(&s);
  step_taken = true; // the call is the step
  over = false;
}

// The last moment, so that people can turn round before the process is gone (rr does so, and Delve expects it).
void debug_exit(u32 status) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_EXIT);
  s.code = status;
  tell(&s);
}

void debug_end(void) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_END);
  s.code = 9; // SIGKILL
  for (;;) tell(&s);
}

void debug_diverged(const char *text) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_DIVERGED);
  s.code = 6; // SIGABRT
  for (;;) serve(&s, text);
}
