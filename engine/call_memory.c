// Memory calls besides mmap, mremap and brk: what unmaps, protects, advises; System V segments; and files that are mapped and
// changed by other calls.
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/shm.h>
#include <asm/stat.h>
#include "engine/call_memory.h"
#include "engine/debug.h"
#include "engine/shared.h"
#include "engine/sys.h"

#define MADV_GUARD_INSTALL_ 102
#define AT_FDCWD_ (-100)
u32 memory_shared_files;

void memory_forget(u64 start, u64 end) {
  struct mapping *m = map_next(start);
  if (!m || m->start >= end) return;
  translate_invalidate(start, end);
  smc_forget(start, end);
}

// ---- munmap, mprotect ----

s64 memory_unmap(u64 start, u64 end) {
  memory_forget(start, end);
  if (!map_ours(start, end)) {
    s64 r = sys(__NR_munmap, start, end - start);
    if (r < 0) return r;
  } else
    for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end)) {
      u64 a = m->start > start ? m->start : start, b = m->end < end ? m->end : end;
      sys(__NR_munmap, a, b - a);
    }
  shared_drop(start, end);
  map_remove(start, end);
  return 0;
}

enum call_status call_munmap(struct call *c) {
  u64 start = c->args[0], len = page_up(c->args[1]);
  if ((start & (RR_PAGE - 1)) || !len || !range_ok(start, len)) return call_done(c, -EINVAL);
  return call_done(c, memory_unmap(start, start + len));
}

void replay_munmap(struct call *c) {
  if (c->result == 0) memory_unmap(c->args[0], c->args[0] + page_up(c->args[1]));
}

static u64 end_of(const struct mapping *m, u64 size) {
  u64 bytes = size > m->offset ? size - m->offset : 0, len = m->end - m->start;
  bytes = page_up(bytes);
  return m->start + (bytes < len ? bytes : len);
}

u64 memory_file_end(const struct mapping *m) { return end_of(m, m->file->size); }

void memory_replay_protect(u64 start, u64 end) {
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end)) {
    u64 a = m->start > start ? m->start : start, b = m->end < end ? m->end : end;
    sys(__NR_mprotect, a, b - a, map_host_prot(m->prot));
  }
}

// Protects what is mapped from `start` on; -ENOMEM at the first hole (mm/mprotect.c: what lies before it is done).
static s64 protect(u64 start, u64 end, u32 prot) {
  while (start < end) {
    struct mapping *m = map_find(start);
    if (!m) return -ENOMEM;
    u64 b = m->end < end ? m->end : end;
    if ((m->prot | prot) & PROT_EXEC) memory_forget(start, b);
    s64 r = m->flags & MAPF_SHADOW && !replaying ? shared_protect(start, b, prot) : sys(__NR_mprotect, start, b - start, map_host_prot(prot));
    if (r < 0 && !replaying) return r;
    map_protect(start, b, prot);
    start = b;
  }
  return 0;
}

// The range that a call means: PROT_GROWSDOWN extends it to the start of a growing mapping.
static s64 protect_range(const struct call *c, u64 *start, u64 *end) {
  *start = c->args[0];
  u64 len = page_up(c->args[1]);
  if ((*start & (RR_PAGE - 1)) || (c->args[2] & ~(u64)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP))) return -EINVAL;
  if (!len) { *end = *start; return c->args[1] ? -ENOMEM : 0; }
  if (!range_ok(*start, len)) return -ENOMEM;
  *end = *start + len;
  if (c->args[2] & PROT_GROWSUP) return -EINVAL;
  if (c->args[2] & PROT_GROWSDOWN) {
    struct mapping *m = map_find(*start);
    if (!m) return -ENOMEM;
    if (!(m->flags & (MAPF_GROWSDOWN | MAPF_STACK))) return -EINVAL;
    *start = m->start;
  }
  return 0;
}

enum call_status call_mprotect(struct call *c) {
  u64 start, end;
  if (c->nr == __NR_pkey_mprotect && (s32)c->args[3] != -1) return call_done(c, -EINVAL); // protection keys are hidden
  s64 r = protect_range(c, &start, &end);
  if (r >= 0 && start < end) r = protect(start, end, memory_prot((u32)c->args[2]) & 7);
  return call_done(c, r);
}

void replay_mprotect(struct call *c) {
  u64 start, end;
  if (c->result < 0 && c->result != -ENOMEM) {
    if (c->result == -EACCES && protect_range(c, &start, &end) >= 0) {
      // A piece before the one that was refused may have been done: the refused one is a shared mapping that can't be written.
      struct mapping *m = map_find(start);
      while (m && m->start < end && !(m->flags & MAPF_SHARED)) m = map_next(m->end);
      if (m && m->start > start) protect(start, m->start, memory_prot((u32)c->args[2]) & 7);
    }
    return;
  }
  if (protect_range(c, &start, &end) >= 0 && start < end) protect(start, end, memory_prot((u32)c->args[2]) & 7);
}

// ---- madvise ----

static void set_flags(u64 start, u64 end, u32 set, u32 clear) {
  for (struct mapping *m = map_next(start); start < end && m && m->start < end; m = map_next(start)) { // an insertion may merge over `end`
    struct mapping v = *m;
    u64 a = v.start > start ? v.start : start, b = v.end < end ? v.end : end;
    map_insert(a, b, v.prot, (v.flags | set) & ~clear, v.offset + (v.file ? a - v.start : 0), v.file);
    start = b;
  }
}

static bool whole_range_mapped(u64 start, u64 end) {
  while (start < end) {
    struct mapping *m = map_find(start);
    if (!m) return false;
    start = m->end;
  }
  return true;
}

// Discards contents: on replay too, and where memory stands for a file whose contents the log has, the log tells them again.
static void discard(u64 start, u64 end, bool shared_too) {
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end)) {
    u64 a = m->start > start ? m->start : start, b = m->end < end ? m->end : end;
    if (m->prot & PROT_EXEC) translate_invalidate(a, b);
    if (!replaying && m->flags & MAPF_SHADOW && shared_too) sys(__NR_madvise, shared_shadow(a), b - a, MADV_DONTNEED);
    if (!replaying) continue;
    if (m->flags & MAPF_SHADOW && shared_too) { shared_zero(m, a, b); continue; }
    if ((m->flags & MAPF_SHARED) && !shared_too) continue; // the object keeps its contents
    sys(__NR_madvise, a, b - a, shared_too && object_shared(m) ? MADV_REMOVE : MADV_DONTNEED);
    if (debugging) seen_changed(a, b);
  }
}

static bool needs_data(u64 start, u64 end) {
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end))
    if ((m->flags & MAPF_DATA) && !(m->flags & MAPF_SHARED)) return true;
  return false;
}

static void madvise_logged(struct call *c) {
  u64 start = c->args[0], end = start + page_up(c->args[1]);
  for (struct mapping *m = map_next(start); m && m->start < end; m = map_next(m->end)) {
    if (!(m->flags & MAPF_DATA) || (m->flags & MAPF_SHARED)) continue;
    memory_log_content(m, m->start > start ? m->start : start, m->end < end ? m->end : end, -1);
  }
  log_nondet(0xff, NULL, 0);
}

static s64 own_advice(u64 start, u64 end, u32 advice) {
  if (!whole_range_mapped(start, end)) return -ENOMEM;
  for (struct mapping *m = map_next(start); advice == MADV_WIPEONFORK && m && m->start < end; m = map_next(m->end))
    if (!(m->flags & MAPF_ANON) || (m->flags & MAPF_SHARED)) return -EINVAL;
  u32 flag = advice == MADV_DONTFORK || advice == MADV_DOFORK ? MAPF_DONTFORK : MAPF_WIPEONFORK;
  bool set = advice == MADV_DONTFORK || advice == MADV_WIPEONFORK;
  set_flags(start, end, set ? flag : 0, set ? 0 : flag);
  return 0;
}

enum call_status call_madvise(struct call *c) {
  u64 start = c->args[0], len = page_up(c->args[1]);
  u32 advice = (u32)c->args[2];
  if ((start & (RR_PAGE - 1)) || (c->args[1] && !len) || start + len < start) return call_done(c, -EINVAL);
  switch (advice) {
  case MADV_FREE: case MADV_GUARD_INSTALL_: case MADV_GUARD_INSTALL_ + 1: return call_done(c, -EINVAL); // content that comes and goes unseen
  case MADV_HWPOISON: case MADV_SOFT_OFFLINE: return call_done(c, -EPERM);
  case MADV_DONTFORK: case MADV_DOFORK: case MADV_WIPEONFORK: case MADV_KEEPONFORK: return call_done(c, own_advice(start, start + len, advice));
  }
  if (map_ours(start, start + len)) return call_done(c, -ENOMEM);
  c->result = sys(__NR_madvise, shared_host(start), len, advice);
  if (advice != MADV_DONTNEED && advice != MADV_REMOVE && advice != MADV_DONTNEED_LOCKED) return CALL_DONE;
  if (c->result < 0 && c->result != -ENOMEM) return CALL_DONE;
  discard(start, start + len, advice == MADV_REMOVE);
  if (needs_data(start, start + len)) { c->data[0] = 1; c->after = madvise_logged; c->extra = &c->data[0]; c->extra_size = 8; }
  return CALL_DONE;
}

void replay_madvise(struct call *c) {
  u64 start = c->args[0], end = start + page_up(c->args[1]);
  u32 advice = (u32)c->args[2];
  if (c->result < 0 && c->result != -ENOMEM) return;
  if (advice == MADV_DONTFORK || advice == MADV_DOFORK || advice == MADV_WIPEONFORK || advice == MADV_KEEPONFORK) { if (!c->result) own_advice(start, end, advice); return; }
  if (advice != MADV_DONTNEED && advice != MADV_REMOVE && advice != MADV_DONTNEED_LOCKED) return;
  if (map_ours(start, end)) return;
  discard(start, end, advice == MADV_REMOVE);
  if (c->extra_size) log_nondet(0xff, NULL, 0);
}

enum call_status call_process_madvise(struct call *c) {
  switch ((u32)c->args[3]) {
  case MADV_COLD: case MADV_PAGEOUT: case MADV_WILLNEED: case 25 /* MADV_COLLAPSE */: return CALL_HOST; // contents stay
  }
  return call_done(c, -EINVAL);
}

void memory_fork_child(void) {
  if (replaying) memory_isolate();
  else if (shadowing) shared_files_inherited();
  for (struct mapping *m = map_next(0), v; m; m = map_next(v.end)) {
    v = *m;
    if (v.flags & MAPF_DONTFORK) memory_unmap(v.start, v.end);
    else if (v.flags & MAPF_WIPEONFORK) sys(__NR_madvise, v.start, v.end - v.start, MADV_DONTNEED);
  }
}

void memory_note_fork(void) {
  static bool noted;
  shared_begin_all();
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if (!(m->flags & MAPF_SHARED) || m->flags & MAPF_SHADOW || (m->file && !(m->prot & PROT_WRITE))) continue;
    shared_watch(m->start, m->end);
    if (noted) continue;
    noted = true;
    const char *what = m->file ? m->file->path : "anonymous shared memory";
    if (session->opt.strict) stop(STOP_REFUSED, "%s at 0x%lx would be shared with a forked process: what it writes there can't be recorded yet", what, m->start);
    log_note("%s at 0x%lx is shared with a forked process: what the other one writes there is recorded only as of the end of each system call", what, m->start);
  }
}

// Memory is never locked: that shows nowhere but in statistics, and the engine's own memory is better not.
enum call_status call_mlockall(struct call *c) {
  if (!c->args[0] || (c->args[0] & ~7ul) || c->args[0] == MCL_ONFAULT) return call_done(c, -EINVAL);
  u64 page = ALIGN_DOWN(ctx.regs[R_RSP], RR_PAGE);
  s64 r = sys(__NR_mlock, page, RR_PAGE); // may this process lock memory?
  if (r == 0) sys(__NR_munlock, page, RR_PAGE);
  return call_done(c, r == -EPERM ? r : 0);
}

void done_mincore(struct call *c) {
  if (c->result == 0) call_log_out(c, c->args[2], page_up(c->args[1]) / RR_PAGE);
  else if (c->result == -EFAULT || c->result == -ENOMEM) call_log_reachable(c, c->args[2], page_up(c->args[1]) / RR_PAGE);
}

// ---- contents of mapped files ----

static bool all_zero(const u64 *p, size_t words) {
  for (size_t i = 0; i < words; i++)
    if (p[i]) return false;
  return true;
}

#define HOLES_FROM (1ul << 20)
#define SEEK_DATA_ 3
#define SEEK_HOLE_ 4

// A descriptor of the same file with a position of its own; -1: none, or not worth it.
static s32 hole_finder(s32 fd, u64 bytes) {
  char link[40];
  if (fd < 0 || bytes < HOLES_FROM) return -1;
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 r = sys(__NR_openat, AT_FDCWD_, link, 0x80000 /* O_RDONLY | O_CLOEXEC */);
  return r < 0 ? -1 : (s32)r;
}

// The part of [*at, to) that holds data begins at *at and ends at the result.
static u64 next_data(const struct mapping *m, u64 *at, u64 to, s32 finder) {
  if (finder < 0) return to;
  s64 d = sys(__NR_lseek, finder, m->offset + (*at - m->start), SEEK_DATA_);
  if (d == -ENXIO) return *at = to;
  if (d < 0) return to;
  s64 h = sys(__NR_lseek, finder, d, SEEK_HOLE_);
  u64 a = m->start + (ALIGN_DOWN((u64)d, RR_PAGE) - m->offset), b = h < 0 ? to : m->start + (page_up((u64)h) - m->offset);
  *at = a < *at ? *at : a < to ? a : to;
  return b < to ? b : to;
}

void memory_log_content(struct mapping *m, u64 from, u64 to, s32 fd) {
  static u64 page[RR_PAGE / 8];
  u64 end = memory_file_end(m);
  bool hidden = !(m->prot & (PROT_READ | PROT_EXEC));
  struct mapping v = *m;
  if (hidden) sys(__NR_mprotect, shared_view(v.start), v.end - v.start, PROT_READ);
  if (to > end) to = end;
  s32 finder = hole_finder(fd, to > from ? to - from : 0);
  for (u64 at = from; at < to;) {
    u64 stop_at = next_data(&v, &at, to, finder);
    for (; at < stop_at; at += RR_PAGE)
      if (copyin(page, at, RR_PAGE) == RR_PAGE && !all_zero(page, ARRAY_SIZE(page))) log_data_from(at, page, RR_PAGE);
  }
  if (finder >= 0) sys(__NR_close, finder);
  if (hidden) sys(__NR_mprotect, shared_view(v.start), v.end - v.start, map_host_prot(v.prot));
}

static void log_hidden(struct mapping *m, u64 from, u64 to) {
  bool hidden = !(m->prot & (PROT_READ | PROT_EXEC));
  if (hidden && m->flags & MAPF_SHADOW) return; // found when it is read
  if (hidden) sys(__NR_mprotect, m->start, m->end - m->start, PROT_READ);
  log_data(from, to - from);
  if (hidden) sys(__NR_mprotect, m->start, m->end - m->start, map_host_prot(m->prot));
}

void memory_file_written(u64 dev, u64 ino, u64 from, u64 to) {
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if (!m->file || m->file->dev != dev || m->file->ino != ino) continue;
    m->file->written = true;
    u64 low = from > m->offset ? from - m->offset : 0, high = to > m->offset ? to - m->offset : 0, len = memory_file_end(m) - m->start;
    if (high > len) high = len;
    if (low >= high) continue;
    if (m->prot & PROT_EXEC) translate_invalidate(m->start + low, m->start + high);
    log_hidden(m, m->start + low, m->start + high);
  }
}

// Files that others changed while they were mapped privately: pages not yet touched showed it, and the log can't know.
void memory_check_files(void) {
  const struct map_file *last = NULL;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    struct stat st;
    const struct map_file *f = m->file;
    if (!f || f == last || f->written || m->flags & MAPF_DATA || f->path[0] != '/') continue;
    last = f;
    if (sys(__NR_stat, f->path, &st) < 0 || st.st_dev != f->dev || st.st_ino != f->ino) continue;
    u64 mtime = st.st_mtime * 1000000000ul + st.st_mtime_nsec;
    if (mtime != f->mtime_ns || (u64)st.st_size != f->size)
      log_note("%s was changed while it was mapped: what the program saw of that is recorded only where it made the change itself", f->path);
  }
}

struct resized { u64 dev, ino, size; };

// A private mapping loses its pages behind the new end too, written or not (mm/memory.c: unmap_mapping_range with even_cows).
static void set_size(const struct resized *r) {
  if (replaying) object_resize(r->dev, r->ino, r->size);
  for (int pass = 0; pass < 2; pass++)
    for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
      if (!m->file || m->file->dev != r->dev || m->file->ino != r->ino) continue;
      if (pass) { m->file->size = r->size; continue; } // mappings may share it
      u64 old = memory_file_end(m), end = end_of(m, r->size);
      if (m->flags & MAPF_SHADOW) shared_resize(m, old, end);
      if (replaying && !(m->flags & MAPF_SHARED) && old != end) object_tail(m, old < end ? old : end);
    }
}

void memory_file_ends(const struct mapping *m, u64 end) {
  struct resized r = { m->file->dev, m->file->ino, m->offset + (end - m->start) };
  set_size(&r);
}

// What was written into the new part can be applied only when the mapping shows it: behind the call's event.
// So can what the kernel clears: the rest of the page with the old end, or the new one, of the file.
static struct { u64 dev, ino, from, to, edge; } written_behind;

static void resized_logged(struct call *c) {
  (void)c;
  u64 edge = ALIGN_DOWN(written_behind.edge, RR_PAGE);
  if (edge != written_behind.edge) memory_file_written(written_behind.dev, written_behind.ino, edge, edge + RR_PAGE);
  memory_file_written(written_behind.dev, written_behind.ino, written_behind.from, written_behind.to);
  log_nondet(0xff, NULL, 0);
}

void memory_file_changed(struct call *c, u64 dev, u64 ino, u64 size, u64 from, u64 to) {
  memory_file_resized(c, dev, ino, size);
  if (c->after != resized_logged) { memory_file_written(dev, ino, from, to); return; }
  written_behind.from = from;
  written_behind.to = to;
}

void memory_file_resized(struct call *c, u64 dev, u64 ino, u64 size) {
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if (!m->file || m->file->dev != dev || m->file->ino != ino || m->file->size == size) continue;
    if (!(m->flags & MAPF_DATA) && memory_file_end(m) == end_of(m, size)) continue;
    static struct resized r;
    r = (struct resized){ dev, ino, size };
    c->extra = &r;
    c->extra_size = sizeof r;
    written_behind.edge = size < m->file->size ? size : m->file->size;
    set_size(&r);
    written_behind.dev = dev;
    written_behind.ino = ino;
    written_behind.from = written_behind.to = 0;
    c->after = resized_logged;
    return;
  }
}

void replay_file_resized(struct call *c) {
  struct resized r;
  if (c->extra_size < sizeof r) return;
  memcpy(&r, c->extra, sizeof r);
  set_size(&r);
  log_nondet(0xff, NULL, 0);
}

// Code is written although the guest can't write there: the file's translations are void, as if it could.
static void poke_code(u64 start, u64 end) {
  for (struct mapping *m = map_next(start), v; m && m->start < end; m = map_next(v.end)) {
    v = *m;
    if (!(v.prot & PROT_EXEC) || v.prot & PROT_WRITE) continue;
    u64 a = v.start > start ? v.start : start, b = v.end < end ? v.end : end;
    map_protect(a, b, v.prot | PROT_WRITE);
    translate_invalidate(a, b);
    map_protect(a, b, v.prot);
  }
}

size_t memory_poke(u64 addr, const void *s, size_t n) {
  u64 start = ALIGN_DOWN(addr, RR_PAGE), end = page_up(addr + n);
  if (!whole_range_mapped(start, end)) return copyout(addr, s, n);
  poke_code(start, end);
  sys(__NR_mprotect, start, end - start, PROT_READ | PROT_WRITE);
  n = copyout(addr, s, n);
  memory_replay_protect(start, end);
  return n;
}

// ---- System V shared memory ----

static void shmat_logged(struct call *c);
enum call_status call_shmat(struct call *c) {
  static struct map_extra extra;
  struct shmid64_ds ds;
  u32 flags = (u32)c->args[2];
  s64 r = sys(__NR_shmctl, c->args[0], IPC_STAT, &ds);
  if (r < 0) return call_done(c, r);
  u64 len = page_up(ds.shm_segsz), at = c->args[1];
  if (at) {
    if (at & (RR_PAGE - 1)) { if (!(flags & SHM_RND)) return call_done(c, -EINVAL); at = ALIGN_DOWN(at, RR_PAGE); }
    struct mapping *m = map_next(at);
    if (!range_ok(at, len) || map_ours(at, at + len) || (m && m->start < at + len && !(flags & SHM_REMAP))) return call_done(c, -EINVAL);
  } else at = map_choose_shared(len);
  if (!at) return call_done(c, -ENOMEM);
  bool zone = shared_zone(at) && !(flags & SHM_EXEC);
  if (session->opt.strict && !zone) stop(STOP_REFUSED, "System V shared memory at 0x%lx: what other processes write there can't be recorded", at);
  memory_forget(at, at + len);
  r = sys(__NR_shmat, c->args[0], at, flags & ~(u32)SHM_EXEC);
  if (r != (s64)at) return call_done(c, r);
  static bool noted;
  if (ds.shm_nattch && !noted && !zone) {
    noted = true;
    log_note("a System V shared memory segment is used by other processes too: what they write there is recorded only as of the end of each system call");
  }
  extra = (struct map_extra){ .kind = KIND_DATA, .flags = MAPF_SHARED | MAPF_ANON | MAPF_SHM, .data_from = len };
  c->extra = &extra;
  c->extra_size = offsetof(struct map_extra, path);
  u32 prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
  map_insert(at, at + len, prot, extra.flags, 0, NULL);
  if (zone) {
    shared_drop(at, at + len);
    shared_begin_all();
    shadowing = true;
    shared_begin(at, at + len);
    extra.flags |= MAPF_SHADOW;
  }
  c->result = (s64)at;
  c->after = shmat_logged;
  return CALL_DONE;
}

static void shmat_logged(struct call *c) {
  static u64 page[RR_PAGE / 8];
  struct mapping *m = map_find((u64)c->result);
  for (u64 at = m->start; at < m->end; at += RR_PAGE)
    if (copyin(page, at, RR_PAGE) == RR_PAGE && !all_zero(page, ARRAY_SIZE(page))) log_data_from(at, page, RR_PAGE);
  log_nondet(0xff, NULL, 0);
  if (!(m->flags & MAPF_SHADOW)) shared_watch(m->start, m->end);
}

void replay_shmat(struct call *c) {
  struct map_extra x;
  if (c->extra_size < offsetof(struct map_extra, path)) return;
  memcpy(&x, c->extra, offsetof(struct map_extra, path));
  u64 at = (u64)c->result, len = x.data_from;
  u32 prot = PROT_READ | (c->args[2] & SHM_RDONLY ? 0 : PROT_WRITE) | (c->args[2] & SHM_EXEC ? PROT_EXEC : 0);
  memory_forget(at, at + len);
  s64 r = sys(__NR_mmap, at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (r != (s64)at) stop(STOP_IO, "replay could not map %lu bytes at 0x%lx (error %ld)", len, at, -r);
  map_insert(at, at + len, prot, x.flags & ~(u32)MAPF_SHADOW, 0, NULL);
  if (x.flags & MAPF_SHADOW) { shared_begin_all(); shadowing = true; shared_begin(at, at + len); }
  log_nondet(0xff, NULL, 0);
  memory_replay_protect(at, at + len);
}

enum call_status call_shmdt(struct call *c) {
  struct mapping *m = map_find(c->args[0]);
  if (!m || m->start != c->args[0] || !(m->flags & MAPF_SHM)) return call_done(c, -EINVAL);
  u64 end = m->end;
  memory_forget(c->args[0], end);
  bool shadow = m->flags & MAPF_SHADOW;
  s64 r = sys(__NR_shmdt, shared_host(c->args[0]));
  if (r == 0 && shadow) memory_unmap(c->args[0], end);
  else if (r == 0) map_remove(c->args[0], end);
  return call_done(c, r);
}

void replay_shmdt(struct call *c) {
  struct mapping *m = map_find(c->args[0]);
  if (c->result == 0 && m) memory_unmap(m->start, m->end);
}
