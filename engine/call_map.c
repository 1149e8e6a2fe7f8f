// mmap, mremap, brk: where guest memory comes from.
//
// The hard thing is what a file mapping shows on replay. A file that is not being changed is kept in the trace and mapped
// privately (KIND_KEPT). One that this program may change through the mapping, or that was changed so lately that its time
// stamps would not show another change, has its contents logged, and replay maps anonymous memory (KIND_DATA).
#include <asm/errno.h>
#include <linux/mman.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include "engine/call_memory.h"
#include "engine/keep.h"
#include "engine/shared.h"
#include "engine/start.h"
#include "engine/sys.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#define MAP_TYPE_ 0xfu
#define DEV_ZERO 0x105u
#define RACY_NS 2000000000ul         // time stamps are coarser than a change (jiffies, or 2 s on FAT)
#define DATA_MAX (512ul << 20)
#define SPARSE_MIN (1ul << 30)
#define ST_NOEXEC_ 8

static struct map_extra extra;

static void note_extra(struct call *c) {
  extra.path_len = extra.path_len > sizeof extra.path ? (u32)sizeof extra.path : extra.path_len;
  c->extra = &extra;
  c->extra_size = (u32)ALIGN_UP(offsetof(struct map_extra, path) + extra.path_len, 8);
}

// ---- mmap, record ----

struct request { u64 at, len, offset, allocated; u32 prot, flags; s32 fd; struct map_file *file; u32 mapf; bool fixed; };

static bool changed_lately(const struct map_file *f) {
  s64 ts[2];
  if (sys(__NR_clock_gettime, 0, ts) < 0) return true;
  u64 now = (u64)ts[0] * 1000000000u + (u64)ts[1];
  return f->ctime_ns + RACY_NS > now;
}

static bool mapped_shared_writable(const struct map_file *f) {
  if (!memory_shared_files) return false;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end))
    if (m->file && (m->flags & MAPF_SHARED) && (m->flags & MAPF_DATA) && m->file->dev == f->dev && m->file->ino == f->ino) return true;
  return false;
}

// Whether a private page that was not yet written shows what is stored through a shared mapping is unspecified (POSIX, mmap);
// on replay it would not. So it does not: such pages get copies of their own.
static void privatise(const struct map_file *f) {
  if (!mapped_shared_writable(f)) return;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if (!m->file || (m->flags & MAPF_SHARED) || (m->prot & PROT_EXEC) || m->file->dev != f->dev || m->file->ino != f->ino) continue;
    u64 len = memory_file_end(m) - m->start;
    if (!(m->prot & PROT_WRITE)) sys(__NR_mprotect, m->start, m->end - m->start, PROT_READ | PROT_WRITE);
    sys(__NR_madvise, m->start, len, 23 /* MADV_POPULATE_WRITE */);
    if (!(m->prot & PROT_WRITE)) sys(__NR_mprotect, m->start, m->end - m->start, map_host_prot(m->prot));
  }
}

// An object that is made to be shared by name or descriptor.
static bool made_to_be_shared(const struct request *q) {
  return !(q->mapf & MAPF_ANON) && q->file && (!strncmp(q->file->path, "/dev/shm/", 9) || !strncmp(q->file->path, "/memfd:", 7));
}

// By those too who are not in our list. A memfd of our own may have no other purpose than to be mapped twice here.
static bool others_may_write(const struct request *q) {
  return made_to_be_shared(q) && !(q->file->path[1] == 'm' && shared_file_made(q->file->ino));
}

// Code that is seen through one view and written through another, whose stores go to the shadow.
static void refuse_code(const struct request *q) {
  if (!shadowing || !q->file || !(q->mapf & MAPF_SHARED) || !(q->prot & PROT_EXEC)) return;
  for (struct mapping *m = map_next(RR_SHARED_ZONE); m && m->start < RR_SHARED_ZONE_END; m = map_next(m->end))
    if (m->flags & MAPF_SHADOW && m->file && m->file->dev == q->file->dev && m->file->ino == q->file->ino)
      stop(STOP_REFUSED, "code in memory that other processes may write (%s) can't be recorded yet", q->file->path);
}

// Whether replay takes the contents from a kept file or from the log. Stores through a mapping of shared memory leave no time stamp.
static s64 choose_kind(struct request *q) {
  s64 r = keep_file_as(q->fd, KEEP_NOT, &q->file);
  if (r < 0) return r;
  bool shared = q->mapf & MAPF_SHARED;
  s64 mode = sys(__NR_fcntl, q->fd, F_GETFL);
  bool can_write = shared && ((mode & O_ACCMODE) == O_RDWR || made_to_be_shared(q));
  u64 bytes = q->offset < q->file->size ? q->file->size - q->offset : 0;
  if (bytes > q->len) bytes = q->len;
  extra.kind = KIND_DATA;
  bool sparse = q->file->size > SPARSE_MIN && q->allocated < q->file->size / 4; // its holes would have to be read to be kept
  if (q->allocated < bytes) bytes = q->allocated;
  if (bytes <= DATA_MAX && (can_write || sparse || mapped_shared_writable(q->file) || changed_lately(q->file))) return 0;
  struct map_file *kept = q->file;
  if (keep_file_as(q->fd, q->flags & MAP_DENYWRITE ? KEEP_LATER : KEEP_NOW /* ld.so's own: a library */, &kept) < 0 || !kept->kept) {
    if (bytes > DATA_MAX) stop(STOP_REFUSED, "%s could not be kept in the trace, and is too large to be logged (%lu bytes mapped)", q->file->path, bytes);
    return 0;
  }
  q->file = kept;
  extra.kind = KIND_KEPT;
  extra.file = kept->kept;
  return 0;
}

static s64 look_at_file(struct request *q) {
  struct stat st;
  struct statfs fs;
  s64 r = sys(__NR_fstat, q->fd, &st);
  if (r < 0) return r;
  if ((st.st_mode & 0170000) == 0020000 && st.st_rdev == DEV_ZERO) { q->mapf |= MAPF_ANON; return 0; }
  if ((st.st_mode & 0170000) != 0100000) {
    char name[256];
    r = sys(__NR_mmap, 0, q->len, q->prot & ~(u32)PROT_EXEC, q->flags & ~(u32)(MAP_FIXED | MAP_FIXED_NOREPLACE), q->fd, q->offset); // would the kernel?
    if (r < 0 && r > -4096) return r;
    fd_name(q->fd, name, sizeof name);
    stop(STOP_REFUSED, "a mapping of %s can't be recorded: it is not a regular file", name);
  }
  q->allocated = (u64)st.st_blocks * 512;
  if ((q->prot & PROT_EXEC) && sys(__NR_fstatfs, q->fd, &fs) == 0 && (fs.f_flags & ST_NOEXEC_)) return -EPERM;
  return choose_kind(q);
}

// ld.so reserves a library's whole span by its first mapping; then the pieces come with MAP_FIXED.
static bool reserves_image(const struct request *q, u64 *span) {
  if (!q->file || (q->mapf & MAPF_SHARED) || q->offset || (q->prot & PROT_WRITE) || q->at) return false;
  *span = elf_span(q->fd);
  return *span && page_up(*span) == page_up(q->len);
}

// Memory that another process may come to write (engine/shared.h). A kept file is not written by anyone.
static bool in_zone(const struct request *q) {
  if (!(q->mapf & MAPF_SHARED) || q->prot & PROT_EXEC || q->flags & (MAP_HUGETLB | MAP_32BIT)) return false;
  return q->mapf & MAPF_ANON || extra.kind == KIND_DATA;
}

static s64 choose_address(struct request *q) {
  u64 span;
  if (q->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    q->fixed = true;
    if (q->at & (RR_PAGE - 1)) return -EINVAL;
    if (!range_ok(q->at, q->len)) return -ENOMEM;
    if (!(q->flags & MAP_FIXED_NOREPLACE)) return map_ours(q->at, q->at + q->len) ? -ENOMEM : 0;
    struct mapping *m = map_next(q->at);
    return map_ours(q->at, q->at + q->len) || (m && m->start < q->at + q->len) ? -EEXIST : 0;
  }
  if (in_zone(q)) { q->at = map_choose_shared(q->len); if (q->at) return 0; q->at = 0; }
  if (reserves_image(q, &span)) {
    q->at = map_choose_image(q->file, span);
    if (q->at) extra.image = span;
  } else if (q->flags & MAP_HUGETLB) {
    u32 shift = q->flags >> 26 & 63; // MAP_HUGE_SHIFT
    u64 huge = 1ul << (shift ? shift : 21);
    u64 at = huge > (1ul << 34) ? 0 : map_choose(q->at, q->len + huge, false);
    q->len = ALIGN_UP(q->len, huge);
    q->at = at ? ALIGN_UP(at, huge) : 0;
  } else q->at = map_choose(q->at, q->len, q->flags & MAP_32BIT);
  return q->at ? 0 : -ENOMEM;
}

#define STACK_GUARD (256 * RR_PAGE) // mm/mmap.c: stack_guard_gap

// The stack's mapping was made whole; the kernel's would not have grown past what is now mapped in its way, nor up to it. What threads use stays.
static void cut_stack(u64 start, u64 end, u32 prot) {
  u64 low = RR_GUEST_STACK_TOP - RR_GUEST_STACK_MAX, used = RR_GUEST_STACK_TOP;
  for (struct thread *t = all_threads; t; t = t->next) {
    u64 sp = ALIGN_DOWN((t == current ? ctx.regs[R_RSP] : t->regs[R_RSP]) - 256, RR_PAGE);
    if (sp >= low && sp < used) used = sp;
  }
  if (used < end) return;
  u64 to = prot && end + STACK_GUARD < used ? end + STACK_GUARD : prot ? used : end;
  for (struct mapping *m = map_next(low), v; m && m->start < to; m = map_next(v.end)) {
    v = *m;
    if (v.end > to) v.end = to;
    if (v.flags & MAPF_STACK && (v.end <= start || v.start >= end)) memory_unmap(v.start, v.end);
  }
}

static bool over_stack(u64 start, u64 end) {
  if (likely(end <= RR_GUEST_STACK_TOP - RR_GUEST_STACK_MAX)) return false;
  struct mapping *m = map_next(start);
  while (m && m->start < end && !(m->flags & MAPF_STACK)) m = map_next(m->end);
  return m && m->start < end;
}

// After the host's mapping was made: table, image slot, translator. Record and replay.
static void enter(u64 at, u64 len, u32 prot, u64 offset, struct map_file *file) {
  u64 end = at + page_up(len);
  bool over = over_stack(at, end);
  if (extra.image) map_image_slot(at, extra.image);
  map_insert(at, end, prot, extra.flags, offset, file);
  if (unlikely(over)) cut_stack(at, end, prot);
  if (!file || !(prot & PROT_EXEC) || (extra.flags & MAPF_SHARED)) return;
  const struct file_identity id = { file->dev, file->ino, file->size, file->mtime_ns, file->ctime_ns };
  translate_image_mapped(at, end, offset, &id);
}

static void mmap_logged(struct call *c) {
  struct mapping *m = map_find((u64)c->result);
  memory_log_content(m, (u64)c->result, (u64)c->result + page_up(c->args[1]), m->flags & MAPF_SHADOW ? -1 : (s32)c->args[4]);
  log_nondet(0xff, NULL, 0);
  if ((m->flags & MAPF_SHARED) && !(m->flags & MAPF_SHADOW) && (m->prot & PROT_READ) && !strncmp(m->file->path, "/dev/shm/", 9)) shared_watch((u64)c->result, (u64)c->result + page_up(c->args[1]));
}

static s64 check_request(struct request *q) {
  if (q->offset & (RR_PAGE - 1)) return -EINVAL;
  if (!q->len) return -EINVAL;
  if (!page_up(q->len) || page_up(q->len) > TASK_END) return -ENOMEM;
  q->len = page_up(q->len);
  u32 type = q->flags & MAP_TYPE_;
  if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE) return -EINVAL; // MAP_DROPPABLE too: as before Linux 6.11
  if (type != MAP_PRIVATE) q->mapf |= MAPF_SHARED;
  if (unlikely(keep_pending) && (q->mapf & MAPF_SHARED)) keep_settle();
  if (q->flags & MAP_GROWSDOWN) q->mapf |= MAPF_GROWSDOWN;
  if (q->flags & MAP_NORESERVE) q->mapf |= MAPF_NORESERVE;
  if (q->flags & MAP_ANONYMOUS) { q->mapf |= MAPF_ANON; return 0; }
  if (fd_ours(q->fd)) return -EBADF;
  return look_at_file(q);
}

enum call_status call_mmap(struct call *c) {
  struct request q = { .at = c->args[0], .len = c->args[1], .prot = memory_prot((u32)c->args[2]), .flags = (u32)c->args[3], .fd = (s32)c->args[4], .offset = c->args[5] };
  memset(&extra, 0, offsetof(struct map_extra, path));
  s64 r = check_request(&q);
  if (r >= 0) r = choose_address(&q);
  if (r >= 0 && !q.fixed && !limit_allows(q.len, (q.prot & PROT_WRITE) && !(q.mapf & MAPF_SHARED))) r = -ENOMEM;
  if (r < 0) return call_done(c, r);
  refuse_code(&q);
  u32 flags = (q.flags & ~(u32)(MAP_FIXED_NOREPLACE | MAP_32BIT | MAP_GROWSDOWN)) | MAP_FIXED;
  if (q.fixed) memory_forget(q.at, q.at + q.len);
  r = sys(__NR_mmap, q.at, q.len, map_host_prot(q.prot) | (q.prot & ~7u), flags, q.fd, q.offset);
  if (r < 0 && r > -4096) return call_done(c, r);
  if (q.mapf & MAPF_ANON) q.file = NULL;
  if (q.fixed) shared_drop(q.at, q.at + q.len);
  if (q.file && extra.kind == KIND_DATA) {
    q.mapf |= MAPF_DATA;
    extra.id = (struct file_identity){ q.file->dev, q.file->ino, q.file->size, q.file->mtime_ns, q.file->ctime_ns };
    extra.path_len = (u32)str_copy(extra.path, q.file->path, sizeof extra.path);
    c->after = mmap_logged;
  }
  if (q.file && (q.mapf & MAPF_SHARED)) memory_shared_files++;
  extra.flags = q.mapf;
  note_extra(c);
  c->result = (s64)q.at;
  enter(q.at, q.len, q.prot & 7, q.file ? q.offset : 0, q.file);
  if (q.mapf & MAPF_SHARED && shared_zone(q.at)) {
    if (others_may_write(&q) || (q.file && !(q.mapf & MAPF_ANON) && shared_file_mapped(q.file->dev, q.file->ino))) { shared_begin_all(); shadowing = true; }
    if (shadowing) { extra.flags |= MAPF_SHADOW; shared_begin(q.at, q.at + q.len); }
  }
  if (q.file && memory_shared_files) privatise(q.file);
  return CALL_DONE;
}

// ---- mmap, replay ----

static struct map_file *logged_file(void) {
  u32 n = extra.path_len < sizeof extra.path ? extra.path_len : sizeof extra.path - 1;
  struct map_file *f = heap_alloc(sizeof *f + n + 1);
  *f = (struct map_file){ .dev = extra.id.dev, .ino = extra.id.ino, .size = extra.id.size, .mtime_ns = extra.id.mtime_ns, .ctime_ns = extra.id.ctime_ns, .refs = 1 };
  memcpy(f->path, extra.path, n);
  return f;
}

static void take_extra(struct call *c) {
  memset(&extra, 0, sizeof extra);
  memcpy(&extra, c->extra, c->extra_size < sizeof extra ? c->extra_size : sizeof extra);
}

static void replay_map(u64 at, u64 len, u32 prot, int fd, u64 offset) {
  s64 r = sys(__NR_mmap, at, len, prot, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, fd < 0 ? 0 : offset);
  if (r != (s64)at) stop(STOP_IO, "replay could not map %lu bytes at 0x%lx (error %ld)", len, at, -r);
}

void replay_mmap(struct call *c) {
  if (c->result < 0 && c->result > -4096) return;
  take_extra(c);
  u64 at = (u64)c->result, len = page_up(c->args[1]), offset = c->args[5];
  u32 prot = memory_prot((u32)c->args[2]) & 7;
  struct map_file *file = NULL;
  memory_forget(at, at + len);
  bool shadow = extra.flags & MAPF_SHADOW;
  extra.flags &= ~(u32)MAPF_SHADOW;
  if (shadow) { shared_begin_all(); shadowing = true; }
  if (extra.kind == KIND_KEPT) {
    int fd = keep_open(extra.file, &file);
    if (fd < 0) stop(STOP_IO, "the trace has no readable file_%u", extra.file);
    replay_map(at, len, map_host_prot(prot), fd, offset);
    sys(__NR_close, fd);
  } else if (extra.kind == KIND_DATA) {
    file = logged_file();
    if (shadow) replay_map(at, len, PROT_READ | PROT_WRITE, -1, 0); // each view has a shadow of its own, as at recording
    else object_map(&extra, at, len, offset);
  } else replay_map(at, len, map_host_prot(prot), -1, 0);
  if (extra.kind != KIND_DATA) {
    enter(at, len, prot, file ? offset : 0, file);
    if (shadow) shared_begin(at, at + len);
    return;
  }
  u64 image = extra.image;
  extra.image = 0;
  enter(at, len, PROT_READ | PROT_WRITE, offset, file); // so that the data can be applied
  log_nondet(0xff, NULL, 0);
  extra.image = image;
  enter(at, len, prot, offset, file);
  memory_replay_protect(at, at + len);
  if (shadow) shared_begin(at, at + len);
}

// ---- brk ----

static s64 set_brk(u64 to) {
  u64 from = page_up(guest_brk), end = page_up(to);
  if (end > from) {
    s64 r = sys(__NR_mmap, from, end - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (r != (s64)from) return -ENOMEM;
    map_insert(from, end, memory_prot(PROT_READ | PROT_WRITE), MAPF_ANON | MAPF_BRK, 0, NULL);
  } else if (end < from) {
    s64 r = memory_unmap(end, from);
    if (r < 0) return r;
  }
  guest_brk = to;
  return 0;
}

enum call_status call_brk(struct call *c) {
  u64 to = c->args[0], from = page_up(guest_brk), end = page_up(to);
  if (to < guest_brk_start || end < to) return call_done(c, (s64)guest_brk);
  struct mapping *m = map_next(from);
  bool blocked = end > from && (!range_ok(from, end - from) || map_ours(from, end + RR_PAGE) || (m && m->start < end + RR_PAGE));
  if (end > from && !limit_allows(end - from, true)) blocked = true;
  if (!blocked) set_brk(to);
  return call_done(c, (s64)guest_brk);
}

void replay_brk(struct call *c) {
  if ((u64)c->result != guest_brk && set_brk((u64)c->result) < 0) stop(STOP_IO, "replay could not extend the heap to 0x%lx", (u64)c->result);
}

// ---- mremap ----

struct move { u64 from, from_len, to, to_len; u32 flags; };

// Table and translator follow; the host's mapping was moved. m: what the old mapping was.
static void moved(const struct move *v, struct mapping m) {
  u64 offset = m.offset + (m.file ? v->from - m.start : 0);
  memory_forget(v->from, v->from + v->from_len);
  if (v->to != v->from) {
    memory_forget(v->to, v->to + v->to_len);
    if (!(v->flags & MREMAP_DONTUNMAP)) map_remove(v->from, v->from + v->from_len);
  } else if (v->to_len < v->from_len) map_remove(v->from + v->to_len, v->from + v->from_len);
  map_insert(v->to, v->to + v->to_len, m.prot, m.flags & ~(u32)(v->to != v->from ? MAPF_BRK : 0), offset, m.file);
}

static void mremap_logged(struct call *c) {
  struct mapping *m = map_find((u64)c->result);
  shared_take((u64)c->result + extra.data_from, page_up(c->args[2]) - extra.data_from);
  memory_log_content(m, (u64)c->result + extra.data_from, (u64)c->result + page_up(c->args[2]), -1);
  log_nondet(0xff, NULL, 0);
}

static bool room_after(const struct move *v) {
  u64 start = v->from + v->from_len, end = v->from + v->to_len;
  if (end <= start) return true;
  struct mapping *next = map_next(start);
  return range_ok(v->from, v->to_len) && !(next && next->start < end) && !map_ours(start, end);
}

static s64 plan_move(struct move *v, u64 wanted) {
  if (v->flags & ~(u32)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return -EINVAL;
  if ((v->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(v->flags & MREMAP_MAYMOVE)) return -EINVAL;
  if ((v->flags & MREMAP_DONTUNMAP) && v->from_len != v->to_len) return -EINVAL;
  if ((v->from & (RR_PAGE - 1)) || !v->to_len || !range_ok(v->from, v->from_len) || v->to_len > TASK_END) return -EINVAL;
  struct mapping *m = map_find(v->from);
  if (!m || map_ours(v->from, v->from + v->from_len + 1)) return -EFAULT;
  if (!v->from_len) {
    if (!(m->flags & MAPF_SHARED)) return -EINVAL;
    stop(STOP_REFUSED, "mremap with an old length of 0 (a second view of shared memory) can't be recorded yet");
  }
  if (m->end < v->from + v->from_len) return -EFAULT;
  if (m->flags & MAPF_SHADOW && v->flags & MREMAP_DONTUNMAP) return -EINVAL; // as before Linux 5.13
  v->to = v->from;
  if (v->flags & MREMAP_FIXED) {
    if ((wanted & (RR_PAGE - 1)) || !range_ok(wanted, v->to_len) || map_ours(wanted, wanted + v->to_len)) return -EINVAL;
    if (wanted < v->from + v->from_len && v->from < wanted + v->to_len) return -EINVAL;
    v->to = wanted;
  } else if (!(v->flags & MREMAP_DONTUNMAP) && room_after(v)) return 0;
  else if (!(v->flags & MREMAP_MAYMOVE)) return -ENOMEM;
  else v->to = m->flags & MAPF_SHARED && shared_zone(m->start) ? map_choose_shared(v->to_len) : map_choose(v->flags & MREMAP_DONTUNMAP ? wanted : 0, v->to_len, false);
  return v->to ? 0 : -ENOMEM;
}

static s64 host_move(const struct move *v) {
  if (shared_shadowed(v->from)) return shared_move(v->from, v->from_len, v->to, v->to_len);
  smc_prepare_write(v->from, v->from_len); // our protections split the kernel's mapping
  if (v->to == v->from) return sys(__NR_mremap, v->from, v->from_len, v->to_len, 0, 0);
  return sys(__NR_mremap, v->from, v->from_len, v->to_len, MREMAP_MAYMOVE | MREMAP_FIXED | (v->flags & MREMAP_DONTUNMAP), v->to);
}

enum call_status call_mremap(struct call *c) {
  struct move v = { .from = c->args[0], .from_len = page_up(c->args[1]), .to_len = page_up(c->args[2]), .flags = (u32)c->args[3] };
  s64 r = plan_move(&v, c->args[4]);
  if (r < 0) return call_done(c, r);
  struct mapping m = *map_find(v.from);
  if (v.to_len > v.from_len && !limit_allows(v.to_len - v.from_len, (m.prot & PROT_WRITE) && !(m.flags & MAPF_SHARED))) return call_done(c, -ENOMEM);
  r = host_move(&v);
  if (r < 0 && r > -4096) return call_done(c, r);
  moved(&v, m);
  memset(&extra, 0, offsetof(struct map_extra, path));
  extra.kind = m.flags & MAPF_DATA ? KIND_DATA : m.file ? KIND_KEPT : KIND_ANON;
  extra.data_from = v.from_len;
  if (extra.kind == KIND_DATA && v.to_len > v.from_len) c->after = mremap_logged;
  note_extra(c);
  return call_done(c, (s64)v.to);
}

void replay_mremap(struct call *c) {
  if (c->result < 0 && c->result > -4096) return;
  take_extra(c);
  struct move v = { .from = c->args[0], .from_len = page_up(c->args[1]), .to = (u64)c->result, .to_len = page_up(c->args[2]), .flags = (u32)c->args[3] };
  struct mapping *old = map_find(v.from);
  if (!old) diverged(NULL, "mremap of 0x%lx, which is not mapped", v.from);
  struct mapping m = *old;
  s64 r = host_move(&v);
  if (r != (s64)v.to) stop(STOP_IO, "replay could not move the mapping at 0x%lx (error %ld)", v.from, -r);
  moved(&v, m);
  if (extra.kind == KIND_DATA && v.to_len > v.from_len) log_nondet(0xff, NULL, 0);
}
