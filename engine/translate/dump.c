// RR_LOG=translate: fragments as they are made, guest bytes beside cache bytes, piece by piece.
#include "engine/translate/internal.h"

static void hex(char *d, const u8 *p, u32 n) {
  for (u32 i = 0; i < n && i < 32; i++, d += 2) fmt(d, 3, "%02x", p[i]);
  *d = 0;
}

void dump_fragment(const struct arena *a, const struct fragment *f) {
  log_text(LOG_TRANSLATE, "fragment %lu of %lx+%u: code %lx plain %lx end %lx%s%s", fragments_made, f->pc, f->guest_len,
    arena_at(a, fragment_code(f)), arena_at(a, f->plain), arena_at(a, f->end), f->ibl ? " ibl" : "", f->flags & FRAG_CHECKED ? " checked" : "");
  const u8 *m = (const u8 *)arena_at(a, f->meta), *end = m + f->meta_len;
  u64 at = arena_at(a, fragment_code(f)), pc = f->pc;
  for (; m < end; m += 2) {
    char guest[80], host[80];
    u8 b[16];
    u32 n = m[1] & 15;
    if (!m[0]) { log_text(LOG_TRANSLATE, "  again, %d ticks ahead", m[1]); pc = f->pc; continue; }
    hex(guest, b, (u32)copyin(b, pc, n));
    hex(host, (const u8 *)at, m[0]);
    log_text(LOG_TRANSLATE, "  %lx %-30s | %lx %s%s%s%s%s", pc, guest, at, host, m[1] & 16 ? " rax" : "", m[1] & 32 ? " rcx" : "",
      m[1] & 64 ? " rdx" : "", m[1] & 128 ? " flags" : "");
    at += m[0];
    pc += n;
  }
}
