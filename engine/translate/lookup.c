// The lookup table: guest address to fragment. Open addressing, doubled when half full.
#include "engine/translate/internal.h"

struct slot { u64 pc; struct fragment *f; }; // pc 0: free; f NULL: removed
static struct slot *slots;
static u32 size, used;

static u32 hash(u64 pc) { return (u32)((pc * 0x9e3779b97f4a7c15ul) >> 40); }

static struct fragment *find(u64 pc) {
  if (!size) return NULL;
  for (u32 i = hash(pc) & (size - 1);; i = (i + 1) & (size - 1)) {
    if (slots[i].pc == pc) return slots[i].f;
    if (!slots[i].pc) return NULL;
  }
}

struct fragment *lookup(u64 pc, struct arena **a) {
  struct fragment *f = find(pc);
  if (!f) f = cache_lookup(pc); // not inserted: a warm process should write little
  if (f && a) *a = arena_of_fragment(f);
  return f;
}

static void put(u64 pc, struct fragment *f) {
  u32 i = hash(pc) & (size - 1);
  while (slots[i].pc && slots[i].pc != pc) i = (i + 1) & (size - 1);
  if (!slots[i].pc) used++;
  slots[i] = (struct slot){ pc, f };
}

void lookup_insert(u64 pc, struct fragment *f) {
  if (used * 2 >= size) {
    u32 old_size = size;
    struct slot *old = slots;
    size = size ? size * 2 : 4096;
    slots = heap_pages(size * sizeof *slots);
    used = 0;
    for (u32 i = 0; i < old_size; i++)
      if (old[i].f) put(old[i].pc, old[i].f);
    if (old) heap_pages_free(old, old_size * sizeof *old);
  }
  put(pc, f);
}

void lookup_remove(u64 pc) {
  for (u32 i = hash(pc) & (size - 1); size && slots[i].pc; i = (i + 1) & (size - 1))
    if (slots[i].pc == pc) { slots[i].f = NULL; return; }
}

void lookup_reset(void) {
  if (size) memset(slots, 0, size * sizeof *slots);
  used = 0;
}
