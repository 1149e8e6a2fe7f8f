// Which status flags are dead at a guest address: written before anything reads them, on every path that the next
// instructions show. A pure function of the guest's bytes and the kind of the page, so record and replay agree.
//
// Look ahead over at most 16 instructions, through direct jumps inside unwritable pages of one image; any other transfer, system
// call or instruction of the engine's ends it, and what is undecided is live. In pages that can be written it does not
// leave the page, whose fragments are dropped together when it changes.
#include <linux/mman.h>
#include "engine/map.h"
#include "engine/translate/internal.h"

#define LOOK_AHEAD 16

static bool file_page(u64 pc, bool signal_safe) {
  if (!signal_safe) return decode_page_state(pc) == PAGE_FILE;
  struct mapping *m = map_find(pc);
  return m && !(m->prot & PROT_WRITE) && !(m->flags & MAPF_SHARED); // as smc_code_page answers
}

u64 flags_dead(u64 pc, u64 *reach, bool *far, bool signal_safe) {
  u64 open = FLAGS_STATUS, dead = 0, page = ALIGN_DOWN(pc, RR_PAGE), fault, first = pc;
  bool file = file_page(pc, signal_safe);
  struct insn local;
  const struct insn *i = &local;
  *reach = pc;
  *far = false;
  for (int n = 0; n < LOOK_AHEAD && open; n++) {
    if (signal_safe ? decode_uncached(pc, &local, &fault) : decode_at(pc, &i, &fault)) break;
    u64 last = ALIGN_DOWN(pc + i->len - 1, RR_PAGE);
    if (last != page && (!file || !file_page(last, signal_safe))) break;
    page = last;
    if (i->kind != I_COPY && i->kind != I_JMP) { open &= ~(u64)i->reads; break; }
    if (pc + i->len > *reach && pc >= first) *reach = pc + i->len;
    open &= ~(u64)i->reads;
    dead |= open & i->writes;
    open &= ~(u64)i->writes;
    pc += i->len;
    if (i->kind == I_JMP) {
      u64 to = i->target;
      struct arena *image = arena_of_image(pc);
      if (!file || !image || arena_of_image(to) != image || !file_page(to, signal_safe)) break;
      *far = true;
      pc = to;
      page = ALIGN_DOWN(pc, RR_PAGE);
    }
  }
  return dead;
}

u64 translate_dead_flags(u64 guest_pc) {
  u64 reach;
  bool far;
  decode_forget();
  return flags_dead(guest_pc, &reach, &far, false);
}
