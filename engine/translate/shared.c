// Instructions that touch memory which others write (engine/shared.h). Each was found by its first fault (record) or is named
// by an event of the log (replay); its translation then looks at the address first.
//
// Record, memory in the zone: a plain load compares object and shadow, and runs on the shadow; a store runs on the shadow and
// its bytes go to the object. A difference leaves by EXIT_SHARED (RETRY: the engine logs it, and it is tried again). A locked
// operation leaves before (LOCK) and after (LOCK_DONE) it ran on the shadow, and the engine makes it true of the object by one
// compare-and-exchange. All else leaves (SLOW) and is run alone. Replay: leaves where ctx.shared_due says that a change is near.
#include "engine/debug_watch.h"
#include "engine/log.h"
#include "engine/shared.h"
#include "engine/translate/emit.h"

#define ZONE_TOP ((u32)(RR_SHARED_ZONE >> RR_SHARED_BITS))
_Static_assert((RR_SHARED_ZONE & (RR_SHARED_BYTES - 1)) == 0 && RR_SHARED_ZONE >> RR_SHARED_BITS <= 0x7fffffff, "the zone is found by its high bits");
#define ALL (ST_RAX | ST_RCX | ST_RDX)

// ---- the set of instructions ----

static u64 *set;
static u32 size, used;

static u64 *slot_of(u64 *t, u32 n, u64 pc) {
  u32 i = (u32)(pc * 0x9e3779b97f4a7c15ul >> 40) & (n - 1);
  while (t[i] && t[i] != pc) i = (i + 1) & (n - 1);
  return &t[i];
}

bool shared_instrumented(u64 pc) { return size && *slot_of(set, size, pc); }

void shared_instrument(u64 pc) {
  if (shared_instrumented(pc)) return;
  if (used * 2 >= size) {
    u32 n = size ? size * 2 : 512, old_size = size;
    u64 *t = heap_pages(n * sizeof *t), *old = set;
    for (u32 i = 0; i < size; i++)
      if (set[i]) *slot_of(t, n, set[i]) = set[i];
    set = t;
    size = n;
    if (old) heap_pages_free(old, old_size * sizeof *old);
  }
  *slot_of(set, size, pc) = pc;
  used++;
  rr_log(LOG_SMC, "instruction at %lx touches shared memory", pc);
  translate_drop(pc);
}

// ---- pieces of code; t, x, base, index: rax, rcx or rdx ----

static void e_modrm8(struct builder *b, int reg, int base, s8 disp) { e8(b, (u8)(0x40 | reg << 3 | base)); e8(b, (u8)disp); }
static void e_sib8(struct builder *b, int reg, int base, int index, s8 disp) { e8(b, (u8)(0x44 | reg << 3)); e8(b, (u8)(index << 3 | base)); e8(b, (u8)disp); }

// One operation of `bytes` (1, 2, 4, 8); wide: the opcode for 2, 4 and 8, one less for bytes.
static void e_sized(struct builder *b, u32 bytes, u8 wide) {
  if (bytes == 2) e8(b, 0x66);
  if (bytes == 8) e8(b, 0x48);
  e8(b, bytes == 1 ? wide - 1 : wide);
}

// lea reg, [the access's address]
static void e_lea(struct builder *b, int reg, const struct insn *i, const struct access *a) {
  s64 disp = a->disp + (a->how == A_PUSH ? -(s64)a->size : a->how == A_POP_BASE ? (s64)a->size : 0);
  if (a->base == R_RIP) { e_imm(b, reg, i->pc + i->len + (u64)disp); return; }
  if (a->base < 0 && a->index < 0) { e_imm(b, reg, (u64)disp); return; }
  u8 index = a->index < 0 ? 4 : (u8)a->index, base = a->base < 0 ? 5 : (u8)a->base; // SDM 2.1.5, table 2-3
  u8 scale = (u8)__builtin_ctz(a->scale ? a->scale : 1);
  e8(b, (u8)(0x48 | (index >> 3) << 1 | (a->base < 0 ? 0 : base >> 3)));
  e8(b, 0x8d);
  e8(b, (u8)((a->base < 0 ? 0x04 : 0x84) | reg << 3));
  e8(b, (u8)(scale << 6 | (index & 7) << 3 | (base & 7)));
  e32(b, (u32)disp);
}

// The instruction with [reg] for its memory operand.
static void e_rewritten(struct builder *b, const struct insn *i, int reg) {
  u8 t[16], n = 0, modrm = i->bytes[i->modrm_at], mod = modrm >> 6, skip = 0;
  if ((modrm & 7) == 4) {
    skip = 1;
    if (mod == 0 && (i->bytes[i->modrm_at + 1] & 7) == 5) skip = 5;
  } else if (mod == 0 && (modrm & 7) == 5) skip = 4;
  if (mod == 1) skip += 1;
  if (mod == 2) skip += 4;
  for (u8 k = 0; k < i->len; k++)
    if (k <= i->modrm_at || k > i->modrm_at + skip) t[n++] = i->bytes[k];
  t[i->modrm_at] = (u8)((modrm & 0x38) | reg);
  if (i->rex_at != 0xff) { // X and B off; VEX, XOP, EVEX keep them inverted in bits 6 and 5 of their second byte
    if (i->encoding == ENC_LEGACY || i->encoding == ENC_3DNOW) t[i->rex_at] &= (u8)~3;
    else if (t[i->rex_at] != 0xc5) t[i->rex_at + 1] |= 0x60;
  }
  ebytes(b, t, n);
}

static void e_add_imm(struct builder *b, int reg, int x, u64 v) { // lea reg, [reg + v]: flags untouched
  e_imm(b, x, v);
  e8(b, 0x48); e8(b, 0x8d); e8(b, (u8)(0x04 | reg << 3)); e8(b, (u8)(x << 3 | reg));
}

static u8 *e_jmp(struct builder *b) { e8(b, 0xe9); e32(b, 0); return b->hot - 4; }
static u8 *e_jne(struct builder *b) { CODE(b, 0x0f, 0x85); e32(b, 0); return b->hot - 4; }
static u8 *e_je(struct builder *b) { CODE(b, 0x0f, 0x84); e32(b, 0); return b->hot - 4; }
static void land(u8 *site, const u8 *to) { s32 rel = (s32)(to - (site + 4)); __builtin_memcpy(site, &rel, 4); }

static void e_jmp_stub(struct builder *b, const struct insn *i, enum shared_kind kind, u64 resume, const u8 **at) {
  u8 *to = stub(b, EXIT_SHARED, 0, i, i->pc, resume, NULL);
  ((struct exit_record *)(to + STUB_CODE))->special = (u8)kind;
  u8 *site = e_jmp(b);
  land(site, to);
  if (at) *at = to;
}

struct plan { const struct access *a; int t, x; bool live; u32 bytes; };

static void e_restore(struct builder *b, bool live) {
  if (live) e_restore_flags(b);
  e_reload(b, R_RCX);
  e_reload(b, R_RDX);
  e_reload(b, R_RAX);
}

// Cold code that restores all and leaves; returns its address.
static u8 *cold_exit(struct builder *b, const struct insn *i, enum shared_kind kind, u64 resume, bool live) {
  u8 *hot = b->hot, *at = b->cold;
  b->hot = at;
  e_restore(b, live);
  b->cold = b->hot + 5; // the stub goes behind the jump to it
  e_jmp_stub(b, i, kind, resume, NULL);
  b->hot = hot;
  return at;
}

// Spills all, t = the access's address, flags kept in rax where live; then compares t with the zone: equal when in it.
static void e_look(struct builder *b, const struct insn *i, const struct plan *p) {
  e_spill(b, R_RAX);
  e_spill(b, R_RCX);
  e_spill(b, R_RDX);
  e_lea(b, p->t, i, p->a);
  if (p->live) e_save_flags(b);
  e8(b, 0x48); e8(b, 0x89); e8(b, (u8)(0xc0 | p->t << 3 | p->x));   // mov x, t
  e8(b, 0x48); e8(b, 0xc1); e8(b, (u8)(0xe8 | p->x)); e8(b, RR_SHARED_BITS); // shr x, bits
  e8(b, 0x81); e8(b, (u8)(0xf8 | p->x)); e32(b, ZONE_TOP);          // cmp x, top
}

// ---- record ----

static bool flags_live(const struct insn *i) {
  u64 reach;
  bool far;
  return flags_dead(i->pc, &reach, &far, false) != FLAGS_STATUS;
}

static bool simple(const struct decoded *d, const struct access *a) {
  return !d->narrow && !d->vector && !a->segment && a->how != A_BIT && fits32(a->disp);
}

// A plain instruction with one explicit memory operand of a size that words make up, and registers to spare.
static bool plan_make(struct plan *p, const struct insn *i, const struct decoded *d) {
  if (i->kind != I_COPY || d->count != 1 || d->rep || d->odd || (d->masked && d->a[0].rw & RR_WATCH_WRITE) || !i->modrm_at || i->bytes[i->modrm_at] >> 6 == 3) return false;
  const struct access *a = &d->a[0];
  if (!simple(d, a) || a->how != A_NORMAL || a->size > 64 || a->size & (a->size - 1)) return false;
  u64 regs = decode_general_registers(i);
  *p = (struct plan){ .a = a, .bytes = a->size, .live = flags_live(i) };
  p->t = !(regs & 2) ? R_RCX : !(regs & 4) ? R_RDX : !(regs & 1) && !p->live ? R_RAX : -1;
  p->x = p->t == R_RCX ? R_RDX : R_RCX;
  return p->t >= 0;
}

// Object and shadow hold the same: else to `other`. t = the shadow's address. The first word shows whether the object is there.
static void e_compare(struct builder *b, const struct plan *p, u8 *other) {
  u32 step = p->bytes < 8 ? p->bytes : 8;
  bool reads = p->a->rw & RR_WATCH_READ;
  for (u32 k = 0; k < (reads ? p->bytes : step); k += step) {
    e_imm(b, p->x, RR_SHARED_BYTES);
    e_sized(b, step, 0x8b); // mov x, [t + x + k]
    e_sib8(b, p->x, p->t, p->x, (s8)k);
    if (!reads) continue;
    e_sized(b, step, 0x3b); // cmp x, [t + k]
    e_modrm8(b, p->x, p->t, (s8)k);
    land(e_jne(b), other);
  }
}

// What the instruction left in the shadow goes to the object.
static void e_store_through(struct builder *b, const struct plan *p) {
  u32 step = p->bytes < 8 ? p->bytes : 8;
  int y = 3 - p->t - p->x; // the third of rax 0, rcx 1, rdx 2
  e_spill(b, p->x);
  e_spill(b, y);
  e_imm(b, y, RR_SHARED_BYTES);
  for (u32 k = 0; k < p->bytes; k += step) {
    e_sized(b, step, 0x8b); // mov x, [t + k]
    e_modrm8(b, p->x, p->t, (s8)k);
    e_sized(b, step, 0x89); // mov [t + y + k], x
    e_sib8(b, p->x, p->t, y, (s8)k);
  }
  e_reload(b, p->x);
  e_reload(b, y);
}

static void emit_plain(struct builder *b, const struct insn *i, const struct plan *p) {
  u64 start = (u64)b->hot;
  u8 *other = cold_exit(b, i, SHARED_RETRY, start, p->live);
  e_look(b, i, p);
  u8 *private = e_jne(b);
  e_imm(b, p->x, -(2 * RR_SHARED_BYTES));
  e8(b, 0x48); e8(b, 0x01); e8(b, (u8)(0xc0 | p->x << 3 | p->t));   // add t, x
  e_compare(b, p, other);
  piece_end(b, 0, ALL | (p->live ? ST_FLAGS : 0));
  if (p->live) e_restore_flags(b);
  for (int r = R_RAX; r <= R_RDX; r++)
    if (r != p->t) e_reload(b, r);
  piece_end(b, 0, 0); // nothing here faults
  e_rewritten(b, i, p->t);
  if (p->a->rw & RR_WATCH_WRITE) {
    piece_end(b, 0, 1u << p->t);
    e_store_through(b, p);
    e_reload(b, p->t);
    piece_end(b, 0, ALL);
  } else {
    e_reload(b, p->t);
    piece_end(b, 0, 1u << p->t);
  }
  u8 *end = e_jmp(b);
  land(private, b->hot);
  e_restore(b, p->live);
  piece_end(b, 0, 0);
  emit_copy(b, i);
  land(end, b->hot);
}

static void emit_locked(struct builder *b, const struct insn *i, const struct plan *p) {
  e_look(b, i, p);
  u8 *zone = e_je(b);
  e_restore(b, p->live);
  u8 *private = e_jmp(b);
  u64 run = (u64)b->hot;  // LOCK goes on here
  land(zone, cold_exit(b, i, SHARED_LOCK, run, p->live));
  e_spill(b, p->t);
  e_spill(b, p->x);
  e_lea(b, p->t, i, p->a);
  e_add_imm(b, p->t, p->x, -(2 * RR_SHARED_BYTES));
  e_reload(b, p->x);
  piece_end(b, 0, 0);
  e_rewritten(b, i, p->t);
  piece_end(b, 0, 1u << p->t);
  e_reload(b, p->t);
  u8 *done = e_jmp(b), *hot;
  land(private, b->hot);
  piece_end(b, 0, 0);
  emit_copy(b, i);
  hot = b->hot;
  u8 *to = stub(b, EXIT_SHARED, 0, i, i->pc, (u64)hot, NULL);
  ((struct exit_record *)(to + STUB_CODE))->special = SHARED_LOCK_DONE;
  land(done, to);
}

// The engine decides; where nothing of it is shared the instruction goes on. Plain addresses are looked at here.
static void emit_slow(struct builder *b, const struct insn *i, const struct decoded *d) {
  bool look = d->count && !d->odd;
  for (u32 k = 0; k < d->count; k++) look &= simple(d, &d->a[k]);
  if (!look) {
    u8 *to = stub(b, EXIT_SHARED, 0, i, i->pc, (u64)b->hot + 5, NULL);
    ((struct exit_record *)(to + STUB_CODE))->special = SHARED_SLOW;
    land(e_jmp(b), to);
    piece_end(b, 0, 0);
  } else {
    u8 *sites[ACCESS_MAX];
    struct plan p = { .t = R_RCX, .x = R_RDX, .live = flags_live(i) };
    for (u32 k = 0; k < d->count; k++) {
      p.a = &d->a[k];
      e_look(b, i, &p);
      sites[k] = e_je(b);
      e_restore(b, p.live);
    }
    u8 *to = cold_exit(b, i, SHARED_SLOW, (u64)b->hot, p.live);
    for (u32 k = 0; k < d->count; k++) land(sites[k], to);
    piece_end(b, 0, 0);
  }
  emit_transfer(b, i);
}

// ---- replay ----

static void emit_due(struct builder *b, const struct insn *i) {
  e_spill(b, R_RCX);
  CODE(b, 0x48, 0x8b, 0x0c, 0x25); // mov rcx, [shared_due]
  e32(b, CTX_AT(shared_due));
  CODE(b, 0xe3, 0x05);             // jrcxz over the jmp
  u8 *site = e_jmp(b), *hot = b->hot, *at = b->cold;
  b->hot = at;
  e_reload(b, R_RCX);
  b->cold = b->hot + 5;
  u8 *to = stub(b, EXIT_SHARED, 0, i, i->pc, (u64)hot + 8, NULL); // behind the reload
  land(e_jmp(b), to);
  b->hot = hot;
  land(site, at);
  e_reload(b, R_RCX);
  check(b->hot == hot + 8, i->pc);
  piece_end(b, 0, ST_RCX);
  emit_transfer(b, i);
}

void shared_emit(struct builder *b, const struct insn *i) {
  if (replaying) { emit_due(b, i); return; }
  const struct decoded *d = watch_decode(i->pc, i->bytes, i->len);
  struct plan p;
  if (!d->count) emit_transfer(b, i);
  else if (!plan_make(&p, i, d)) emit_slow(b, i, d);
  else if (d->atomic) emit_locked(b, i, &p);
  else emit_plain(b, i, &p);
}
