// Loops of one run: a run whose last branch goes back to its own start is laid out eight times and its ticks are settled
// eight at a time.
//
//   tick:  dec counter; js out          plain: body, first time; leave if the branch is not taken
//   again: sub 8, counter; js -> add 8 back, go to tick (single iterations until the counter is refilled)
//          body x 8, the last one branches to again
//
// Inside copy k (1..8) k of the eight ticks have really happened: whoever leaves there adds 8-k back in cold code, by one
// read-modify-write, with the flags kept where they are live. Recovery knows the difference from the metadata.
#include "engine/translate/emit.h"

#define TIMES 8

#define BODY_MAX 20

bool unroll_possible(const struct insn *i, u32 n, u64 start, u64 dead, bool checked) {
  const struct insn *last = &i[n - 1];
  if (n > BODY_MAX || checked || dead != FLAGS_STATUS || debug_flags & RR_DEBUG_STEP) return false;
  if ((last->kind != I_JCC && last->kind != I_JMP) || last->target != start) return false;
  for (u32 k = 0; k + 1 < n; k++)
    if (i[k].kind != I_COPY && (i[k].kind != I_JCC || i[k].target <= i[k].pc)) return false;
  return true;
}

static void counter_op(struct builder *b, u8 op, u64 pc, u8 n) { // op: 04 add, 2c sub
  CODE(b, 0x48, 0x83);
  e8(b, op);
  e8(b, 0x25);
  e32(b, tick_counter_address(pc));
  e8(b, n);
}

static void rel32_at(u8 *site, const u8 *to) {
  s32 rel = (s32)(to - (site + 4));
  __builtin_memcpy(site, &rel, 4);
}

// A forward branch (opcode emitted) out of a copy that has counted `ahead` ticks too many.
static void leave(struct builder *b, u64 target, u32 ahead) {
  if (!ahead) { branch_site(b, target, false); return; }
  u8 *site = b->hot;
  e32(b, 0);
  u8 *hot = b->hot;
  rel32_at(site, b->cold);
  u64 reach;
  bool far, dead = flags_dead(target, &reach, &far, false) == FLAGS_STATUS;
  b->hot = b->cold;
  if (!dead) { e_spill(b, R_RAX); e_save_flags(b); }
  counter_op(b, 0x04, b->start, (u8)ahead);
  if (!dead) { e_restore_flags(b); e_reload(b, R_RAX); }
  e8(b, 0xe9);
  b->cold = b->hot + 4; // a stub of the branch goes behind it
  branch_site(b, target, false);
  b->hot = hot;
}

static void copy(struct builder *b, const struct insn *i, u32 n, u32 k, const u8 *again) {
  u32 ahead = k ? TIMES - k : 0;
  for (u32 j = 0; j + 1 < n; j++) {
    if (i[j].kind == I_COPY) { emit_copy(b, &i[j]); continue; }
    e8(b, 0x0f);
    e8(b, (u8)(0x80 | (i[j].opcode & 15)));
    leave(b, i[j].target, ahead);
    piece_end(b, i[j].len, 0);
  }
  const struct insn *last = &i[n - 1];
  if (k == TIMES) {
    if (last->kind == I_JMP) e8(b, 0xe9);
    else { e8(b, 0x0f); e8(b, (u8)(0x80 | (last->opcode & 15))); }
    e32(b, (u32)(again - (b->hot + 4)));
  } else if (last->kind == I_JCC) {
    e8(b, 0x0f);
    e8(b, (u8)(0x80 | ((last->opcode & 15) ^ 1)));
    leave(b, last->pc + last->len, ahead);
  }
  piece_end(b, last->len, 0);
}

// Recovery: from here on the guest is at the loop's start again, with this many ticks counted ahead.
static void again_at(struct builder *b, s32 ahead) {
  *b->meta++ = 0;
  *b->meta++ = (u8)ahead;
}

// The body behind the plain entry. What follows (the exit to the run's end) is the caller's.
void unroll_emit(struct builder *b, const struct insn *i, u32 n, const u8 *tick) {
  copy(b, i, n, 0, NULL);
  u8 *again = b->hot;
  again_at(b, -1); // the branch was taken, its tick is not counted yet
  counter_op(b, 0x2c, b->start, TIMES);
  piece_end(b, 0, 0);
  again_at(b, TIMES - 1);
  CODE(b, 0x0f, 0x88);
  e32(b, (u32)(b->cold - (b->hot + 4)));
  u8 *hot = b->hot;
  b->hot = b->cold;
  counter_op(b, 0x04, b->start, TIMES);
  e8(b, 0xe9);
  e32(b, (u32)(tick - (b->hot + 4)));
  b->cold = b->hot;
  b->hot = hot;
  piece_end(b, 0, 0);
  for (s32 k = 1; k <= TIMES; k++) {
    again_at(b, TIMES - k);
    copy(b, i, n, (u32)k, again);
  }
}
