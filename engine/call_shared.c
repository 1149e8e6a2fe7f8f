// Memory that other processes write too (anonymous or POSIX shared memory over a fork, System V segments, files in /dev/shm): at
// the end of each system call, what changed since the last one is logged, and replay applies it there. That is right for
// programs that tell each other by system calls when there is something to read. A change that is seen between two calls
// may make the replay diverge; record warns of such memory (memory_note_fork).
#include <linux/mman.h>
#include "engine/call_memory.h"

#define REGIONS_MAX 64u
#define BYTES_MAX (2u << 20)     // compared at each system call
struct region { u64 start, end; u64 *shadow; };
static struct region regions[REGIONS_MAX];
u32 shared_regions;
static u64 bytes_watched;

bool shared_watch(u64 start, u64 end) {
  for (u32 i = 0; i < shared_regions; i++)
    if (regions[i].start < end && regions[i].end > start) return true;
  if (replaying || shared_regions == REGIONS_MAX || bytes_watched + (end - start) > BYTES_MAX) return false;
  struct region *r = &regions[shared_regions];
  *r = (struct region){ start, end, heap_pages(end - start) };
  if (copyin(r->shadow, start, end - start) != end - start) { heap_pages_free(r->shadow, end - start); return false; }
  shared_regions++;
  bytes_watched += end - start;
  return true;
}

static bool still_there(const struct region *r) {
  struct mapping *m = map_find(r->start);
  return m && m->end >= r->end && (m->flags & MAPF_SHARED) && (m->prot & PROT_READ);
}

static void sync_page(u64 at, u64 *shadow) {
  static u64 now[RR_PAGE / 8];
  const volatile u64 *p = (const volatile u64 *)at;
  u32 i = 0, words = RR_PAGE / 8;
  while (i < words && p[i] == shadow[i]) i++;
  if (i == words) return;
  for (u32 k = 0; k < words; k++) now[k] = p[k]; // others go on writing: what is logged is what is remembered
  for (i = 0; i < words;) {
    if (now[i] == shadow[i]) { i++; continue; }
    u32 first = i;
    while (i < words && now[i] != shadow[i]) { shadow[i] = now[i]; i++; }
    log_data_from(at + first * 8, &now[first], (i - first) * 8);
  }
}

void shared_poll(void) {
  for (u32 i = 0; i < shared_regions; i++) {
    struct region *r = &regions[i];
    if (!still_there(r)) {
      heap_pages_free(r->shadow, r->end - r->start);
      bytes_watched -= r->end - r->start;
      *r = regions[--shared_regions];
      i--;
      continue;
    }
    for (u64 at = r->start; at < r->end; at += RR_PAGE) sync_page(at, r->shadow + (at - r->start) / 8);
  }
}
