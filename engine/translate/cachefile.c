// The translation cache on disk: one file an image, mapped by every process that runs it.
//
// The file holds the arena's hot and cold code, book and metadata as they lie in memory, and an index from guest address to
// fragment. Everything in it is position-fixed: images lie at addresses derived from their identity, arenas behind them.
// It is used only if its header matches in every word (image, address, engine, CPU) and it is the user's own file that
// nobody else can write. Mapped MAP_PRIVATE: nothing that a process does to it is seen by others, and pages that are not
// written stay shared; so a warm process writes no page of it (new code begins on fresh pages, exits out of mapped code
// are patched only when hot: link.c).
//
// Saved whole under a temporary name and renamed, when the process made a fair number of new fragments; of several
// processes that save at once the larger one stays. A size other than the header's (a crash of the machine) is no file.
// Hard: what may not be saved. An arena that dropped a fragment, holds breakpoints, code of a writable page, or a link
// out of the image is unsaveable; an image with text relocations is never cached.
#include <asm/errno.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>
#include <asm/stat.h>
#include "engine/log.h"
#include "engine/map.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/translate/internal.h"

#define CACHE_MAGIC 0x31656863617272ul // "rrache1"
#define CACHE_VERSION 3
#define ALWAYS_GROWTH 24u  // new fragments that are worth a write, at least, and 1/32 of what is there

struct cache_header {
  u64 magic, version;
  struct file_identity image;
  u64 file_offset, guest_start, arena_start, arena_end;
  struct file_identity engine;
  u64 cpu;                                  // what the translator asks the CPU about
  u64 hot, cold, meta, count, index_slots;  // bytes; fragments; index entries
  u64 file_size;
  u64 check;                                // over everything before
};

static u64 hash_words(const u64 *w, u32 n) {
  u64 h = 0x9e3779b97f4a7c15ul;
  for (u32 i = 0; i < n; i++) {
    h = (h ^ w[i]) * 0xd6e8feb86659fd93ul;
    h ^= h >> 32;
  }
  return h;
}

static u32 index_hash(u64 pc) { return (u32)((pc * 0x9e3779b97f4a7c15ul) >> 32); }
static u64 pages(u64 n) { return ALIGN_UP(n, RR_PAGE); }

static bool identity_of(int fd, struct file_identity *id, struct stat *st) {
  if (sys(__NR_fstat, fd, st) < 0) return false;
  *id = (struct file_identity){ st->st_dev, st->st_ino, (u64)st->st_size, st->st_mtime * 1000000000ul + st->st_mtime_nsec, st->st_ctime * 1000000000ul + st->st_ctime_nsec };
  return true;
}

// Under the debugger fragments hold breakpoints and checks.
static bool enabled(void) { return session->opt.cache_dir[0] && !debug_flags && !last_fragment && !session->opt.gdb; }

// The header that a file for this arena has, but for its sizes.
static bool expected(const struct arena *a, struct cache_header *h) {
  static struct file_identity engine;
  struct stat st;
  if (!engine.ino && !identity_of(engine_fds[ENGINE_FD_ENGINE], &engine, &st)) return false;
  memset(h, 0, sizeof *h);
  h->magic = CACHE_MAGIC;
  h->version = CACHE_VERSION;
  h->image = a->id;
  h->file_offset = a->file_offset;
  h->guest_start = a->guest_start;
  h->arena_start = a->start;
  h->arena_end = a->end;
  h->engine = engine;
  h->cpu = (cpu_amd ? 1 : 0) | (cpu_fast_pext ? 2 : 0);
  return true;
}

#define KEY_WORDS (offsetof(struct cache_header, hot) / 8)
static void path_of(const struct cache_header *h, char *d, size_t size, const char *suffix) {
  fmt(d, size, "%s/%016lx%s", session->opt.cache_dir, hash_words((const u64 *)h, KEY_WORDS), suffix);
}

static u64 size_of(const struct cache_header *h) {
  return RR_PAGE + pages(h->hot) + pages(h->cold) + pages(h->count * sizeof(struct fragment)) + pages(h->meta) + pages(h->index_slots * 4);
}

// Opens the file and checks everything about it. -1: none that may be used.
static int open_checked(const struct arena *a, struct cache_header *h) {
  struct cache_header want;
  struct file_identity id;
  struct stat st;
  char path[300];
  if (!expected(a, &want)) return -1;
  path_of(&want, path, sizeof path, "");
  int fd = (int)sys(__NR_open, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) return -1;
  bool ok = identity_of(fd, &id, &st) && (st.st_mode & S_IFMT) == S_IFREG && st.st_uid == (u32)sys(__NR_geteuid) && !(st.st_mode & 022) &&
    sys(__NR_pread64, fd, h, sizeof *h, 0) == sizeof *h && !memcmp(h, &want, KEY_WORDS * 8) &&
    h->check == hash_words((const u64 *)h, offsetof(struct cache_header, check) / 8) && h->file_size == size_of(h) && h->file_size == (u64)st.st_size &&
    h->hot <= (u64)(a->hot_end - a->hot_start) && h->cold <= (u64)(a->cold_end - a->cold_start) && h->count < a->room &&
    h->meta <= (u64)(a->meta_end - a->meta_start) && h->index_slots * 4 <= a->end - (u64)a->index_start && !(h->index_slots & (h->index_slots - 1));
  if (ok) return fd;
  sys(__NR_close, fd);
  return -1;
}

// ld.so writes relocations into the text of an image that says so: its code is not the file's.
static bool has_text_relocations(u64 image) {
  Elf64_Ehdr e;
  Elf64_Phdr p;
  Elf64_Dyn d;
  if (!get_guest(&e, image, sizeof e) || memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_phentsize != sizeof p) return true;
  for (u32 i = 0; i < e.e_phnum; i++) {
    if (!get_guest(&p, image + e.e_phoff + i * sizeof p, sizeof p)) return true;
    if (p.p_type != PT_DYNAMIC) continue;
    u64 at = (e.e_type == ET_DYN ? image : 0) + p.p_vaddr;
    for (u32 k = 0; k < p.p_memsz / sizeof d; k++) {
      if (!get_guest(&d, at + k * sizeof d, sizeof d)) return true;
      if (d.d_tag == DT_NULL) break;
      if (d.d_tag == DT_TEXTREL || (d.d_tag == 30 /* DT_FLAGS */ && d.d_un.d_val & 4 /* DF_TEXTREL */)) return true;
    }
  }
  return false;
}

static bool map_part(int fd, struct arena_part *p, void *at, u64 bytes, u32 prot, u64 *offset) {
  u64 n = pages(bytes);
  if (n && sys(__NR_mmap, at, n, prot, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, *offset) != (s64)at) return false;
  *p = (struct arena_part){ (u64)at, (u64)at + n };
  *offset += n;
  return true;
}

static void attach(struct arena *a) {
  struct cache_header h;
  int fd = open_checked(a, &h);
  if (fd < 0) return;
  u64 at = RR_PAGE;
  struct arena_part *p = a->mapped;
  bool ok = map_part(fd, &p[0], a->hot_start, h.hot, PROT_READ | PROT_WRITE | PROT_EXEC, &at) &&
    map_part(fd, &p[1], a->cold_start, h.cold, PROT_READ | PROT_WRITE | PROT_EXEC, &at) &&
    map_part(fd, &p[2], a->fragments, h.count * sizeof(struct fragment), PROT_READ | PROT_WRITE, &at) &&
    map_part(fd, &p[3], a->meta_start, h.meta, PROT_READ | PROT_WRITE, &at) && map_part(fd, &p[4], a->index_start, h.index_slots * 4, PROT_READ, &at);
  sys(__NR_close, fd);
  if (!ok) stop(STOP_IO, "a translation cache could not be mapped: out of memory");
  a->index = (const u32 *)a->index_start;
  a->index_mask = (u32)h.index_slots - 1;
  a->count = a->warm_count = (u32)h.count;
  a->hot_warm = a->hot = a->hot_ready = a->hot_start + pages(h.hot);
  a->cold = a->cold_ready = a->cold_start + pages(h.cold);
  a->meta = a->meta_start + pages(h.meta);
  rr_log(LOG_TRANSLATE, "cache of %lx: %lu fragments", a->guest_start, h.count);
}

static bool text_is_the_file(const struct arena *a) {
  for (struct mapping *m = map_next(a->guest_start); m && m->start < a->guest_end; m = map_next(m->end))
    if ((m->prot & PROT_EXEC) && (!m->file || (m->prot & PROT_WRITE) || (m->flags & MAPF_SHARED))) return false;
  return true;
}

void cache_attach(struct arena *a) {
  a->probed = true;
  if (!a->id.ino || a->count || a->reserved || a->unsaveable || !enabled()) return;
  if (!text_is_the_file(a) || has_text_relocations(a->guest_start - a->file_offset)) { a->unsaveable = true; return; }
  attach(a);
}

struct fragment *cache_lookup(u64 pc) {
  struct arena *a = arena_of_image(pc);
  if (!a || !a->index) return NULL;
  for (u32 i = index_hash(pc);; i++) {
    u32 k = a->index[i & a->index_mask];
    if (!k) return NULL;
    struct fragment *f = &a->fragments[k - 1];
    if (f->pc == pc) return f->flags & FRAG_DROPPED ? NULL : f;
  }
}

// --- saving ------------------------------------------------------------------------------------------------------------

static bool put_all(int fd, const void *p, u64 n) {
  static const u8 zeros[RR_PAGE];
  const u8 *b = p;
  u64 pad = pages(n) - n;
  while (n) {
    s64 r = sys(__NR_write, fd, b, n);
    if (r <= 0) return false;
    b += r;
    n -= (u64)r;
  }
  return !pad || sys(__NR_write, fd, zeros, pad) == (s64)pad;
}

static u32 *make_index(const struct arena *a, u64 slots) {
  u32 *index = heap_pages(slots * 4);
  for (u32 k = 0; k < a->count; k++) {
    u32 i = index_hash(a->fragments[k].pc);
    while (index[i & (slots - 1)]) i++;
    index[i & (slots - 1)] = k + 1;
  }
  return index;
}

static bool write_file(int fd, const struct arena *a, struct cache_header *h) {
  u32 *index = make_index(a, h->index_slots);
  h->file_size = size_of(h);
  h->check = hash_words((const u64 *)h, offsetof(struct cache_header, check) / 8);
  bool ok = put_all(fd, h, sizeof *h) && put_all(fd, a->hot_start, h->hot) && put_all(fd, a->cold_start, h->cold) &&
    put_all(fd, a->fragments, h->count * sizeof(struct fragment)) && put_all(fd, a->meta_start, h->meta) && put_all(fd, index, h->index_slots * 4);
  heap_pages_free(index, h->index_slots * 4);
  return ok;
}

static bool grew(u32 now, u64 before) { return now > before + (before / 32 > ALWAYS_GROWTH ? before / 32 : before ? ALWAYS_GROWTH : 0); }

static void save(struct arena *a) {
  struct cache_header h;
  char path[300], temp[300], suffix[40];
  int fd = open_checked(a, &h);
  if (fd >= 0) {
    sys(__NR_close, fd);
    if (!grew(a->count, h.count)) { a->warm_count = (u32)h.count; return; }
  }
  if (!expected(a, &h)) return;
  h.hot = (u64)(a->hot - a->hot_start);
  h.cold = (u64)(a->cold - a->cold_start);
  h.meta = (u64)(a->meta - a->meta_start);
  h.count = a->count;
  for (h.index_slots = 1024; h.index_slots < a->count * 2ul; h.index_slots *= 2) ;
  if (h.index_slots * 4 > a->end - (u64)a->index_start) return;
  path_of(&h, path, sizeof path, "");
  fmt(suffix, sizeof suffix, ".%d.tmp", (int)sys(__NR_getpid));
  path_of(&h, temp, sizeof temp, suffix);
  fd = (int)sys(__NR_open, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  bool ok = write_file(fd, a, &h);
  sys(__NR_close, fd);
  if (ok && sys(__NR_rename, temp, path) == 0) a->warm_count = a->count;
  else sys(__NR_unlink, temp);
  rr_log(LOG_TRANSLATE, "cache of %lx: saved %d fragments%s", a->guest_start, (int)a->count, ok ? "" : " failed");
}

void translate_save(void) {
  if (!enabled()) return;
  for (u32 i = 0; i < arena_count; i++) {
    struct arena *a = &arenas[i];
    if (a->id.ino && a->probed && !a->unsaveable && grew(a->count, a->warm_count)) save(a);
  }
}
