// Arenas: where fragments live. Each reaches the guest code that it translates by 32-bit displacements, but for the far one.
//
// An arena is one reservation cut into a hot region (code), a cold one (exit stubs with their records, link targets' spare
// room), the fragments' book and its metadata, and one page for single-stepped instructions. Where an arena lies is a
// function of the guest address only (abi/layout.h), so replay may make it at another time than the recording did.
#include <linux/mman.h>
#include "engine/map.h"
#include "engine/sys.h"
#include "engine/translate/internal.h"

#define ARENAS 1100 // more than there are image slots
#define AHEAD 65536u
#define ROOM 24576u // more than one fragment can take of either region
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct arena arenas[ARENAS];
u32 arena_count;
static struct arena *last_guest, *last_host;

static void map_anon(u64 start, u64 bytes, int fixed) {
  s64 r = sys(__NR_mmap, start, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | fixed | MAP_NORESERVE, -1, 0);
  if (r != (s64)start) stop(STOP_REFUSED, "no memory for translated code at %lx (error %ld); a security module that forbids writable code cannot be served", start, -r);
}

static struct arena *make(u64 start, u64 bytes, u64 guest_start, u64 guest_end) {
  check(arena_count < ARENAS, arena_count);
  struct arena *a = &arenas[arena_count];
  *a = (struct arena){ .start = start, .end = start + bytes, .guest_start = guest_start, .guest_end = guest_end };
  u64 sixteenth = ALIGN_DOWN((bytes - 2 * RR_PAGE) / 16, RR_PAGE);
  a->step = (u8 *)start;
  a->hot_start = (u8 *)start + RR_PAGE;
  a->hot_end = a->cold_start = a->hot_start + sixteenth * 6;
  a->cold_end = a->cold_start + sixteenth * 6;
  a->fragments = (struct fragment *)a->cold_end;
  a->meta_start = (u8 *)a->fragments + sixteenth * 2;
  a->meta_end = a->index_start = a->meta_start + sixteenth;
  a->room = (u32)(sixteenth * 2 / sizeof(struct fragment));
  arena_reset(a);
  arena_count++;
  rr_log(LOG_TRANSLATE, "arena %lx-%lx for %lx-%lx", start, start + bytes, guest_start, guest_end);
  return a;
}

// Maps what is not mapped yet. A process whose code all comes from cache files never does it: mappings are most of what an
// exec and an exit cost.
void arena_reserve(struct arena *a) {
  if (a->reserved) return;
  a->reserved = true;
  u64 at = a->start;
  for (u32 i = 0; i < (a->index ? ARENA_PARTS : 0); i++) {
    const struct arena_part *p = &a->mapped[i];
    if (at < p->start) map_anon(at, p->start - at, MAP_FIXED_NOREPLACE);
    at = p->end;
  }
  if (at < a->end) map_anon(at, a->end - at, MAP_FIXED_NOREPLACE);
}

void arena_reset(struct arena *a) {
  if (a->index) { // parts were mapped from a cache file
    map_anon(a->start, a->end - a->start, MAP_FIXED);
    a->reserved = true;
  }
  a->hot = a->hot_ready = a->hot_start;
  a->cold = a->cold_ready = a->cold_start;
  a->meta = a->meta_start;
  a->count = 0;
  a->index = NULL;
  a->warm_count = 0;
  a->hot_warm = a->hot_start;
  a->full = false;
}

// TINYCACHE: flushed every few fragments.
bool arena_room(struct arena *a) {
  if (a->full) return false;
  arena_reserve(a);
  if (debug_flags & RR_DEBUG_TINYCACHE && a->count >= 8) return false;
  if (a->hot + ROOM > a->hot_end || a->cold + ROOM > a->cold_end || a->count + 1 >= a->room || a->meta + 4096 > a->meta_end) return false;
  if (a->hot + ROOM > a->hot_ready) {
    sys(__NR_madvise, ALIGN_DOWN((u64)a->hot_ready, RR_PAGE), AHEAD, MADV_POPULATE_WRITE);
    a->hot_ready += AHEAD;
  }
  if (a->cold + ROOM > a->cold_ready) {
    sys(__NR_madvise, ALIGN_DOWN((u64)a->cold_ready, RR_PAGE), AHEAD, MADV_POPULATE_WRITE);
    a->cold_ready += AHEAD;
  }
  return true;
}

static bool reaches(const struct arena *a, u64 pc) {
  u64 far = pc < a->start ? a->end - pc : pc - a->start;
  return far < HOST_MAX;
}

static struct arena *zone(u64 start, u64 bytes) {
  for (u32 i = 0; i < arena_count; i++)
    if (arenas[i].start == start) return &arenas[i];
  return make(start, bytes, 0, 0);
}

static bool serves(const struct arena *a, u64 pc) { return a && pc >= a->guest_start && pc < a->guest_end; }

struct arena *arena_of_image(u64 pc) {
  if (serves(last_guest, pc)) return last_guest;
  for (u32 i = 0; i < arena_count; i++)
    if (serves(&arenas[i], pc)) return last_guest = &arenas[i];
  return NULL;
}

// The low zone and the one of the program are each cut in two: the first is the program's image's, the other for other code.
#define LOW_IMAGE_BYTES 0x6000000ul
#define PIE_IMAGE_BYTES 0x8000000ul
#define PIE_IMAGE (RR_PIE_ARENA_END - PIE_IMAGE_BYTES)

struct arena *arena_for(u64 pc) {
  struct arena *a = arena_of_image(pc);
  if (a) return a;
  if (pc < 0x80000000ul) return zone(RR_LOW_ARENA + LOW_IMAGE_BYTES, RR_LOW_ARENA_END - RR_LOW_ARENA - LOW_IMAGE_BYTES);
  static const u64 near[][2] = { { RR_ANON_ARENA, RR_ANON_ARENA_END }, { RR_PIE_ARENA + 0x40000000, PIE_IMAGE } };
  for (u32 k = 0; k < ARRAY_SIZE(near); k++) {
    struct arena probe = { .start = near[k][0], .end = near[k][1] };
    if (reaches(&probe, pc)) return zone(near[k][0], near[k][1] - near[k][0]);
  }
  return zone(RR_FAR_ARENA, RR_FAR_ARENA_END - RR_FAR_ARENA);
}

static bool same_file(const struct file_identity *x, const struct file_identity *y) { return !memcmp(x, y, sizeof *x); }

// An executable piece of an image was mapped at [start, end).
void translate_image_mapped(u64 start, u64 end, u64 file_offset, const struct file_identity *id) {
  u64 image, at, at_end;
  if (start >= RR_IMAGE_BASE && end <= RR_IMAGE_END) {
    if (!map_image_arena(start, &image, &at, &at_end)) return;
  } else if (start >= RR_GUEST_PIE && start < RR_GUEST_PIE + 0x100000000ul) {
    at = PIE_IMAGE;
    at_end = at + PIE_IMAGE_BYTES;
  } else if (start < RR_ENGINE_BASE) {
    at = RR_LOW_ARENA;
    at_end = at + LOW_IMAGE_BYTES;
  } else return;
  struct arena *a = NULL;
  for (u32 i = 0; i < arena_count; i++)
    if (arenas[i].start == at) a = &arenas[i];
  if (!a) a = make(at, at_end - at, start, end);
  else if (!same_file(&a->id, id) && at >= RR_IMAGE_BASE) { // the slot is used again: what was there has been dropped
    a->unsaveable = a->probed = true;
    a->guest_start = start;
    a->guest_end = end;
    a->id = *id;
    return;
  } else if (!same_file(&a->id, id)) return; // code of another file near the program: the zone's other half
  else {
    if (start < a->guest_start) a->guest_start = start;
    if (end > a->guest_end) a->guest_end = end;
    return;
  }
  a->id = *id;
  a->file_offset = file_offset;
}

struct arena *arena_of_host(u64 host_pc) {
  struct arena *a = last_host;
  if (a && host_pc >= a->start && host_pc < a->end) return a;
  for (u32 i = 0; i < arena_count; i++)
    if (host_pc >= arenas[i].start && host_pc < arenas[i].end) return last_host = &arenas[i];
  return NULL;
}

bool translate_contains(u64 host_pc) {
  return arena_of_host(host_pc) || (host_pc >= (u64)gate_begin && host_pc < (u64)gate_end);
}
