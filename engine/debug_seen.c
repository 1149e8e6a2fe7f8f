// What was executed, as a superset: a bit for each instruction that was translated since the cache was last emptied. A
// copy made while running ends a stretch; the cache is emptied there, so that the next one has its own bits. A search for a
// breakpoint need not run through a stretch that does not have its bit (host/timeline.c).
#include "engine/debug_internal.h"
#include "engine/translate.h"

static struct rr_dbg_seen seen;      // of the stretch that runs

void seen_pc(u64 pc) {
  u32 bit = rr_seen_bit(pc);
  u8 *byte = &seen.bits[bit / 8], mask = (u8)(1 << bit % 8);
  if (!(*byte & mask)) *byte |= mask; // a write would copy the page of a checkpoint
  seen.translated++;
}

void seen_signal(u32 signo) { seen.signals |= 1ul << (signo - 1); }

void seen_restart(void) {
  translate_flush();
  memset(&seen, 0, sizeof seen);
  seen.from = (struct rr_point){ ctx.events, ticks_now(), ctx.regs[R_RIP], RR_AT_INSTRUCTION, 0 };
}

const struct rr_dbg_seen *seen_get(void) { return &seen; }
