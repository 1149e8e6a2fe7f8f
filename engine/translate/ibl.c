// The table of indirect targets: translated returns and indirect jumps go through ibl_table[low bits of the guest address]
// to a head that checks that the fragment is the right one (branch.c, emit_ibl_head). Empty entries lead to the gate.
//
// A sparse table costs page faults at start, so it begins with 1 Ki entries and grows x4 when entries displace each other.
#include "engine/sys.h"
#include "engine/translate/emit.h"

#define SLOTS_FIRST 1024u
#define SLOTS_MAX 65536u
u64 ibl_table[SLOTS_MAX] __attribute__((aligned(4096)));
static u32 used, displaced;

static u64 mask(void) { return ctx.ibl_mask; }

void ibl_reset(void) {
  u32 n = !cpu_fast_pext ? SLOTS_MAX : ctx.ibl_mask ? (u32)ctx.ibl_mask + 1 : SLOTS_FIRST;
  ctx.ibl_mask = n - 1;
  for (u32 i = 0; i < n; i++) ibl_table[i] = (u64)gate_ibl_empty;
  used = displaced = 0;
}

static u64 pc_of_head(u64 head) { // what emit_ibl_head wrote
  const u8 *p = (const u8 *)head;
  s32 low;
  u64 wide;
  if (p[1] == 0xc7) { __builtin_memcpy(&low, p + 3, 4); return -(u64)(s64)low; }
  __builtin_memcpy(&wide, p + 2, 8);
  return -wide;
}

static void grow(void) {
  static u64 old[SLOTS_MAX / 4];
  u32 n = (u32)mask() + 1, k = 0;
  for (u32 i = 0; i < n; i++)
    if (ibl_table[i] != (u64)gate_ibl_empty) old[k++] = ibl_table[i];
  ctx.ibl_mask = n * 4 - 1;
  sys(__NR_madvise, ibl_table, n * 4 * sizeof ibl_table[0], 23 /* MADV_POPULATE_WRITE */);
  for (u32 i = 0; i < n * 4; i++) ibl_table[i] = (u64)gate_ibl_empty;
  for (u32 i = 0; i < k; i++) ibl_table[pc_of_head(old[i]) & mask()] = old[i];
  displaced = 0;
}

// The head of a fragment that was first reached directly lies apart and jumps to it.
static void make_head(struct arena *a, struct fragment *f) {
  struct builder b = { .a = a, .hot = (u8 *)ALIGN_UP((u64)a->hot, 16) };
  f->ibl = arena_offset(a, emit_ibl_head(&b, f->pc));
  e8(&b, 0xe9);
  e32(&b, (u32)(arena_at(a, f->tick) - ((u64)b.hot + 4)));
  a->hot = b.hot;
}

static u64 enter(u64 guest_pc) { // the head, now in the table; 0: no such fragment
  struct arena *a;
  struct fragment *f = lookup(guest_pc, &a);
  if (!f || debug_flags & RR_DEBUG_NOLINK) return 0;
  if (!f->ibl) {
    if (a->hot + 64 > a->hot_end) return 0;
    make_head(a, f);
  }
  u64 *slot = &ibl_table[guest_pc & mask()], head = arena_at(a, f->ibl);
  if (*slot == head) return head;
  if (*slot == (u64)gate_ibl_empty) used++;
  else if (++displaced > mask() / 4 && mask() + 1 < SLOTS_MAX) {
    grow();
    slot = &ibl_table[guest_pc & mask()];
  }
  *slot = head;
  return head;
}

void translate_ibl_add(u64 guest_pc) { enter(guest_pc); }

u64 ibl_find(u64 guest_pc) { return enter(guest_pc); }

void ibl_forget(u64 pc, u64 head) {
  u64 *slot = &ibl_table[pc & mask()];
  if (*slot == head) *slot = (u64)gate_ibl_empty;
}
