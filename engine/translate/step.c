// Single steps: one guest instruction in the arena's page for it, leaving with EXIT_STEPPED (or EXIT_SPECIAL).
#include "engine/map.h"
#include "engine/translate/emit.h"

#define CODE_AT 64
#define STUBS_AT 2048 // stubs lie in the second half of the page

static struct fragment fragment; // for recovery
static struct arena *arena;
static u8 meta[64];
static u32 meta_len;
static u8 made_of[16];           // the instruction's bytes
static u64 made_generation;

// It is there already: a breakpoint in a loop, whose condition is false, steps the same instruction again and again.
static bool made(u64 pc) {
  u8 now[16];
  u32 n = fragment.guest_len;
  return arena && fragment.pc == pc && made_generation == translate_generation && n && copyin(now, pc, n) == n && !memcmp(now, made_of, n) && map_exec_end(pc) >= pc + n;
}

int translate_step(u64 pc, u64 *cache_pc, u64 *fault) {
  const struct insn *i;
  if (made(pc)) {
    *cache_pc = (u64)arena_at(arena, fragment.plain);
    return 0;
  }
  decode_forget();
  int e = decode_at(pc, &i, fault);
  if (e) return e;
  arena = arena_for(pc);
  arena_reserve(arena);
  struct builder b = { .a = arena, .hot = arena->step + CODE_AT, .cold = arena->step + STUBS_AT, .meta = meta, .start = pc, .step = true };
  b.piece = b.hot;
  fragment = (struct fragment){ .pc = pc, .plain = arena_offset(arena, b.hot), .guest_len = i->len };
  *cache_pc = (u64)b.hot;
  emit_transfer(&b, i);
  e8(&b, 0xe9);
  branch_site(&b, pc + i->len, false);
  piece_end(&b, 0, 0);
  fragment.end = arena_offset(arena, b.hot);
  meta_len = (u32)(b.meta - meta);
  memcpy(made_of, i->bytes, i->len);
  made_generation = translate_generation;
  return 0;
}

bool step_recover(u64 host, const struct fragment **f, const u8 **m, const u8 **end) {
  if (!arena || host < arena_at(arena, fragment.plain) || host >= arena_at(arena, fragment.end)) return false;
  *f = &fragment;
  *m = meta;
  *end = meta + meta_len;
  return true;
}
