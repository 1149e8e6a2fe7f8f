// Watchpoints compiled into the translation: before each instruction that may touch memory in a watched way, its address is
// compared with the watched ranges, flags untouched. What hits leaves with EXIT_BREAK and is run alone (debug_watch.c).
//
// The check is exact but for instructions whose address is not a plain sum (REP, FS and GS, bit strings, gathers): those
// always leave. With more watchpoints than fit, translated code is made of single instructions and each leaves.
#include "engine/debug_watch.h"
#include "engine/translate/emit.h"

enum { PLAN_MAX = 4 };
struct range { u64 addr, len; u32 flags; };
static struct range plan[PLAN_MAX];
static u32 plan_count;
static bool stepping;
bool debug_watching; // checks are compiled in

static bool plan_make(struct range *r, u32 *n) {
  *n = 0;
  for (struct watchpoint *w = watch_first(); w; w = w->next) {
    if (*n == PLAN_MAX) return false;
    r[(*n)++] = (struct range){ w->addr, w->len, w->flags };
  }
  return true;
}

void watch_mode(void) {
  static u32 normal;
  struct range r[PLAN_MAX] = { 0 };
  u32 n;
  bool step = !plan_make(r, &n);
  if (step) n = 0;
  if (step == stepping && n == plan_count && !memcmp(r, plan, n * sizeof *r)) return;
  if (!stepping) normal = debug_flags;
  debug_flags = step ? normal | RR_DEBUG_STEP | RR_DEBUG_NOLINK : normal;
  stepping = step;
  memcpy(plan, r, sizeof plan);
  plan_count = n;
  debug_watching = n > 0;
  translate_flush();
}

bool watch_stepping(void) { return stepping; }

static void emit_leave(struct builder *b, u64 pc) {
  e8(b, 0xe9);
  u8 *to = stub(b, EXIT_BREAK, 0, NULL, pc, 0, NULL);
  e32(b, (u32)(to - (b->hot + 4)));
}

// lea rcx, [the access's address + extra]
static void emit_address(struct builder *b, const struct insn *i, const struct access *a, s64 extra) {
  s64 disp = a->disp + extra;
  if (a->base == R_RIP) {
    e_imm(b, R_RCX, i->pc + i->len + (u64)disp);
    return;
  }
  if (a->base < 0 && a->index < 0) {
    e_imm(b, R_RCX, (u64)disp);
    return;
  }
  u8 index = a->index < 0 ? 4 : (u8)a->index, base = a->base < 0 ? 5 : (u8)a->base; // SDM 2.1.5, table 2-3
  u8 scale = (u8)__builtin_ctz(a->scale ? a->scale : 1);
  e8(b, (u8)(0x48 | (index >> 3) << 1 | (a->base < 0 ? 0 : base >> 3)));
  e8(b, 0x8d);
  e8(b, a->base < 0 ? 0x0c : 0x8c);
  e8(b, (u8)(scale << 6 | (index & 7) << 3 | (base & 7)));
  e32(b, (u32)disp);
}

// t = address - (watched start - size + 1), u = t - (watched length + size - 1): a hit when t >= 0 and u < 0. The sign of
// each is brought into a byte: rcx = 255 * (t < 0), rax = 255 * (u < 0); rcx - rax + 255 = 0 is the hit.
static void emit_check(struct builder *b, const struct insn *i, const struct access *a, const struct range *w) {
  s64 extra = a->how == A_PUSH ? -(s64)a->size : a->how == A_POP_BASE ? (s64)a->size : 0;
  e_spill(b, R_RAX);
  e_spill(b, R_RCX);
  emit_address(b, i, a, extra);
  e_imm(b, R_RAX, -(w->addr - a->size + 1));
  CODE(b, 0x48, 0x8d, 0x0c, 0x01, 0x48, 0x8d, 0x81);       // lea rcx, [rcx + rax]; lea rax, [rcx + disp32]
  e32(b, (u32)-(w->len + a->size - 1));
  CODE(b, 0x48, 0x0f, 0xc9, 0x0f, 0xb6, 0xc9);             // bswap rcx; movzx ecx, cl
  CODE(b, 0x48, 0x0f, 0xc8, 0x0f, 0xb6, 0xc0);             // bswap rax; movzx eax, al
  CODE(b, 0x48, 0xf7, 0xd0, 0x48, 0x8d, 0x8c, 0x01);       // not rax; lea rcx, [rcx + rax + 256]
  e32(b, 256);
  CODE(b, 0xe3, 0x02, 0xeb, 0x05, 0xe9);                   // jrcxz to the jmp; over it
  u8 *site = b->hot, *hot = b->hot + 4, *cold = b->cold;
  b->hot = cold;
  e_reload(b, R_RCX);
  e_reload(b, R_RAX);
  b->cold = b->hot + 5;
  u8 *to = stub(b, EXIT_BREAK, 0, NULL, i->pc, 0, NULL);
  e8(b, 0xe9);
  e32(b, (u32)(to - (b->hot + 4)));
  b->hot = site;
  e32(b, (u32)(cold - hot));
  e_reload(b, R_RCX);
  e_reload(b, R_RAX);
  piece_end(b, 0, ST_RAX | ST_RCX);
}

static bool odd(const struct decoded *d, const struct access *a) {
  return d->odd || d->rep || d->narrow || d->vector || a->segment || a->how == A_BIT || !fits32(a->disp);
}

void debug_watch_emit(struct builder *b, const struct insn *i) {
  const struct decoded *d = watch_decode(i->pc, i->bytes, i->len);
  for (u32 k = 0; k < plan_count; k++)
    for (u32 n = 0; n < d->count; n++) {
      const struct access *a = &d->a[n];
      if (!(a->rw & plan[k].flags)) continue;
      if (odd(d, a)) {
        emit_leave(b, i->pc);
        piece_end(b, 0, 0);
        return;
      }
      emit_check(b, i, a, &plan[k]);
    }
}
