// From a host address inside a fragment back to the guest's state there (see piece_end for the metadata). Signal-safe:
// nothing is written but the caller's registers.
#include "engine/translate/emit.h"

static struct fragment *fragment_of_host(struct arena *a, u64 host) {
  u32 lo = 0, hi = a->count, off = (u32)(host - a->start);
  while (lo < hi) { // the last that begins at or before; code lies in the order of the book
    u32 mid = (lo + hi) / 2;
    if (fragment_code(&a->fragments[mid]) <= off) lo = mid + 1; else hi = mid;
  }
  if (!lo) return NULL;
  struct fragment *f = &a->fragments[lo - 1];
  return off < f->end ? f : NULL;
}

static void unscratch(u64 regs[R_COUNT], u32 state) {
  if (state & ST_FLAGS) { // lahf; seto al
    u64 f = (regs[R_RAX] >> 8 & 0xd5) | (regs[R_RAX] & 1 ? FLAG_OF : 0);
    regs[R_RFLAGS] = (regs[R_RFLAGS] & ~(u64)FLAGS_STATUS) | f;
  }
  if (state & ST_RAX) regs[R_RAX] = ctx.spill[0];
  if (state & ST_RCX) regs[R_RCX] = ctx.spill[1];
  if (state & ST_RDX) regs[R_RDX] = ctx.spill[2];
}

bool translate_recover(u64 regs[R_COUNT], s64 *ticks) {
  u64 host = regs[R_RIP], reach;
  bool far;
  *ticks = 0;
  struct arena *a = arena_of_host(host);
  if (!a) return false;
  const struct fragment *f;
  const u8 *m, *end;
  if (!step_recover(host, &f, &m, &end)) {
    f = fragment_of_host(a, host);
    if (!f) return false;
    m = (const u8 *)arena_at(a, f->meta);
    end = m + f->meta_len;
  }
  u64 at = arena_at(a, fragment_code(f)), pc = f->pc;
  for (; m < end; m += 2) {
    if (!m[0]) { // the next copy of an unrolled loop: back to its start, this many ticks counted ahead
      *ticks = -(s64)(s8)m[1];
      pc = f->pc;
      continue;
    }
    if (host < at + m[0]) {
      unscratch(regs, m[1] >> 4);
      regs[R_RIP] = pc;
      regs[R_RFLAGS] &= ~flags_dead(pc, &reach, &far, true);
      return true;
    }
    at += m[0];
    pc += m[1] & 15;
  }
  return false;
}
