// The replaying engine under the gdb server: when to stop, and how to go on.
//
// The run loop asks debug_before each time it is about to enter guest code. That is often enough: translated code leaves at
// every breakpoint, event, and end of a tick budget, and with a watchpoint or a step after each instruction.
//
// Going backwards is the server's business (host/timeline.c). Here it is a search: what would stop is noted, and only the last
// of it is told, when the end of the search is reached (debug_note.c).
#include "engine/debug_internal.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/translate.h"

enum { BUDGET = 1 << 22 };           // ticks between two looks for an interrupt: some 10 ms
enum { LOOK_CYCLES = 10000000 };     // the same in time, for guests that leave often

bool debugging;
bool debug_silent(void) { return debugging && debug_go.flags & RR_GO_SILENT; }
struct rr_dbg_go debug_go;
u64 debug_ignored_signals;
u8 debug_siginfo[128];

static bool only_point(void) { return debug_go.flags & RR_GO_ONLY_POINT; }
static bool searching(void) { return debug_go.flags & RR_GO_SEARCH; }

static bool started;
static bool over;                    // the instruction at this pc is not looked at for a breakpoint: gdb has just seen it
static bool interrupted;
static bool step_taken;              // debug_go.thread has run its instruction
static u32 going;                    // thread that was told last; where a step by no thread belongs
static u64 looked;                   // TSC
static u64 stopped_at;               // pc where translated code left for a breakpoint or a watchpoint
static struct rr_dbg_stop pending;   // a watchpoint that was hit; reason 0: none
static u32 returned;                 // number of the call that RR_STOP_SYSCALL tells of
static struct rr_point begun;        // of the instruction that runs alone

void debug_init(int fd) {
  serve_init(fd);
  debugging = true;
  session->opt.debug |= RR_DEBUG_NOCACHEFILE; // fragments with breakpoints in them are not for others
}

// What a debugger reads where no signal has stopped the thread: SIGTRAP, as ptrace's siginfo would say.
static void no_signal(void) {
  s32 trap = 5;
  memset(debug_siginfo, 0, sizeof debug_siginfo);
  memcpy(debug_siginfo, &trap, sizeof trap);
}

// Tells gdb, and waits until it lets go.
static void tell(struct rr_dbg_stop *s) {
  rr_log(LOG_DEBUG, "stop %u of thread %u at event %lu ticks %lu pc %lx", s->reason, s->thread, s->point.event, s->point.ticks, s->point.pc);
  going = s->thread;
  pending.reason = 0;
  interrupted = false;
  if (!s->signo) no_signal();
  serve(s, NULL);
  if (unlikely(diverting)) divert_chosen();
  if (!only_point()) watch_mode();
  if (!debug_go.thread) debug_go.thread = going;
  step_taken = false;
  over = !(debug_go.flags & RR_GO_HERE);
  note_begin();
  seen_going();
  run_arm_budget();
}

static u64 cycles(void) {
  u32 low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

static bool copied;                  // this process is a fresh copy, made while running

static bool look_for_interrupt(void) {
  u64 now = cycles();
  if (now - looked > LOOK_CYCLES) {
    looked = now;
    print_flush();
    enum look look = serve_look();
    if (look == LOOK_COPY) copied = true;
    interrupted |= look == LOOK_INTERRUPT;
  }
  return interrupted || copied;
}

static struct rr_point here(u32 order) { return (struct rr_point){ ctx.events, ticks_now(), ctx.regs[R_RIP], order, 0 }; }

static bool point_reached(const struct rr_point *now) {
  if (!(debug_go.flags & RR_GO_UNTIL)) return false;
  if (debug_go.flags & RR_GO_TICKS) return now->ticks >= debug_go.until.ticks;
  return rr_point_compare(now, &debug_go.until) >= 0;
}

// The point is on this straight line, or each boundary is wanted: nothing but single steps finds it.
static bool point_near(void) {
  const struct rr_point *p = &debug_go.until;
  if (debug_go.flags & RR_GO_STEPS && ticks_now() >= debug_go.from) return true;
  return debug_go.flags & RR_GO_UNTIL && !(debug_go.flags & RR_GO_TICKS) && p->ticks && ticks_now() >= p->ticks;
}

static void shorten(u64 *ticks, u64 now, u64 target) {
  if (target > now && target - now < *ticks) *ticks = target - now;
}

u64 debug_budget(u64 ticks) {
  u64 now = ticks_now();
  if (ticks > BUDGET) ticks = BUDGET;
  if (debug_go.flags & RR_GO_UNTIL) shorten(&ticks, now, debug_go.until.ticks);
  if (debug_go.flags & RR_GO_STEPS) shorten(&ticks, now, debug_go.from);
  return ticks;
}

// Done when the thread is about to run its next instruction: a place that is the same forwards and backwards.
static bool step_done(void) {
  if (debug_go.how == RR_GO_CONTINUE || !step_taken || current->tid != debug_go.thread) return false;
  u64 pc = ctx.regs[R_RIP];
  return debug_go.how == RR_GO_STEP || pc < debug_go.range_start || pc >= debug_go.range_end;
}

// Why to stop here; 0: go on.
static u32 reason_to_stop(void) {
  if (!started) return RR_STOP_START;
  if (pending.reason) return pending.reason;
  if (!diverting && call_returned(&returned) && !only_point()) return RR_STOP_SYSCALL;
  if (step_done()) return RR_STOP_STEP;
  struct rr_point now = here(RR_AT_INSTRUCTION);
  if (point_reached(&now)) return RR_STOP_POINT;
  if (note_hot()) return RR_STOP_HOT;
  if (note_leave()) return RR_STOP_LEAVE;
  if (!over && break_compiled(ctx.regs[R_RIP]) && break_hit(ctx.regs[R_RIP], ctx.regs) && !only_point()) return RR_STOP_BREAK;
  if (!look_for_interrupt()) return 0;
  return copied ? RR_STOP_FORKED : RR_STOP_INTERRUPT;
}

// alone: by the instruction that ran alone, and nothing else.
static void note_watch(bool alone) {
  struct watchpoint *w = watch_after();
  if (!w || only_point() || pending.reason) return;
  stop_fill(&pending, RR_STOP_WATCH);
  pending.address = w->addr;
  pending.watch_length = w->len;
  pending.flags = w->flags;
  if (!searching()) return;
  if (alone) pending.point = begun;
  note_hit(&pending, !alone);
  pending.reason = 0;
}

// What is met instead of a stop, in a search. True: that is all.
static bool noted(const struct rr_dbg_stop *s) {
  switch (s->reason) {
  case RR_STOP_BREAK: over = true; break;
  case RR_STOP_SYSCALL: case RR_STOP_SIGNAL: case RR_STOP_LEAVE: break;
  default: return false;
  }
  if (!searching()) return false;
  bool leave = debug_go.flags & RR_GO_LEAVE;
  if (leave == (s->reason == RR_STOP_LEAVE)) note_hit(s, leave);
  return true;
}

bool debug_before(void) {
  note_watch(false); // of a special instruction
  if (!over && started && !(debug_go.flags & (RR_GO_ONLY_POINT | RR_GO_SEARCH | RR_GO_STEPS | RR_GO_LEAVE))) break_commands(ctx.regs[R_RIP], ctx.regs);
  for (u32 reason; (reason = reason_to_stop());) {
    started = true;
    struct rr_dbg_stop s = pending;
    if (reason == s.reason) s.point = here(RR_AT_INSTRUCTION); // its tick is counted only now
    else stop_fill(&s, reason);
    if (reason == RR_STOP_STEP) s.thread = debug_go.thread;
    if (reason == RR_STOP_SYSCALL) s.code = returned, s.flags = 1;
    if (reason == RR_STOP_START && guest_exe_file) s.code = guest_exe_file->kept;
    if (noted(&s)) continue;
    copied = false;
    tell(&s);
  }
  bool at_break = break_compiled(ctx.regs[R_RIP]) || stopped_at == ctx.regs[R_RIP];
  bool mine = debug_go.how != RR_GO_CONTINUE && current->tid == debug_go.thread;
  bool one = mine || at_break || point_near();
  over = false;
  stopped_at = 0;
  if (mine) step_taken = true;
  begun = here(RR_AT_INSTRUCTION);
  if (one) seen_pc(begun.pc);
  if (debug_go.flags & RR_GO_STEPS && begun.ticks >= debug_go.from) note_step(&begun, 0);
  if (watch_any() && (one || watch_stepping())) watch_before();
  return one;
}

void debug_stepped(enum exit_kind kind) {
  if (kind == EXIT_FAULT) {
    watch_fault();
    step_taken = false; // unless debug_signal says that the fault is the guest's
  }
  if (kind == EXIT_BREAK) stopped_at = ctx.regs[R_RIP];
  if (kind == EXIT_CHECK || kind == EXIT_BREAK || kind == EXIT_SHARED) watch_cancel(); // nothing has run
  else if (kind == EXIT_SPECIAL) watch_special();
  else note_watch(true);
}

// At a signal or a call, which only a point that is one stops at.
static bool point_at(const struct rr_point *now) { return debug_go.until.order && point_reached(now); }

// At a signal or a call: tells it, notes it, or stops because this is the point. False: only passed by.
static bool met(struct rr_dbg_stop *s) {
  bool at_point = point_at(&s->point), report = started && !only_point();
  if (at_point) s->reason = RR_STOP_POINT;
  else if (!report || noted(s)) return false;
  tell(s);
  return true;
}

void debug_signal(u32 signo, const void *siginfo) {
  struct rr_dbg_stop s;
  bool ignored = signo - 1 < 64 && debug_ignored_signals >> (signo - 1) & 1;
  struct rr_point at = here(RR_AT_SIGNAL);
  at.event--; // it has been taken from the log, but the guest knows nothing of it
  seen_signal(signo);
  note_watch(false);
  if (pending.reason && started) {
    s = pending;
    s.point = at;
    tell(&s);
  }
  memcpy(debug_siginfo, siginfo, sizeof debug_siginfo);
  stop_fill(&s, RR_STOP_SIGNAL);
  s.signo = signo;
  s.point = at;
  if (!ignored && debug_go.flags & RR_GO_STEPS && s.point.ticks >= debug_go.from && !point_reached(&at)) note_step(&s.point, signo);
  bool told = (!ignored || point_at(&at)) && met(&s);
  watch_special(); // its frame comes behind its event
  if (!told) return;
  step_taken = true; // the delivery is the step
  over = false;
}

void debug_fork(u32 pid, u32 stream) {
  if (!(debug_go.flags & RR_GO_FORKS) || pending.reason) return;
  stop_fill(&pending, RR_STOP_FORK);
  pending.code = pid;
  pending.address = stream;
}

void debug_forked(void) {
  seen_restart();
  started = false;
}

void debug_syscall(u32 nr) {
  bool caught = call_enter(nr);
  if (!caught && !debug_go.until.order) return;
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_SYSCALL);
  s.code = nr;
  s.point.order = RR_AT_SYSCALL;
  if ((!caught && !point_at(&s.point)) || !met(&s)) return;
  step_taken = true; // the call is the step
  over = false;
}

void debug_exec(void) {
  if (!searching() && !(debug_go.flags & RR_GO_STEPS)) return;
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_EXECING);
  s.point.order = RR_AT_END;
  tell(&s);
}

// The last moment, so that people can turn round before the process is gone (rr does so, and Delve expects it).
void debug_exit(u32 status) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_EXIT);
  s.point.order = RR_AT_END;
  s.code = status;
  tell(&s);
}

void debug_end(void) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_END);
  s.point.order = RR_AT_END;
  s.code = 9; // SIGKILL
  for (;;) tell(&s);
}

void debug_diverged(const char *text) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_DIVERGED);
  s.code = 6; // SIGABRT
  for (;;) serve(&s, text);
}
