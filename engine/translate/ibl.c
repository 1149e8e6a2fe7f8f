// The table of indirect targets: translated returns and indirect jumps go through ibl_table[some bits of the guest address]
// to a head that checks that the fragment is the right one (branch.c, emit_ibl_head). Empty entries lead to the gate.
//
// The bits are those above the lowest two: few targets lie closer than 4 bytes, and the table is four times as dense in the
// cache. A sparse table costs page faults at start, so it begins with 4 Ki entries and grows x4 when entries displace each
// other. Two that share a slot would displace each other for ever: both go into a second level too, chosen by other bits,
// where the gate finds them in a dozen instructions.
#include "engine/sys.h"
#include "engine/translate/emit.h"

#define SLOTS_FIRST 4096u
#define SLOTS_SLOW 65536u  // without pext: the low 16 bits
u64 ibl_table[IBL_SLOTS_MAX] __attribute__((aligned(4096)));
struct second { u64 minus, body; }; // minus the guest address; where the head goes on behind its check
struct second ibl_second[IBL_SECOND_SLOTS] __attribute__((aligned(4096)));
static u32 slots, displaced;
static bool second_used;

static u64 *slot_of(u64 pc) { return &ibl_table[(cpu_fast_pext ? pc >> 2 : pc) & (slots - 1)]; }

// pext(pc, IBL_SECOND_MASK)
static struct second *second_of(u64 pc) { return &ibl_second[(pc >> 1 & 0x7f) | (pc >> 16 & 0x7f) << 7]; }
_Static_assert(IBL_SECOND_MASK == (0x7ful << 1 | 0x7ful << 16) && IBL_SECOND_SLOTS == 1u << 14, "second_of");

// No target is at address 1 less than none: 0 would be one, as wild calls go there.
static void second_clear(struct second *s) { *s = (struct second){ .minus = s == ibl_second }; }

static void populate(void) { sys(__NR_madvise, ibl_table, slots * sizeof ibl_table[0], 23 /* MADV_POPULATE_WRITE */); }

void ibl_reset(void) {
  if (!slots) {
    slots = cpu_fast_pext ? SLOTS_FIRST : SLOTS_SLOW;
    populate();
  }
  ctx.ibl_mask = (slots - 1ul) << 2;
  for (u32 i = 0; i < slots; i++) ibl_table[i] = (u64)gate_ibl_empty;
  if (second_used) memset(ibl_second, 0, sizeof ibl_second);
  second_clear(ibl_second);
  second_used = false;
  displaced = 0;
}

static u64 pc_of_head(u64 head) { // what emit_ibl_head wrote
  const u8 *p = (const u8 *)head;
  s32 low;
  u64 wide;
  if (p[1] == 0xc7) { __builtin_memcpy(&low, p + 3, 4); return -(u64)(s64)low; }
  __builtin_memcpy(&wide, p + 2, 8);
  return -wide;
}

static u64 body_of_head(u64 head) {
  u32 check_at = ((const u8 *)head)[1] == 0xc7 ? 7 : 10;
  return head + check_at + (cpu_amd ? 5 + 2 : 4 + 2 + 7);
}

static void put_second(u64 head) {
  u64 pc = pc_of_head(head);
  *second_of(pc) = (struct second){ -pc, body_of_head(head) };
  second_used = true;
}

static void grow(void) {
  static u64 old[IBL_SLOTS_MAX / 4];
  u32 k = 0;
  for (u32 i = 0; i < slots; i++)
    if (ibl_table[i] != (u64)gate_ibl_empty) old[k++] = ibl_table[i];
  slots *= 4;
  ctx.ibl_mask = (slots - 1ul) << 2;
  populate();
  for (u32 i = 0; i < slots; i++) ibl_table[i] = (u64)gate_ibl_empty;
  for (u32 i = 0; i < k; i++) *slot_of(pc_of_head(old[i])) = old[i];
  displaced = 0;
}

static u64 enter(u64 guest_pc) { // the head, now in the table; 0: no such fragment
  struct arena *a;
  struct fragment *f = lookup(guest_pc, &a);
  if (!f || debug_flags & RR_DEBUG_NOLINK) return 0;
  if (!f->ibl && !entry_make(a, f, true)) return 0;
  u64 *slot = slot_of(guest_pc), head = arena_at(a, f->ibl);
  if (*slot == head) return head;
  if (*slot != (u64)gate_ibl_empty && cpu_fast_pext) {
    if (++displaced > slots / 256 && slots < IBL_SLOTS_MAX) {
      grow();
      slot = slot_of(guest_pc);
    }
    if (*slot != (u64)gate_ibl_empty) {
      put_second(*slot);
      put_second(head);
    }
  }
  *slot = head;
  return head;
}

void translate_ibl_add(u64 guest_pc) { enter(guest_pc); }

u64 ibl_find(u64 guest_pc) { return enter(guest_pc); }

void ibl_forget(u64 pc, u64 head) {
  u64 *slot = slot_of(pc);
  if (*slot == head) *slot = (u64)gate_ibl_empty;
  struct second *s = second_of(pc);
  if (s->minus == -pc) second_clear(s);
}
