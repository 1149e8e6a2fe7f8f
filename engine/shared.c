// Mappings and contents of shadowed memory (engine/shared.h).
//
// The invariant: at each coordinate the shadow of the recording equals replay's memory. Whatever changes it is either done by
// replay too (the guest's own instructions, the engine's copyout) or logged. Others change the object only, at any time.
#include <asm/errno.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include "engine/call_memory.h"
#include "engine/copy.h"
#include "engine/shared.h"
#include "engine/sys.h"

#define PIECE_WORDS 128u

bool shadowing;

// ---- mappings ----

// Not code that is written through another view: there replay needs views that see each other.
static bool has_code(const struct map_file *f) {
  for (struct mapping *m = map_next(0); f && m; m = map_next(m->end))
    if (m->prot & PROT_EXEC && m->flags & MAPF_SHARED && m->file && m->file->dev == f->dev && m->file->ino == f->ino) return true;
  return false;
}

static bool wanted(const struct mapping *m) { return m->flags & MAPF_SHARED && !(m->flags & MAPF_SHADOW) && shared_zone(m->start) && !has_code(m->file); }

bool shared_shadowed(u64 guest) {
  if (!shadowing || !shared_zone(guest)) return false;
  struct mapping *m = map_find(guest);
  return m && m->flags & MAPF_SHADOW;
}

u64 shared_view(u64 guest) { return !replaying && shared_shadowed(guest) ? shared_shadow(guest) : guest; }
u64 shared_host(u64 guest) { return !replaying && shared_shadowed(guest) ? shared_object(guest) : guest; }

// Pages that exist: of memory without a file (a read of the others would make them); else all. Asked in order.
static bool resident(const struct mapping *m, u64 page) {
  static u8 pages[4096];
  u64 k = (page - m->start) / RR_PAGE % sizeof pages, left = (m->end - page) / RR_PAGE;
  bool memory = !m->file || !strncmp(m->file->path, "/dev/shm/", 9) || !strncmp(m->file->path, "/memfd:", 7);
  if (!memory) return true;
  if (!k && sys(__NR_mincore, shared_object(page), (left < sizeof pages ? left : sizeof pages) * RR_PAGE, pages) < 0) memset(pages, 1, sizeof pages);
  return pages[k] & 1;
}

static bool all_zero(const u64 *p) {
  for (u32 i = 0; i < RR_PAGE / 8; i++)
    if (p[i]) return false;
  return true;
}

static s32 nothing = -1;         // replay: a file without contents: what lies beyond an object's end

static void map_nothing(u64 at, u64 end, u32 prot) {
  if (at >= end) return;
  if (nothing < 0) nothing = (s32)sys(__NR_memfd_create, "rr", MFD_CLOEXEC);
  s64 r = sys(__NR_mmap, at, end - at, map_host_prot(prot), MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, nothing, 0);
  if (r != (s64)at) stop(STOP_IO, "replay could not map the end of a shared object at 0x%lx (error %ld)", at, -r);
}

static void map_at(u64 at, u64 len, u32 prot) {
  if (!len) return;
  s64 r = sys(__NR_mmap, at, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (r != (s64)at) stop(STOP_IO, "the engine could not map %lu bytes for shared memory (error %ld)", len, -r);
}

// Beyond the object's end there is no shadow, so that it is noticed when others have made the object longer.
static void hide_tail(const struct mapping *m) {
  u64 end = m->file ? memory_file_end(m) : m->end;
  if (end < m->end) sys(__NR_mprotect, shared_shadow(end), m->end - end, PROT_NONE);
}

static void shadow_one(const struct mapping *m) {
  static u64 page[RR_PAGE / 8];
  u64 len = m->end - m->start, object = shared_object(m->start);
  if (m->prot & PROT_EXEC) stop(STOP_REFUSED, "code in memory that is shared with other processes (0x%lx) can't be recorded yet", m->start);
  s64 r = sys(__NR_mremap, m->start, 0, len, MREMAP_MAYMOVE | MREMAP_FIXED, object); // a second view of the same object
  if (r != (s64)object) stop(STOP_IO, "the engine could not map shared memory at 0x%lx a second time (error %ld)", m->start, -r);
  map_at(shared_shadow(m->start), len, PROT_READ | PROT_WRITE);
  bool hidden = !(m->prot & (PROT_READ | PROT_WRITE));
  if (hidden) sys(__NR_mprotect, object, len, PROT_READ);
  for (u64 at = m->start; at < m->end; at += RR_PAGE) {
    if (!resident(m, at) || copy_words(page, (const u64 *)shared_object(at), ARRAY_SIZE(page)) != ARRAY_SIZE(page) || all_zero(page)) continue;
    memcpy((void *)shared_shadow(at), page, RR_PAGE);
  }
  if (hidden) sys(__NR_mprotect, object, len, PROT_NONE);
  if (map_host_prot(m->prot) != (PROT_READ | PROT_WRITE)) sys(__NR_mprotect, shared_shadow(m->start), len, map_host_prot(m->prot));
  hide_tail(m);
  map_at(m->start, len, PROT_NONE);
}

void shared_begin(u64 start, u64 end) {
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end)) {
    if (!wanted(m)) continue;
    struct mapping v = *m;
    if (!replaying) shadow_one(&v);
    else if (v.file && memory_file_end(&v) < v.end) map_nothing(memory_file_end(&v), v.end, v.prot);
    map_insert(v.start, v.end, v.prot, v.flags | MAPF_SHADOW, v.offset, v.file);
    m = map_find(v.start);
  }
}

void shared_begin_all(void) {
  if (shadowing) return;
  struct mapping *m = map_next(RR_SHARED_ZONE);
  while (m && m->start < RR_SHARED_ZONE_END && !wanted(m)) m = map_next(m->end);
  if (!m || m->start >= RR_SHARED_ZONE_END) return;
  shadowing = true;
  if (replaying) objects_private();
  shared_begin(RR_SHARED_ZONE, RR_SHARED_ZONE_END);
}

void shared_drop(u64 start, u64 end) {
  if (!shadowing || replaying) return;
  if (start < RR_SHARED_ZONE) start = RR_SHARED_ZONE;
  if (end > RR_SHARED_ZONE_END) end = RR_SHARED_ZONE_END;
  if (start >= end) return;
  sys(__NR_munmap, shared_object(start), end - start);
  sys(__NR_munmap, shared_shadow(start), end - start);
}

void shared_resize(const struct mapping *m, u64 old, u64 end) {
  if (replaying && end > old) map_at(old, end - old, map_host_prot(m->prot));
  if (end >= old) return;
  if (replaying) { map_nothing(end, old, m->prot); return; }
  sys(__NR_madvise, shared_shadow(end), old - end, MADV_DONTNEED);
  sys(__NR_mprotect, shared_shadow(end), old - end, PROT_NONE);
}

void shared_zero(const struct mapping *m, u64 start, u64 end) {
  if (m->file && memory_file_end(m) < end) end = memory_file_end(m);
  if (start < end) map_at(start, end - start, map_host_prot(m->prot));
}

s64 shared_protect(u64 start, u64 end, u32 prot) {
  if (prot & PROT_EXEC) stop(STOP_REFUSED, "code in memory that is shared with other processes (0x%lx) can't be recorded yet", start);
  s64 r = sys(__NR_mprotect, shared_object(start), end - start, map_host_prot(prot));
  if (r == 0) sys(__NR_mprotect, shared_shadow(start), end - start, map_host_prot(prot));
  struct mapping m = *map_find(start);
  if (r == 0 && m.file && memory_file_end(&m) < end) {
    u64 tail = memory_file_end(&m) > start ? memory_file_end(&m) : start;
    sys(__NR_mprotect, shared_shadow(tail), end - tail, PROT_NONE);
  }
  return r;
}

static s64 move_one(u64 from, u64 from_len, u64 to, u64 to_len) {
  if (to == from) return sys(__NR_mremap, from, from_len, to_len, 0, 0);
  return sys(__NR_mremap, from, from_len, to_len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

// Replay: memory of which a part may be "nothing" can't be moved as one.
static s64 move_replayed(u64 from, u64 from_len, u64 to, u64 to_len) {
  static u64 page[RR_PAGE / 8];
  struct mapping m = *map_find(from);
  u64 keep = from_len < to_len ? from_len : to_len, end = to == from ? keep : 0;
  map_at(to + end, to_len - end, PROT_READ | PROT_WRITE);
  sys(__NR_mprotect, from, from_len, PROT_READ | PROT_WRITE);
  for (u64 at = end; at < keep; at += RR_PAGE)
    if (copyin(page, from + at, RR_PAGE) == RR_PAGE && !all_zero(page)) memcpy((void *)(to + at), page, RR_PAGE);
  sys(__NR_mprotect, to, to_len, map_host_prot(m.prot));
  u64 bytes = m.file && m.file->size > m.offset + (from - m.start) ? page_up(m.file->size - m.offset - (from - m.start)) : 0;
  if (m.file && bytes < to_len) map_nothing(to + (bytes > end ? bytes : end), to + to_len, m.prot);
  if (to == from && to_len < from_len) sys(__NR_munmap, to + to_len, from_len - to_len);
  if (to != from) sys(__NR_munmap, from, from_len);
  return (s64)to;
}

s64 shared_move(u64 from, u64 from_len, u64 to, u64 to_len) {
  if (replaying) return move_replayed(from, from_len, to, to_len);
  if (!shared_zone(to) || !shared_zone(to + to_len)) stop(STOP_REFUSED, "mremap of memory shared with other processes to 0x%lx can't be recorded yet", to);
  s64 r = move_one(shared_object(from), from_len, shared_object(to), to_len);
  if (r < 0 && r > -4096) return r;
  r = move_one(shared_shadow(from), from_len, shared_shadow(to), to_len);
  if (r != (s64)shared_shadow(to)) stop(STOP_IO, "the engine could not move its shadow of shared memory at 0x%lx (error %ld)", from, -r);
  sys(__NR_munmap, from, from_len);
  map_at(to, to_len, PROT_NONE);
  struct mapping m = *map_find(from);
  if (m.file && to_len > from_len) {
    m.offset += from - m.start;
    m.start = to;
    m.end = to + to_len;
    hide_tail(&m);
  }
  return (s64)to;
}

// ---- contents ----

// The parts of [guest, guest + len) that are shadowed, one after another. False: no more. *start, *end: the part.
static bool next_part(u64 guest, u64 len, u64 *start, u64 *end, const struct mapping **mapping) {
  u64 limit = guest + len;
  for (struct mapping *m = map_next(guest); m && m->start < limit; m = map_next(m->end)) {
    if (!(m->flags & MAPF_SHADOW)) continue;
    *start = m->start > guest ? m->start : guest;
    *end = m->end < limit ? m->end : limit;
    *mapping = m;
    return true;
  }
  return false;
}

static bool outside(u64 guest, u64 len) {
  return !shadowing || replaying || !len || guest >= RR_SHARED_ZONE_END || guest + len <= RR_SHARED_ZONE || guest + len < guest;
}

static void log_diff(u64 guest, const u64 *words, u32 n) {
  struct rr_ev_data *d = log_begin(RR_EV_SHARED, 0, sizeof *d + n * 8);
  *d = (struct rr_ev_data){ guest, n * 8 };
  memcpy(d + 1, words, n * 8);
  log_end(0);
}

// Whole words: of one the guest reads a part of, the rest comes along.
static void sync_piece(u64 guest, u32 words, bool log) {
  static u64 now[PIECE_WORDS];
  u64 *shadow = (u64 *)shared_shadow(guest);
  const volatile u64 *object = (const volatile u64 *)shared_object(guest);
  words = (u32)copy_words(now, (const u64 *)object, words); // beyond the end of a file there is nothing
  for (u32 i = 0; i < words;) {
    if (now[i] == shadow[i]) { i++; continue; }
    u32 first = i;
    while (i < words && now[i] != shadow[i]) { shadow[i] = now[i]; i++; }
    if (log) log_diff(guest + first * 8, now + first, i - first);
  }
}

// Some bytes of one word: what is not logged stays as it was.
static void take_bytes(u64 start, u64 end) {
  u64 at = ALIGN_DOWN(start, 8ul), now;
  if (start < end && copy_words(&now, (const u64 *)shared_object(at), 1) == 1) memcpy((u8 *)shared_shadow(start), (u8 *)&now + (start - at), end - start);
}

static void sync_words(u64 at, u64 end, bool log) {
  while (at < end) {
    u64 words = (end - at) / 8;
    u32 n = (u32)(words < PIECE_WORDS ? words : PIECE_WORDS);
    sync_piece(at, n, log);
    at += n * 8;
  }
}

// A page that the object did not have when it was looked at last. Replay makes it appear when bytes of it are applied: so
// some are logged, whatever they are.
static void appear(u64 page, const struct mapping *m, bool log) {
  u64 word;
  u8 probe;
  if (copy_raw(&probe, (const void *)shared_shadow(page), 1) == 1 || copy_words(&word, (const u64 *)shared_object(page), 1) != 1) return;
  sys(__NR_mprotect, shared_shadow(page), RR_PAGE, PROT_READ | PROT_WRITE);
  if (log) { *(u64 *)shared_shadow(page) = word; log_diff(page, &word, 1); }
  if (!(m->prot & PROT_WRITE)) sys(__NR_mprotect, shared_shadow(page), RR_PAGE, map_host_prot(m->prot));
  if (page + RR_PAGE > memory_file_end(m)) memory_file_ends(m, page + RR_PAGE);
}

// Another process has made the object shorter: replay is told, so that it faults there too.
void shared_shorter(const struct mapping *m, u64 page) {
  if (!(m->flags & MAPF_SHADOW) || !m->file || page >= memory_file_end(m)) return;
  log_diff(page, NULL, 0);
  memory_file_ends(m, page);
}

static void sync_part(u64 start, u64 end, const struct mapping *m, bool log) {
  bool locked = !(m->prot & PROT_WRITE);
  u64 a = ALIGN_DOWN(start, RR_PAGE), b = ALIGN_UP(end, RR_PAGE);
  if (m->file && memory_file_end(m) < b) b = memory_file_end(m);
  if (b <= a) return;
  if (locked) sys(__NR_mprotect, shared_shadow(a), b - a, PROT_READ | PROT_WRITE);
  if (end > b) end = b;
  u64 first = ALIGN_UP(start, 8ul), last = ALIGN_DOWN(end, 8ul);
  if (log) sync_words(ALIGN_DOWN(start, 8ul), ALIGN_UP(end, 8ul), true);
  else if (first > last) take_bytes(start, end);
  else {
    take_bytes(start, first);
    sync_words(first, last, false);
    take_bytes(last, end);
  }
  if (locked) sys(__NR_mprotect, shared_shadow(a), b - a, map_host_prot(m->prot));
}

static void sync_range(u64 guest, u64 len, bool log) {
  u64 start, end;
  const struct mapping *m;
  while (!outside(guest, len) && next_part(guest, len, &start, &end, &m)) {
    u64 limit = guest + len;
    struct mapping v = *m;
    if (v.file && v.prot & (PROT_READ | PROT_WRITE))
      for (u64 page = ALIGN_DOWN(start, RR_PAGE); page < end; page += RR_PAGE) appear(page, &v, log);
    if (v.prot & (PROT_READ | PROT_WRITE)) sync_part(start, end, &v, log);
    guest = end;
    len = limit - end;
  }
}

void shared_sync(u64 guest, u64 len) { sync_range(guest, len, true); }
void shared_take(u64 guest, u64 len) { sync_range(guest, len, false); }

// One piece of a copy: up to the end of its mapping, or of what is not in the zone.
static size_t piece_of(u64 guest, size_t n, bool *shadowed) {
  struct mapping *m;
  *shadowed = false;
  if (outside(guest, n)) return n;
  if (guest < RR_SHARED_ZONE) return RR_SHARED_ZONE - guest;
  m = map_next(guest);
  if (!m) return n;
  if (m->start > guest) return m->start - guest < n ? m->start - guest : n;
  *shadowed = m->flags & MAPF_SHADOW;
  return m->end - guest < n ? m->end - guest : n;
}

size_t shared_copyin(void *d, u64 guest, size_t n) {
  size_t done = 0;
  while (done < n) {
    bool shadowed;
    size_t k = piece_of(guest + done, n - done, &shadowed);
    u64 from = guest + done;
    size_t got = copy_raw((u8 *)d + done, (const void *)(shadowed ? shared_shadow(from) : from), k);
    done += got;
    if (got < k) break;
  }
  return done;
}

// Words that lie in one aligned place are stored at once, as the guest's own instruction would.
static void object_write(u64 to, const u8 *s, size_t n) {
  if ((n == 8 || n == 4 || n == 2) && !(to & (n - 1))) {
    if (n == 8) { u64 v; __builtin_memcpy(&v, s, 8); *(volatile u64 *)to = v; }
    else if (n == 4) { u32 v; __builtin_memcpy(&v, s, 4); *(volatile u32 *)to = v; }
    else { u16 v; __builtin_memcpy(&v, s, 2); *(volatile u16 *)to = v; }
    return;
  }
  while (n && to & 7) { *(volatile u8 *)to++ = *s++; n--; }
  for (; n >= 8; n -= 8, to += 8, s += 8) { u64 v; __builtin_memcpy(&v, s, 8); *(volatile u64 *)to = v; }
  while (n--) *(volatile u8 *)to++ = *s++;
}

size_t shared_copyout(u64 guest, const void *s, size_t n) {
  size_t done = 0;
  while (done < n) {
    bool shadowed;
    size_t k = piece_of(guest + done, n - done, &shadowed), got;
    u64 to = guest + done;
    if (shadowed && map_find(to)->file)
      for (u64 page = ALIGN_DOWN(to, RR_PAGE); page < to + k; page += RR_PAGE) appear(page, map_find(to), false);
    const u8 *from = (const u8 *)s + done;
    u8 probe;
    if (!shadowed) got = copy_raw((void *)to, from, k);
    else {
      got = copy_raw((void *)shared_shadow(to), from, k);
      for (u64 at = to; at < to + got; at = ALIGN_DOWN(at, RR_PAGE) + RR_PAGE) { // the object may be shorter than its mapping
        u64 stop = ALIGN_DOWN(at, RR_PAGE) + RR_PAGE;
        if (stop > to + got) stop = to + got;
        if (copy_raw(&probe, (const void *)shared_object(at), 1) == 1) object_write(shared_object(at), from + (at - to), stop - at);
        else got = at - to;
      }
    }
    done += got;
    if (got < k) break;
  }
  return done;
}

static bool cas16(u64 to, const u64 *old, const u64 *new) {
  u64 a = old[0], d = old[1];
  bool ok;
  __asm__ volatile("lock cmpxchg16b %1" : "=@cce"(ok), "+m"(*(unsigned __int128 *)to), "+a"(a), "+d"(d) : "b"(new[0]), "c"(new[1]) : "memory");
  return ok;
}

static bool exchange(u64 to, const u64 *o, const u64 *v, u32 n) {
  switch (n) {
  case 1: { u8 e = (u8)o[0]; return __atomic_compare_exchange_n((u8 *)to, &e, (u8)v[0], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
  case 2: { u16 e = (u16)o[0]; return __atomic_compare_exchange_n((u16 *)to, &e, (u16)v[0], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
  case 4: { u32 e = (u32)o[0]; return __atomic_compare_exchange_n((u32 *)to, &e, (u32)v[0], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
  case 8: { u64 e = o[0]; return __atomic_compare_exchange_n((u64 *)to, &e, v[0], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
  case 16: if (to & 15) break; return cas16(to, o, v);
  }
  stop(STOP_REFUSED, "a locked operation of %u bytes on shared memory at pc 0x%lx can't be recorded", n, ctx.regs[R_RIP]);
}

bool shared_store(u64 guest, const void *new, const void *old, u32 n) {
  u64 o[2] = { 0 }, v[2] = { 0 };
  __builtin_memcpy(o, old, n <= 16 ? n : 16);
  __builtin_memcpy(v, new, n <= 16 ? n : 16);
  if (!exchange(shared_object(guest), o, v, n)) return false;
  __builtin_memcpy((void *)shared_shadow(guest), v, n);
  return true;
}
