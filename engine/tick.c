// Ticks: eight counters that translated code counts down, and the budget until the next exit.
//
// The count is tick_base - sum(left) - forced * FORCE * 8. Only the carrier writes any of it. Its signal handler may run
// tick_force at any instruction of ours: while the fields are being rewritten (busy) it only leaves a note, and
// the rewriter does the forcing itself at the end.
#include "engine/signal.h"
#include "engine/translate.h"

static u64 target;              // leave at this tick
static volatile bool busy, pending;

static u64 sum_left(void) {
  u64 s = 0;
  for (int i = 0; i < RR_TICK_COUNTERS; i++) s += (u64) * (volatile s64 *)&ctx.counters[i].left;
  return s;
}

u64 ticks_now(void) {
  volatile u64 *forced = &ctx.tick_forced;
  u64 f, t;
  do {
    f = *forced;
    t = ctx.tick_base - sum_left() - f * (u64)RR_TICK_FORCE * RR_TICK_COUNTERS;
  } while (f != *forced);
  return t;
}

static void force_now(void) {
  for (int i = 0; i < RR_TICK_COUNTERS; i++) {
    s64 *left = &ctx.counters[i].left;
    __asm__ volatile("subq %1, %0" : "+m"(*left) : "r"(RR_TICK_FORCE) : "cc");
  }
  __asm__ volatile("incq %0" : "+m"(ctx.tick_forced) : : "cc", "memory");
}

void tick_force(void) {
  if (busy) pending = true;
  else force_now();
}

// Gives every counter its share of what is left until the target: with q in each, an exit happens after 8q+1 ticks at the
// latest, and 8q+1 <= rest. Below 9 every tick leaves.
static void share_out(u64 now) {
  u64 rest = target > now ? target - now : 1;
  s64 q = (s64)((rest - 1) / RR_TICK_COUNTERS);
  for (int i = 0; i < RR_TICK_COUNTERS; i++) *(volatile s64 *)&ctx.counters[i].left = q;
  ctx.tick_base = now + (u64)q * RR_TICK_COUNTERS;
  ctx.tick_forced = 0;
}

static void begin(void) {
  busy = true;
  __asm__ volatile("" ::: "memory");
}

static void end(void) {
  __asm__ volatile("" ::: "memory");
  busy = false;
  __asm__ volatile("" ::: "memory");
  // What was forced before begin() is settled with the rest: a signal that nobody has taken yet forces again.
  if (pending || unlikely(signal_captured)) {
    pending = false;
    force_now();
  }
}

void tick_budget(u64 ticks_until_exit) {
  begin();
  u64 now = ticks_now();
  target = now + ticks_until_exit;
  share_out(now);
  end();
}

bool tick_is_far(u64 now, u64 ticks) { return target > now && target - now >= ticks && target - now <= 2 * ticks; }

bool tick_refill(void) {
  begin();
  u64 now = ticks_now();
  bool used = now >= target;
  if (!used) share_out(now);
  end();
  return used;
}

bool tick_count(void) {
  begin();
  u64 now = ticks_now() + 1;
  ctx.tick_base++;
  bool used = now >= target;
  // This tick came out of no counter: what they have left may now be more than what is left until the target.
  if (used || (s64)sum_left() >= (s64)(target - now)) share_out(now);
  end();
  return used;
}

void tick_adjust(s64 ticks) {
  begin();
  ctx.tick_base += (u64)ticks;
  end();
}
