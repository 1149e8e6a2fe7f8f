// Links: direct exits patched to go straight to their target's fragment.
//
// A patch is one 4-byte store into a branch that nobody executes now: only the holder of the baton runs translated code.
#include "engine/translate/emit.h"

void translate_link(struct exit_record *r) {
  if (debug_flags & RR_DEBUG_NOLINK) return;
  if ((u64)r != ctx.exit_record || !r->patch || r->kind != EXIT_LINK) return; // flushed in between, or not linkable
  struct arena *from = arena_of_host((u64)r), *to;
  struct fragment *f = lookup(r->target, &to);
  if (!f || !from) return;
  u8 *site = (u8 *)r + r->patch;
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
  if (from != to) from->unsaveable = to->unsaveable = true;
}
