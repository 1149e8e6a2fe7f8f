// Replay: what stands for a file whose contents are in the log (KIND_DATA). A memfd as long as the file was, so that what lies
// beyond its end faults as it did. Mapped privately, so that a checkpoint (a fork) has its own; only when the program maps
// a file twice, to see through one view what it writes through the other, shared - and then copied at a fork.
#include <asm/errno.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include "engine/call_memory.h"
#include "engine/debug.h"
#include "engine/shared.h"
#include "engine/sys.h"

struct object { u64 dev, ino, size; s32 fd; bool shared, filled; struct object *next; }; // filled: the memfd holds more than zeros
static struct object *objects;

static struct object *find(u64 dev, u64 ino) {
  for (struct object *o = objects; o; o = o->next)
    if (o->dev == dev && o->ino == ino) return o;
  return NULL;
}

static s32 new_memfd(u64 size) {
  s64 fd = sys(__NR_memfd_create, "rr", MFD_CLOEXEC);
  if (fd < 0 || sys(__NR_ftruncate, fd, size) < 0) stop(STOP_IO, "replay could not make memory for a mapped file of %lu bytes (error %ld)", size, -fd);
  return (s32)fd;
}

static bool views(const struct mapping *m, const struct object *o) {
  return m->file && (m->flags & MAPF_DATA) && !(m->flags & MAPF_SHADOW) && (m->flags & MAPF_SHARED) && m->file->dev == o->dev && m->file->ino == o->ino;
}

static void map_view(const struct object *o, u64 at, u64 len, u32 prot, u64 offset, bool shared) {
  if (debugging) seen_changed(at, at + len);
  s64 r = sys(__NR_mmap, at, len, prot, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE, o->fd, offset);
  if (r != (s64)at) stop(STOP_IO, "replay could not map %lu bytes at 0x%lx (error %ld)", len, at, -r);
}

// A new memfd holds what the views show now; they are mapped again from it.
static void renew(struct object *o, u64 size, bool shared) {
  s32 old = o->fd;
  o->fd = new_memfd(o->size > size ? o->size : size);
  o->filled = true;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    if (!views(m, o)) continue;
    u64 end = memory_file_end(m);
    if (!(m->prot & PROT_READ)) sys(__NR_mprotect, m->start, m->end - m->start, PROT_READ);
    for (u64 at = m->start; at < end;) {
      s64 n = sys(__NR_pwrite64, o->fd, at, end - at, m->offset + (at - m->start));
      if (n <= 0) stop(STOP_IO, "replay could not copy a mapped file (error %ld)", -n);
      at += (u64)n;
    }
  }
  sys(__NR_ftruncate, o->fd, size);
  o->size = size;
  o->shared = shared;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end))
    if (views(m, o)) map_view(o, m->start, m->end - m->start, map_host_prot(m->prot), m->offset, shared);
  sys(__NR_close, old);
}

static struct object *get(u64 dev, u64 ino, u64 size) {
  struct object *o = find(dev, ino);
  if (o) return o;
  o = heap_alloc(sizeof *o);
  *o = (struct object){ .dev = dev, .ino = ino, .size = size, .fd = new_memfd(size), .next = objects };
  return objects = o;
}

// The log brings the contents, but for pages of zeros.
void object_map(const struct map_extra *x, u64 at, u64 len, u64 offset) {
  struct object *o = get(x->id.dev, x->id.ino, x->id.size);
  bool shared = x->flags & MAPF_SHARED, alias = false;
  for (struct mapping *m = map_next(0); m && !alias; m = map_next(m->end)) alias = views(m, o) && !(m->start < at + len && m->end > at);
  if (!alias && (o->filled || o->shared)) { // nobody sees what it held: the file has been written since, or it is another with its number
    sys(__NR_close, o->fd);
    *o = (struct object){ .dev = o->dev, .ino = o->ino, .size = x->id.size, .fd = new_memfd(x->id.size), .next = o->next };
  }
  if (o->size != x->id.size) object_resize(o->dev, o->ino, x->id.size);
  if (shared && alias && !o->shared) renew(o, o->size, true);
  bool view = shared && o->shared;
  map_view(o, at, len, PROT_READ | PROT_WRITE, offset, view);
  if (view || !o->filled || offset >= o->size) return;
  memset((void *)at, 0, len < o->size - offset ? len : o->size - offset);
}

void object_resize(u64 dev, u64 ino, u64 size) {
  struct object *o = get(dev, ino, size);
  if (o->size == size) return;
  if (size < o->size && !o->shared) { renew(o, size, false); return; } // not in place: a checkpoint may still map it
  sys(__NR_ftruncate, o->fd, size);
  o->size = size;
}

void object_tail(const struct mapping *m, u64 from) {
  struct object *o = find(m->file->dev, m->file->ino);
  if (o && from < m->end) map_view(o, from, m->end - from, map_host_prot(m->prot), m->offset + (from - m->start), false);
}

bool object_shared(const struct mapping *m) {
  struct object *o = m->file ? find(m->file->dev, m->file->ino) : NULL;
  return o && o->shared && views(m, o);
}

static bool has_code(const struct object *o) {
  for (struct mapping *m = map_next(0); m; m = map_next(m->end))
    if (views(m, o) && m->prot & PROT_EXEC) return true;
  return false;
}

void objects_private(void) {
  for (struct object *o = objects; o; o = o->next)
    if (o->shared && !has_code(o)) renew(o, o->size, false);
}

void memory_isolate(void) {
  for (struct object *o = objects; o; o = o->next)
    if (o->shared) renew(o, o->size, true);
}
