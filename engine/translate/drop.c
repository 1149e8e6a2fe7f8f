// Fragments whose guest code changed or went away.
//
// Others may be linked to a dropped fragment, so its two entries become jumps to exit stubs, which lead to what is made
// next. Its code stays: whoever was interrupted inside it is led out by the engine (translate_generation). Fragments of
// pages that may change are found by a table of pages; those of file pages by a walk over their arena.
#include <linux/mman.h>
#include "engine/map.h"
#include "engine/translate/emit.h"

struct page_slot { u64 page; u32 arena; u32 first; }; // first: index + 1 of the newest fragment that starts there
static struct page_slot *pages;
static u32 size, used;

static struct page_slot *slot_of(struct page_slot *t, u32 n, u64 page, u32 arena) {
  u32 i = (u32)((page >> 12) * 0x9e3779b1u + arena) & (n - 1);
  while (t[i].page && (t[i].page != page || t[i].arena != arena)) i = (i + 1) & (n - 1);
  return &t[i];
}

static struct page_slot *add(u64 page, u32 arena) {
  if (used * 2 >= size) {
    u32 n = size ? size * 2 : 256, old_size = size;
    struct page_slot *t = heap_pages(n * sizeof *t), *old = pages;
    for (u32 i = 0; i < size; i++)
      if (pages[i].page) *slot_of(t, n, pages[i].page, pages[i].arena) = pages[i];
    pages = t;
    size = n;
    if (old) heap_pages_free(old, old_size * sizeof *old);
  }
  struct page_slot *p = slot_of(pages, size, page, arena);
  if (!p->page) { *p = (struct page_slot){ .page = page, .arena = arena }; used++; }
  return p;
}

void drop_note(struct arena *a, struct fragment *f) {
  if (f->pc >= a->guest_start && f->pc < a->guest_end && !(f->flags & FRAG_NOT_FILE)) return; // found by walking
  if (f->flags & FRAG_NOT_FILE) a->unsaveable = true;
  struct page_slot *p = add(ALIGN_DOWN(f->pc, RR_PAGE), (u32)(a - arenas));
  f->page_next = p->first;
  p->first = (u32)(f - a->fragments) + 1;
  f->flags |= FRAG_PAGED;
}

void drop_reset(void) {
  if (size) memset(pages, 0, size * sizeof *pages);
  used = 0;
}

static void jump_out(struct builder *b, u64 entry, u64 pc, u8 flags) {
  u8 *site = (u8 *)entry + 1;
  u8 *to = stub(b, EXIT_LINK, flags, NULL, pc, 0, site);
  s32 rel = (s32)(to - (site + 4));
  *(u8 *)entry = 0xe9;
  __builtin_memcpy(site, &rel, 4);
}

void drop_fragment(struct arena *a, struct fragment *f) {
  if (f->flags & FRAG_DROPPED) return;
  rr_log(LOG_SMC, "drop fragment of %lx", f->pc);
  arena_reserve(a);
  f->flags |= FRAG_DROPPED;
  a->unsaveable = true;
  lookup_remove(f->pc);
  if (f->ibl) ibl_forget(f->pc, arena_at(a, f->ibl));
  if (a->cold + 4096 > a->cold_end) a->full = true; // ROOM is kept, so there is enough for many more
  struct builder b = { .a = a, .cold = a->cold };
  if (f->tick) jump_out(&b, arena_at(a, f->tick), f->pc, EXIT_TICK);
  jump_out(&b, arena_at(a, f->plain), f->pc, 0);
  a->cold = b.cold;
}

static bool overlaps(const struct fragment *f, u64 start, u64 end) { return f->pc < end && f->pc + f->reach > start; }

static bool drop_page(u64 page, u64 start, u64 end) {
  bool any = false;
  for (u32 k = 0; k < arena_count && size; k++) {
    struct page_slot *p = slot_of(pages, size, page, k);
    struct arena *a = &arenas[k];
    u32 *link = &p->first;
    while (p->page && *link) {
      struct fragment *f = &a->fragments[*link - 1];
      if (!overlaps(f, start, end)) { link = &f->page_next; continue; }
      drop_fragment(a, f);
      any = true;
      *link = f->page_next;
    }
  }
  return any;
}

static bool drop_walk(struct arena *a, u64 start, u64 end) {
  bool any = false;
  for (u32 i = 0; i < a->count; i++) {
    struct fragment *f = &a->fragments[i];
    if (f->flags & (FRAG_DROPPED | FRAG_PAGED)) continue;
    if (overlaps(f, start, end) || f->flags & FRAG_FAR) { drop_fragment(a, f); any = true; }
  }
  return any;
}

// Code of an image that was ever writable is not the file's: its cache file is neither used nor written.
static void note_written(struct arena *a, u64 start, u64 end) {
  if (start < a->guest_start) start = a->guest_start;
  if (end > a->guest_end) end = a->guest_end;
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end))
    if (m->prot & PROT_WRITE) a->unsaveable = true;
}

void translate_poked(u64 start, u64 end) {
  for (u32 k = 0; k < arena_count; k++)
    if (arenas[k].guest_start < end && arenas[k].guest_end > start) arenas[k].unsaveable = true;
  translate_invalidate(start, end);
}

// Fragments with this one instruction: its bytes are the same, it is to be translated in another way.
void translate_drop(u64 pc) {
  u64 page = ALIGN_DOWN(pc, RR_PAGE);
  bool any = false;
  if (used) {
    any = drop_page(page - RR_PAGE, pc, pc + 1);
    any |= drop_page(page, pc, pc + 1);
  }
  for (u32 k = 0; k < arena_count; k++) {
    struct arena *a = &arenas[k];
    if (pc < a->guest_start || pc >= a->guest_end) continue;
    for (u32 i = 0; i < a->count; i++) {
      struct fragment *f = &a->fragments[i];
      if (f->flags & (FRAG_DROPPED | FRAG_PAGED) || !(f->pc <= pc && pc < f->pc + f->guest_len)) continue;
      drop_fragment(a, f);
      any = true;
    }
  }
  if (any) translate_generation++;
}

void translate_invalidate(u64 start, u64 end) {
  bool any = false;
  start = ALIGN_DOWN(start, RR_PAGE);
  end = ALIGN_UP(end, RR_PAGE);
  if ((end - start) / RR_PAGE + 1 > used) { // a large range: walk the table instead
    for (u32 i = 0; i < size; i++)
      if (pages[i].page >= start - RR_PAGE && pages[i].page < end) any |= drop_page(pages[i].page, start, end);
  } else {
    for (u64 p = start - RR_PAGE; p < end; p += RR_PAGE) any |= drop_page(p, start, end);
  }
  for (u32 k = 0; k < arena_count; k++)
    if (arenas[k].guest_start < end && arenas[k].guest_end > start) {
      note_written(&arenas[k], start, end);
      any |= drop_walk(&arenas[k], start, end);
    }
  if (any) translate_generation++;
}
