// Entries of fragments. A fragment has the entries that its first visitor needs: reached by a transfer that counts, a tick entry
// before its code; by an indirect one, the head that checks the target before that; by none of these only the plain one.
// Half of all fragments never need another. One that does gets it apart, with a jump to the plain entry: neither it nor
// recovery metadata belong to the fragment's own code (nothing in an entry can fault).
#include "engine/translate/emit.h"

void entry_first(struct builder *b, struct fragment *f, bool indirect, bool tick, bool dead) {
  if (tick) b->hot = (u8 *)ALIGN_UP((u64)b->hot, 16);
  if (indirect) f->ibl = arena_offset(b->a, emit_ibl_head(b, f->pc));
  b->piece = b->hot;
  if (!tick) return;
  f->tick = arena_offset(b->a, b->hot);
  f->flags |= FRAG_TICK;
  emit_tick(b, f->pc, dead);
}

bool entry_make(struct arena *a, struct fragment *f, bool indirect) {
  u8 no_meta[16];
  arena_reserve(a);
  if (a->hot + 256 > a->hot_end || a->cold + 256 > a->cold_end) return false;
  struct builder b = { .a = a, .hot = (u8 *)ALIGN_UP((u64)a->hot, 16), .cold = a->cold, .meta = no_meta, .start = f->pc };
  if (indirect) f->ibl = arena_offset(a, emit_ibl_head(&b, f->pc));
  b.piece = b.hot;
  u64 to = arena_at(a, f->tick ? f->tick : f->plain);
  if (!f->tick) {
    f->tick = arena_offset(a, b.hot);
    emit_tick(&b, f->pc, !(f->flags & FRAG_CHECKED) && (translate_dead_flags(f->pc) & FLAGS_OF_DEC) == FLAGS_OF_DEC);
  }
  e8(&b, 0xe9);
  e32(&b, (u32)(to - ((u64)b.hot + 4)));
  a->hot = b.hot;
  a->cold = b.cold;
  return true;
}
