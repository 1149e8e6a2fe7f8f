// Links: direct exits patched to go straight to their target's fragment.
//
// A patch is one 4-byte store into a branch that nobody executes now: only the holder of the baton runs translated code.
#include "engine/translate/emit.h"

// A patch of a page that is mapped from a cache file copies the page: only for an exit that is taken again and again.
static bool patch_is_worth_it(u64 record) {
  static u8 seen[1024];
  u8 *n = &seen[(u32)(record / 8 * 0x9e3779b1u) >> 22];
  if (++*n < 12) return false;
  *n = 0;
  return true;
}

void translate_link(struct exit_record *r) {
  if (debug_flags & RR_DEBUG_NOLINK) return;
  if ((u64)r != ctx.exit_record || !r->patch || r->kind != EXIT_LINK) return; // flushed in between, or not linkable
  struct arena *from = arena_of_host((u64)r), *to;
  struct fragment *f = lookup(r->target, &to);
  if (!f || !from) return;
  u8 *site = (u8 *)r + r->patch;
  if (from != to && from->id.ino && !from->unsaveable) return; // a cache file must not lead out of its image
  if (site < from->hot_warm && !patch_is_worth_it((u64)r)) return;
  if (r->flags & EXIT_TICK && !f->tick && !entry_make(to, f, false)) return;
  u64 entry = arena_at(to, r->flags & EXIT_TICK ? f->tick : f->plain);
  s64 rel = (s64)(entry - ((u64)site + 4));
  rr_log(LOG_LINK, "%lx -> %lx (%lx)", (u64)site, entry, r->target);
  if (fits32(rel)) {
    s32 v = (s32)rel;
    __builtin_memcpy(site, &v, 4);
  } else { // out of reach: the stub becomes a jump through a constant
    u8 *s = (u8 *)r - 24;
    const u8 jump[6] = { 0xff, 0x25, 0, 0, 0, 0 };
    memcpy(s, jump, 6);
    memcpy(s + 6, &entry, 8);
  }
}
