// What was executed, as a superset: a bit for each instruction that was translated since the cache was last emptied. A
// copy made while running ends a stretch; the cache is emptied there, so that the next one has its own bits. A search for a
// breakpoint need not run through a stretch that does not have its bit (host/timeline.c).
//
// And what was written: after a fork all pages are shared with the copy, and a page that is written becomes ours alone. So the
// pages that are only ours when the next copy is made were written since the last one, or were never shared
// (Documentation/admin-guide/mm/pagemap.rst, bit 56). Whatever else changes memory (mappings that come and go) says so.
#include <linux/fcntl.h>
#include "engine/sys.h"
#include "engine/map.h"
#include "engine/debug_internal.h"
#include "engine/translate.h"

enum { CHANGE_SMALL = 0x10000 };
#define SCAN_MAX (2ul << 30)

static struct rr_dbg_seen seen;      // of the stretch that runs
static bool ran = true;              // since the last copy
static bool lost;                    // the written pages of this stretch are not known

void seen_pc(u64 pc) {
  u32 bit = rr_seen_bit(pc);
  u8 *byte = &seen.bits[bit / 8], mask = (u8)(1 << bit % 8);
  if (!(*byte & mask)) *byte |= mask; // a write would copy the page of a checkpoint
  seen.translated++;
}

void seen_signal(u32 signo) { seen.signals |= 1ul << (signo - 1); }

static void page_written(u64 address) {
  u32 bit = rr_seen_page(address);
  seen.pages[bit / 8] |= (u8)(1 << bit % 8);
}

static bool change_noted(u64 start, u64 end) { // in one that is noted; or one that is noted now holds it
  for (u32 i = 0; i < seen.changes; i++) {
    if (start > seen.change[i].end || end < seen.change[i].start) continue;
    if (start < seen.change[i].start) seen.change[i].start = start;
    if (end > seen.change[i].end) seen.change[i].end = end;
    return true;
  }
  return false;
}

void seen_changed(u64 start, u64 end) {
  if (end - start <= CHANGE_SMALL) {
    for (u64 a = ALIGN_DOWN(start, RR_PAGE); a < end; a += RR_PAGE) page_written(a);
  } else if (!change_noted(start, end)) {
    if (seen.changes == RR_SEEN_CHANGES) lost = true;
    else seen.change[seen.changes].start = start, seen.change[seen.changes++].end = end;
  }
}

// The pages of a range that are swapped out, or mapped by us alone.
static bool scan(int fd, u64 start, u64 end) {
  static u64 entry[512];
  for (u64 a = start; a < end;) {
    u64 n = (end - a) / RR_PAGE < 512 ? (end - a) / RR_PAGE : 512;
    if (sys(__NR_pread64, fd, entry, n * 8, a / RR_PAGE * 8) != (s64)(n * 8)) return false;
    for (u64 i = 0; i < n; i++, a += RR_PAGE)
      if (entry[i] >> 62 & 1 || (entry[i] >> 63 && entry[i] >> 56 & 1)) page_written(a);
  }
  return true;
}

static bool scan_all(int fd) {
  u64 own, bytes = 0;
  // The context page has surely been written: a kernel that does not say so does not tell at all.
  if (sys(__NR_pread64, fd, &own, 8, RR_CTX / RR_PAGE * 8) != 8 || !(own >> 56 & 1)) return false;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if ((bytes += m->end - m->start) > SCAN_MAX) return false;
    if (m->flags & MAPF_SHARED) seen_changed(m->start, m->end); // may have several views
    else if (!scan(fd, m->start, m->end)) return false;
  }
  return true;
}

void seen_before_copy(void) {
  if (!ran) return; // a checkpoint, which has written nothing
  int fd = (int)sys(__NR_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0 || !scan_all(fd)) lost = true;
  if (fd >= 0) sys(__NR_close, fd);
  seen.pages_known = !lost;
  ran = false;
}

void seen_going(void) { ran = true; }

void seen_restart(void) {
  translate_flush();
  memset(&seen, 0, sizeof seen);
  lost = false;
  ran = true;
  seen.from = (struct rr_point){ ctx.events, ticks_now(), ctx.regs[R_RIP], RR_AT_INSTRUCTION, 0 };
}

const struct rr_dbg_seen *seen_get(void) { return &seen; }
