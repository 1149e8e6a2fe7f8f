// The table of the guest's mappings: a sorted array, split and merged as the kernel does with its VMAs.
#include <linux/mman.h>
#include "engine/debug.h"
#include "engine/map.h"
#include "engine/sys.h"

static struct mapping *table;
static u32 count, room;
struct range { u64 start, end; };
static struct slot { u64 image, arena, end; } slots[1024]; // images in slots and the arenas behind them
static u32 slot_count;

static u32 find_index(u64 addr) { // first mapping whose end > addr
  u32 lo = 0, hi = count;
  while (lo < hi) {
    u32 mid = (lo + hi) / 2;
    if (table[mid].end > addr) hi = mid; else lo = mid + 1;
  }
  return lo;
}

struct mapping *map_next(u64 addr) {
  u32 i = find_index(addr);
  return i < count ? &table[i] : NULL;
}

struct mapping *map_find(u64 addr) {
  struct mapping *m = map_next(addr);
  return m && m->start <= addr ? m : NULL;
}

static void insert_at(u32 i, const struct mapping *m) {
  if (count == room) {
    u32 more = room ? room * 2 : 256;
    struct mapping *t = heap_pages(more * sizeof *t);
    if (table) {
      memcpy(t, table, count * sizeof *t);
      heap_pages_free(table, room * sizeof *t);
    }
    table = t;
    room = (u32)(ALIGN_UP(more * sizeof *t, RR_PAGE) / sizeof *t);
  }
  memmove(&table[i + 1], &table[i], (count - i) * sizeof *table);
  table[i] = *m;
  count++;
}

static void split(u64 addr) { // so that no mapping crosses addr
  u32 i = find_index(addr);
  if (i == count || table[i].start >= addr) return;
  struct mapping right = table[i];
  right.offset += addr - right.start;
  right.start = addr;
  table[i].end = addr;
  insert_at(i + 1, &right);
}

static void merge(u32 i) { // with its left neighbour
  if (i == 0 || i >= count) return;
  struct mapping *a = &table[i - 1], *b = &table[i];
  if (a->end != b->start || a->prot != b->prot || a->flags != b->flags || a->file != b->file) return;
  if (a->flags & MAPF_SHARED && !a->file) return; // two objects
  if (a->file && a->offset + (a->end - a->start) != b->offset) return;
  a->end = b->end;
  memmove(b, b + 1, (count - i - 1) * sizeof *b);
  count--;
}

void map_remove(u64 start, u64 end) {
  if (unlikely(debugging)) seen_changed(start, end);
  if (start >= end) return;
  split(start);
  split(end);
  u32 i = find_index(start), k = i;
  while (k < count && table[k].start < end) k++;
  memmove(&table[i], &table[k], (count - k) * sizeof *table);
  count -= k - i;
}

void map_insert(u64 start, u64 end, u32 prot, u32 flags, u64 offset, struct map_file *file) {
  map_remove(start, end);
  struct mapping m = { start, end, prot, flags, offset, file };
  u32 i = find_index(start);
  insert_at(i, &m);
  merge(i + 1);
  merge(i);
}

void map_protect(u64 start, u64 end, u32 prot) {
  split(start);
  split(end);
  u32 i = find_index(start), k = i;
  for (; k < count && table[k].start < end; k++) table[k].prot = prot;
  for (u32 j = k + 1; j-- > i;) merge(j);
}

static const struct range fixed[] = {
  { RR_ENGINE_BASE - RR_GUARD, RR_LOW_END }, // AddressSanitizer's shadow begins there
  { RR_HIGH, RR_HIGH_END },
  { RR_SHARED_SHADOW, RR_SHARED_ZONE },
  { RR_PIE_ARENA - RR_GUARD, RR_PIE_ARENA_END + 0x4000000 },
  { RR_ANON_ARENA - RR_GUARD, RR_ANON_ARENA_END + RR_GUARD },
  { RR_FAR_ARENA - RR_GUARD, RR_FAR_ARENA_END + RR_GUARD },
};

bool map_ours(u64 start, u64 end) {
  for (u32 i = 0; i < ARRAY_SIZE(fixed); i++)
    if (start < fixed[i].end && end > fixed[i].start) return true;
  if (end > RR_IMAGE_BASE && start < RR_IMAGE_END)
    for (u32 i = 0; i < slot_count; i++)
      if (start < slots[i].end && end > slots[i].arena - RR_GUARD / 2) return true;
  return false;
}

void map_image_slot(u64 start, u64 size) {
  struct slot n = { start, RR_IMAGE_ARENA_START(start + size), 0 };
  n.end = n.arena + RR_IMAGE_ARENA_BYTES(size);
  if (start < RR_IMAGE_BASE || n.end > RR_IMAGE_END) return; // no slot was free: it lies among the other mappings
  for (u32 i = 0; i < slot_count; i++)
    if (slots[i].image == start) { if (slots[i].end < n.end) slots[i] = n; return; }
  check(slot_count < ARRAY_SIZE(slots), slot_count);
  slots[slot_count++] = n;
}

bool map_image_arena(u64 addr, u64 *image, u64 *arena, u64 *arena_end) {
  for (u32 i = 0; i < slot_count; i++)
    if (addr >= slots[i].image && addr < slots[i].arena) {
      *image = slots[i].image;
      *arena = slots[i].arena;
      *arena_end = slots[i].end;
      return true;
    }
  return false;
}

static bool is_free(u64 start, u64 end) {
  struct mapping *m = map_next(start);
  return !(m && m->start < end) && !map_ours(start, end);
}

u64 map_choose(u64 hint, u64 size, bool low32) {
  size = ALIGN_UP(size, RR_PAGE);
  hint = ALIGN_DOWN(hint, RR_PAGE);
  if (hint >= RR_GUEST_LOW_MIN && size && hint + size > hint && hint + size <= RR_GUEST_STACK_TOP && (!low32 || hint + size <= 0x80000000ul) && is_free(hint, hint + size))
    return hint;
  // Top-down, first fit: below the ceiling and below each mapping in turn.
  u64 top = low32 ? 0x6ff00000ul : RR_GUEST_MMAP_TOP, floor = low32 ? 0x40000000ul : 0x7ff000000000ul;
  for (int pass = 0; pass < 2; pass++) {
    u32 i = find_index(top - 1);
    u64 end = i < count && table[i].start < top ? table[i].start : top;
    while (end >= floor + size) {
      u64 start = end - size;
      if (is_free(start, end)) return start;
      u32 k = find_index(start);
      if (k < count && table[k].start < end) end = table[k].start;
      else end -= RR_GUARD; // ours: step over it
    }
    // No room in the usual place: everything between the image slots and TSan's low ranges.
    top = low32 ? 0x40000000ul : 0x7e0000000000ul;
    floor = low32 ? RR_GUEST_LOW_MIN : 0x100000000000ul;
  }
  return 0;
}

// Top-down, a page left free between neighbours: each is a mapping of its own.
u64 map_choose_shared(u64 size) {
  size = ALIGN_UP(size, RR_PAGE) + RR_PAGE;
  u64 end = RR_SHARED_ZONE_END - RR_GUARD;
  if (size > RR_SHARED_BYTES / 2) return 0;
  while (end >= RR_SHARED_ZONE + RR_GUARD + size) {
    u32 i = find_index(end - size);
    if (i == count || table[i].start >= end) return end - size + RR_PAGE;
    end = table[i].start;
  }
  return 0;
}

static u64 mix(u64 h, u64 v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15ul;
  return h ^ h >> 29;
}

u64 map_choose_image(const struct map_file *f, u64 size) {
  u64 span = RR_IMAGE_ARENA_START(ALIGN_UP(size, RR_PAGE)) + RR_IMAGE_ARENA_BYTES(size);
  u64 steps = (RR_IMAGE_END - RR_IMAGE_BASE) / RR_IMAGE_STEP;
  u64 h = mix(mix(mix(mix(0, f->dev), f->ino), f->size), f->mtime_ns) % (steps / 4) + steps / 8; // a 16 GiB window: few page tables
  for (u64 i = 0; i < 4096; i++) {
    u64 start = RR_IMAGE_BASE + (h + i) % steps * RR_IMAGE_STEP;
    if (start + span > RR_IMAGE_END) continue;
    if (is_free(start, start + span)) return start;
  }
  return map_choose(0, size, false);
}

bool map_writable(u64 start, u64 len) {
  u64 end = start + len;
  if (end < start) return false;
  for (u32 i = find_index(start); start < end; i++) {
    if (i >= count || table[i].start > start || !(table[i].prot & PROT_WRITE)) return false;
    start = table[i].end;
  }
  return true;
}

u64 map_exec_end(u64 pc) {
  u32 i = find_index(pc);
  if (i >= count || table[i].start > pc || !(table[i].prot & PROT_EXEC)) return 0;
  u64 end = table[i].end;
  while (++i < count && table[i].start == end && (table[i].prot & PROT_EXEC)) end = table[i].end;
  return end;
}

u32 map_host_prot(u32 prot) {
  u32 p = prot & (PROT_READ | PROT_WRITE);
  if (prot & PROT_EXEC) p |= PROT_READ; // the translator reads it; on x86 exec implies read, but for protection keys
  return p;
}

// The stack is mapped whole at start; other growing mappings extend down on a fault, as the kernel's expand_stack does
// (mm/mmap.c: stack_guard_gap of 256 pages to the mapping below).
bool map_grow_stack(u64 addr) {
  u32 i = find_index(addr);
  if (i >= count || table[i].start <= addr || !(table[i].flags & MAPF_GROWSDOWN)) return false;
  struct mapping *m = &table[i];
  u64 start = ALIGN_DOWN(addr, RR_PAGE), limit = 0x800000;
  if (m->end - start > limit) return false;
  if (i && table[i - 1].prot && table[i - 1].end + 256 * RR_PAGE > start) return false;
  s64 r = sys(__NR_mmap, start, m->start - start, map_host_prot(m->prot), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (r != (s64)start) return false;
  m->start = start;
  return true;
}
