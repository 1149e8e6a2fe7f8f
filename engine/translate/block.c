// Blocks: translate_entry finds or makes the fragment for a guest address.
//
// The bytes of a CHECKED page are compared at each entry; there a run also ends behind an instruction that writes memory.
// A run is the guest's code in guest order from its start: over conditional branches, system calls and special
// instructions, up to the first transfer that does not fall through, an existing fragment, a breakpoint, what cannot be
// fetched, the limit of a page that may change, or RUN_INSNS.
#include <asm/errno.h>
#include "engine/log.h"
#include "engine/map.h"
#include "engine/shared.h"
#include "engine/translate/emit.h"

u32 debug_flags;
u64 last_fragment, fragments_made, translate_generation;

#define SHARED_MAX 12u           // in a fragment: each takes room
#define VSYSCALL 0xffffffffff600000ul

struct run {
  struct insn insn[RUN_INSNS];
  u32 n;
  bool ended;           // the last instruction does not fall through
  bool breakpoint;      // the next one has a breakpoint
  u64 end;              // guest address behind
  bool checked, file;
  u64 reach;            // end of the guest bytes that the fragment depends on
  bool far;
  u64 dead;             // flags dead at the start
  bool loop;            // the last instruction branches to the start
  u32 shared;           // instructions that ask before they touch memory (engine/shared.h)
  bool tick;            // some direct branch does
};

static u32 run_limit(void) {
  if (debug_flags & RR_DEBUG_STEP) return 1;
  if (debug_watching) return RUN_INSNS / 4; // the checks take room
  if (last_fragment && fragments_made >= last_fragment) return 1;
  return RUN_INSNS;
}

static void note_page(struct run *r, u64 pc) {
  enum code_page s = decode_page_state(pc);
  if (s != PAGE_FILE) r->file = false;
  if (s == PAGE_CHECKED) r->checked = true;
}

static bool run_may_take(const struct run *r, u64 start, const struct insn *i) {
  u64 last = i->pc + i->len - 1;
  if ((last ^ start) < RR_PAGE) return true;                 // in the first page
  return r->file && decode_page_state(last) == PAGE_FILE;
}

static int form_run(struct run *r, u64 pc, u64 *fault) {
  u32 limit = run_limit();
  const struct insn *i;
  memset(&r->n, 0, sizeof *r - offsetof(struct run, n));
  r->file = true;
  u64 start = pc;
  while (r->n < limit) {
    if (debug_break_at(pc)) { r->breakpoint = true; break; }
    if (r->n && limit > 1 && lookup(pc, NULL)) break;
    int e = decode_at(pc, &i, fault);
    if (e && !r->n) return e;
    if (e) break;
    if (!r->n) { note_page(r, pc); note_page(r, pc + i->len - 1); }
    else if (!run_may_take(r, start, i)) break;
    if (unlikely(shadowing) && shared_instrumented(pc) && r->shared++ >= SHARED_MAX) break;
    r->insn[r->n++] = *i;
    if (i->kind >= I_JMP && i->kind <= I_CALL && i->target == start) r->tick = true;
    pc += i->len;
    if (r->checked && i->kind == I_COPY && decode_writes_memory(i)) break; // perhaps to what follows: look at it again
    if ((i->kind == I_JCC || i->kind == I_JMP) && i->target == start) { r->loop = true; r->ended = i->kind == I_JMP; break; }
    if (i->kind != I_COPY && i->kind != I_JCC && i->kind != I_LOOP && i->kind != I_SPECIAL) { r->ended = true; break; }
  }
  r->end = pc;
  r->dead = r->n ? flags_dead(start, &r->reach, &r->far, false) : 0;
  if (r->reach < r->end) r->reach = r->end;
  return 0;
}

// A block of a CHECKED page compares its code with what was translated, flags untouched:
// rax = minus the bytes, rcx = the bytes there now, rcx + rax = 0.
static void emit_check(struct builder *b, const struct run *r) {
  u8 code[RUN_INSNS * 16];
  u64 pc = b->start, n = r->reach - pc;
  check(n <= sizeof code && copyin(code, pc, n) == n, pc);
  e_spill(b, R_RAX);
  e_spill(b, R_RCX);
  u8 *cold = NULL;
  for (u64 k = 0; k < n;) {
    u64 want = 0, step = n - k >= 8 ? 8 : n - k >= 4 ? 4 : n - k >= 2 ? 2 : 1;
    __builtin_memcpy(&want, code + k, 8);
    if (step < 8) want &= (1ul << step * 8) - 1;
    e_imm(b, R_RCX, pc + k);
    if (step == 8) CODE(b, 0x48, 0x8b, 0x09);
    else if (step == 4) CODE(b, 0x8b, 0x09);
    else if (step == 2) CODE(b, 0x0f, 0xb7, 0x09);
    else CODE(b, 0x0f, 0xb6, 0x09);
    e_imm(b, R_RAX, -want);
    CODE(b, 0x48, 0x8d, 0x0c, 0x01, 0xe3, 0x05, 0xe9); // lea rcx, [rcx + rax]; jrcxz over the jmp
    if (!cold) {
      u8 *hot = b->hot;
      cold = b->hot = b->cold;
      e_reload(b, R_RCX);
      e_reload(b, R_RAX);
      b->cold = b->hot + 5;
      u8 *to = stub(b, EXIT_CHECK, 0, NULL, pc, 0, NULL);
      e8(b, 0xe9);
      e32(b, (u32)(to - (b->hot + 4)));
      b->hot = hot;
    }
    e32(b, (u32)(cold - (b->hot + 4)));
    k += step;
  }
  e_reload(b, R_RCX);
  e_reload(b, R_RAX);
  piece_end(b, 0, ST_RAX | ST_RCX);
}

static void emit_body(struct builder *b, struct run *r, const u8 *tick) {
  if (r->loop && !debug_watching && !r->shared && unroll_possible(r->insn, r->n, b->start, r->dead, r->checked)) unroll_emit(b, r->insn, r->n, tick);
  else for (u32 k = 0; k < r->n; k++) {
    if (unlikely(debug_watching)) debug_watch_emit(b, &r->insn[k]);
    if (unlikely(r->shared) && shared_instrumented(r->insn[k].pc)) shared_emit(b, &r->insn[k]);
    else emit_transfer(b, &r->insn[k]);
  }
  if (r->breakpoint) {
    e8(b, 0xe9);
    u8 *to = stub(b, EXIT_BREAK, 0, NULL, r->end, 0, NULL);
    e32(b, (u32)(to - (b->hot + 4)));
    piece_end(b, 0, 0);
  } else if (!r->ended) {
    e8(b, 0xe9);
    branch_site(b, r->end, false);
    piece_end(b, 0, 0);
  }
}

static bool reached_by(enum exit_kind kind, u64 pc) { return ctx.exit_kind == kind && ctx.exit_target == pc; }

static struct fragment *make(struct arena *a, u64 pc, struct run *r) {
  struct builder b = { .a = a, .hot = a->hot, .cold = a->cold, .meta = a->meta, .start = pc };
  b.link = !(debug_flags & RR_DEBUG_NOLINK);
  struct fragment *f = &a->fragments[a->count];
  *f = (struct fragment){ .pc = pc, .cold = arena_offset(a, b.cold), .meta = arena_offset(a, b.meta) };
  f->guest_len = (u16)(r->end - pc);
  f->reach = (u16)(r->reach - pc);
  f->flags = (u8)((r->checked ? FRAG_CHECKED : 0) | (r->file ? 0 : FRAG_NOT_FILE) | (r->far ? FRAG_FAR : 0));
  bool indirect = reached_by(EXIT_INDIRECT, pc);
  bool tick = indirect || r->tick || (reached_by(EXIT_LINK, pc) && ctx.exit_record && ((struct exit_record *)ctx.exit_record)->flags & EXIT_TICK);
  entry_first(&b, f, indirect, tick, (r->dead & FLAGS_OF_DEC) == FLAGS_OF_DEC && !r->checked);
  f->plain = arena_offset(a, b.hot);
  lookup_insert(pc, f);
  if (r->checked) emit_check(&b, r);
  emit_body(&b, r, f->tick ? (u8 *)arena_at(a, f->tick) : NULL);
  f->end = arena_offset(a, b.hot);
  f->cold_end = arena_offset(a, b.cold);
  if (b.far) f->flags |= FRAG_FAR;
  f->meta_len = (u16)(b.meta - (a->meta_start + (f->meta - arena_offset(a, a->meta_start))));
  a->count++;
  a->hot = b.hot;
  a->cold = b.cold;
  a->meta = b.meta;
  fragments_made++;
  drop_note(a, f);
  if (unlikely(log_mask >> LOG_TRANSLATE & 1)) dump_fragment(a, f);
  return f;
}

static int make_vsyscall(u64 pc, u64 *cache_pc) {
  struct arena *a = arena_for(pc); // the far zone
  if (!arena_room(a)) translate_flush();
  struct run r = { .n = 1, .ended = true, .end = pc + 1, .reach = pc + 1, .file = true };
  r.insn[0] = (struct insn){ .pc = pc, .kind = I_END, .special = SP_VSYSCALL, .len = 1 };
  struct fragment *f = make(a, pc, &r);
  *cache_pc = arena_at(a, f->plain);
  return 0;
}

int translate_entry(u64 pc, u64 *cache_pc, u64 *fault) {
  struct arena *a;
  struct fragment *f = lookup(pc, &a);
  if (f && ctx.exit_kind == EXIT_CHECK && ctx.exit_target == pc) { // its bytes have changed
    ctx.exit_kind = EXIT_NONE;
    drop_fragment(a, f);
    f = NULL;
  }
  if (!f) {
    static struct run r; // the baton is held
    if (pc == VSYSCALL || pc == VSYSCALL + 0x400 || pc == VSYSCALL + 0x800) return make_vsyscall(pc, cache_pc);
    a = arena_for(pc);
    if (!a->probed) {
      cache_attach(a);
      if ((f = lookup(pc, &a))) goto found;
    }
    decode_forget();
    int e = form_run(&r, pc, fault);
    if (e) return e;
    if (!arena_room(a)) {
      translate_flush();
      check(arena_room(a), pc);
    }
    if (r.breakpoint || r.shared) a->unsaveable = true;
    f = make(a, pc, &r);
  }
found:
  *cache_pc = arena_at(a, f->plain);
  return 0;
}

void translate_flush(void) {
  rr_log(LOG_TRANSLATE, "flush after %lu fragments", fragments_made);
  translate_generation++;
  ctx.exit_record = 0;
  for (u32 i = 0; i < arena_count; i++) arena_reset(&arenas[i]);
  lookup_reset();
  drop_reset();
  ibl_reset();
}
