// --checksum: a hash of all guest memory and of the registers after an event, noted on record and compared on replay.
//
// Pages of zeros count as nothing, so that touched and untouched anonymous pages are the same. Memory that others can write
// (MAPF_SHARED_WRITERS) is left out, and read-only file mappings of more than 8 MiB, which can only hold the file.
#include <linux/mman.h>
#include "engine/checksum.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/shared.h"
#include "engine/sys.h"
#include "engine/translate.h"

static u64 mix(u64 a, u64 b) {
  unsigned __int128 p = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15ul) * (b ^ 0xd1342543de82ef95ul);
  return (u64)p ^ (u64)(p >> 64);
}

static u64 page_hash(const u64 *w) { // 0 for a page of zeros
  u64 h[4] = { 1, 2, 3, 4 }, any = 0;
  for (int i = 0; i < 512; i += 4)
    for (int k = 0; k < 4; k++) {
      u64 v = w[i + k];
      any |= v;
      h[k] = (h[k] ^ v) * 0xff51afd7ed558ccdul;
      h[k] ^= h[k] >> 32;
    }
  return any ? mix(h[0] ^ h[2], h[1] ^ h[3]) : 0;
}

static bool wanted(const struct mapping *m) {
  if (m->flags & MAPF_SHARED_WRITERS) return false;
  if (!(m->prot & (PROT_READ | PROT_WRITE))) return false;
  if (m->file && !(m->prot & PROT_WRITE) && m->end - m->start > 0x800000) return false;
  return true;
}

static u64 mapping_hash(const struct mapping *m) {
  static u8 resident[4096];
  u64 sum = 0;
  for (u64 a = m->start; a < m->end;) {
    u64 n = (m->end - a) / RR_PAGE;
    if (n > sizeof resident) n = sizeof resident;
    bool skip = !m->file && sys(__NR_mincore, shared_view(a), n * RR_PAGE, resident) == 0;
    for (u64 i = 0; i < n; i++, a += RR_PAGE) {
      if (skip && !(resident[i] & 1)) continue;
      u64 page[512];
      if (copyin(page, a, RR_PAGE) != RR_PAGE) continue; // beyond the end of the file
      u64 h = page_hash(page);
      if (h) sum += mix(h, a);
    }
  }
  return sum;
}

u64 checksum_memory(void) {
  u64 sum = 0;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end))
    if (wanted(m)) sum += mapping_hash(m);
  return sum;
}

static u64 checksum_registers(void) {
  u64 h = 0;
  for (int i = 0; i < R_RFLAGS; i++) h = mix(h, ctx.regs[i]);
  return mix(h, ctx.regs[R_RFLAGS] & ~translate_dead_flags(ctx.regs[R_RIP]));
}

// Where the memory differs: the sums of each mapping, in the log, for a person to compare (RR_LOG=replay).
static void explain(void) {
  for (struct mapping *m = map_next(0); m; m = map_next(m->end))
    if (wanted(m)) rr_log(LOG_REPLAY, "event %lu: 0x%lx-0x%lx %s: %lx", ctx.events, m->start, m->end, m->file ? m->file->path : "", mapping_hash(m));
}

void checksum_after_event(u8 type) {
  const struct rr_options *o = &session->opt;
  if (o->checksum == RR_CHECKSUM_OFF && !replaying) return;
  if (!replaying) {
    if (o->checksum == RR_CHECKSUM_SYSCALLS && type != RR_EV_SYSCALL) return;
    if (o->checksum == RR_CHECKSUM_FROM && ctx.events < o->checksum_from) return;
    struct rr_ev_checksum sum = { checksum_registers(), checksum_memory() };
    memcpy(log_begin(RR_EV_CHECKSUM, 0, sizeof sum), &sum, sizeof sum);
    log_end(0);
    explain();
    return;
  }
  struct rr_ev_checksum sum;
  if (!log_take_checksum(&sum)) return;
  explain();
  u64 regs = checksum_registers(), memory = checksum_memory();
  if (regs != sum.regs) diverged(NULL, "after event %lu: registers differ (recorded sum %lx, replayed %lx), memory %s", ctx.events, sum.regs, regs, memory == sum.memory ? "equal" : "differs");
  if (memory != sum.memory) diverged(NULL, "after event %lu: memory differs (recorded sum %lx, replayed %lx)", ctx.events, sum.memory, memory);
}
