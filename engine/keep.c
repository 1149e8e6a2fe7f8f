// Kept files, the engine's side: asks the recorder to keep a file (by descriptor, so that no path needs to mean the same to both),
// once a session for each identity; on replay opens what was kept.
//
// The recorder works while the guest goes on: programs and libraries are waited for only before the first call by which
// somebody could come to change them (keep_settle). It compares the file's identity once it has the copy.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include "engine/keep.h"
#include "engine/log.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/syscall.h"

#define KEEP_WAIT_MS 50
#define KEPT_NEAR 64u         // entries of short recordings lie in one page
#define KEEP_DEAD_WAITS 40    // a claimed entry whose claimer never came to send it: passed over
#define SCM_RIGHTS_ 1
#define SOL_SOCKET_ 1

struct known { struct map_file *file; struct known *next; };
static struct known *known[64];
#define PENDING_MAX 16u
static struct rr_kept *pending[PENDING_MAX];
u32 keep_pending;

static u64 mix(u64 h, u64 v) { h = (h ^ v) * 0x9e3779b97f4a7c15ul; return h ^ h >> 29; }

static u64 hash_of(const struct rr_kept *k) { return mix(mix(mix(mix(mix(0, k->dev), k->ino), k->size), k->mtime_ns), k->ctime_ns); }

static bool same(const struct rr_kept *a, const struct rr_kept *b) {
  return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static struct map_file *remember(const struct rr_kept *k, const char *path, size_t len) {
  struct map_file *f = heap_alloc(sizeof *f + len + 1);
  *f = (struct map_file){ .dev = k->dev, .ino = k->ino, .size = k->size, .mtime_ns = k->mtime_ns, .ctime_ns = k->ctime_ns, .kept = k->id };
  memcpy(f->path, path, len);
  if (!replaying) fd_note_mapped(k->dev, k->ino);
  struct known *n = heap_alloc(sizeof *n);
  n->file = f;
  u32 i = (u32)(replaying ? k->id : hash_of(k)) % ARRAY_SIZE(known);
  n->next = known[i];
  known[i] = n;
  return f;
}

// ---- record ----

struct rights { u64 len; s32 level, type, fd, pad; };   // struct cmsghdr with one descriptor
struct msghdr_ { void *name; u32 name_len, pad; struct iovec *iov; u64 iov_n; void *control; u64 control_len; u32 flags, pad2; };

static bool send_request(int fd, u32 index, const char *path) {
  static struct rr_msg m;
  m = (struct rr_msg){ .what = RR_MSG_KEEP, .kept_index = index };
  str_copy(m.path, path, sizeof m.path);
  struct iovec v = { &m, sizeof m };
  struct rights r = { .len = 20, .level = SOL_SOCKET_, .type = SCM_RIGHTS_, .fd = fd };
  struct msghdr_ h = { .iov = &v, .iov_n = 1, .control = &r, .control_len = sizeof r };
  s64 n;
  do n = sys(__NR_sendmsg, engine_fds[ENGINE_FD_SOCKET], &h, 0x4000 /* MSG_NOSIGNAL */); while (n == -EINTR);
  return n > 0;
}

static void wait_while(struct rr_kept *e, u32 state, u32 tries) {
  while (__atomic_load_n(&e->state, __ATOMIC_ACQUIRE) == state && tries--) {
    s64 ts[2] = { 0, KEEP_WAIT_MS * 1000000 };
    sys(__NR_futex, &e->state, FUTEX_WAIT, state, ts, 0, 0);
    if (log_recorder_gone() || __atomic_load_n(&session->abort, __ATOMIC_ACQUIRE)) stop(STOP_IO, "the recorder has gone");
  }
}

// False: the recorder could not be asked.
static bool claimed(struct rr_kept *e, const struct rr_kept *want, int fd, const char *path) {
  u32 claimed = RR_KEPT_CLAIMED;
  e->dev = want->dev; e->ino = want->ino; e->size = want->size; e->mtime_ns = want->mtime_ns; e->ctime_ns = want->ctime_ns;
  e->id = __atomic_fetch_add(&session->next_file, 1, __ATOMIC_RELAXED);
  if (!send_request(fd, (u32)(e - session->kept), path)) { __atomic_store_n(&e->state, RR_KEPT_FAILED, __ATOMIC_RELEASE); return false; }
  __atomic_compare_exchange_n(&e->state, &claimed, RR_KEPT_ASKED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE); // it may be kept already
  return true;
}

// want->id is filled, or stays 0 when the file could not be kept. later: it is kept or keep_settle stops.
static void ask(struct rr_kept *want, int fd, const char *path, bool later) {
  for (u64 i = hash_of(want) % KEPT_NEAR, n = 0; n < RR_KEPT; n++, i++) {
    struct rr_kept *e = &session->kept[i % RR_KEPT];
    u32 free = RR_KEPT_FREE;
    if (__atomic_compare_exchange_n(&e->state, &free, RR_KEPT_CLAIMED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      if (!claimed(e, want, fd, path)) return;
    } else wait_while(e, RR_KEPT_CLAIMED, KEEP_DEAD_WAITS);
    u32 state = __atomic_load_n(&e->state, __ATOMIC_ACQUIRE);
    if (state == RR_KEPT_CLAIMED || !same(e, want)) continue;
    if (state == RR_KEPT_ASKED && later && keep_pending < PENDING_MAX) {
      pending[keep_pending++] = e;
      want->id = e->id;
      return;
    }
    wait_while(e, RR_KEPT_ASKED, ~0u);
    if (__atomic_load_n(&e->state, __ATOMIC_ACQUIRE) == RR_KEPT_DONE) want->id = e->id;
    return;
  }
}

void keep_settle(void) {
  while (keep_pending) {
    struct rr_kept *e = pending[--keep_pending];
    wait_while(e, RR_KEPT_ASKED, ~0u);
    if (__atomic_load_n(&e->state, __ATOMIC_ACQUIRE) == RR_KEPT_DONE) continue;
    for (u32 i = 0; i < ARRAY_SIZE(known); i++)
      for (struct known *n = known[i]; n; n = n->next)
        if (n->file->kept == e->id) stop(STOP_IO, "%s could not be kept in the trace", n->file->path);
    stop(STOP_IO, "a program or library could not be kept in the trace");
  }
}

static void log_file(const struct map_file *f) {
  size_t len = strlen(f->path);
  struct rr_ev_file *e = log_begin(RR_EV_FILE, 0, sizeof *e + len);
  *e = (struct rr_ev_file){ .dev = f->dev, .ino = f->ino, .size = f->size, .mtime_ns = f->mtime_ns, .ctime_ns = f->ctime_ns, .id = f->kept, .path_len = (u32)len };
  memcpy(e + 1, f->path, len);
  log_end(0);
}

static int keep_describe(int fd, struct rr_kept *k, u32 *mode) {
  struct stat st;
  s64 r = sys(__NR_fstat, fd, &st);
  if (r < 0) return (int)r;
  *k = (struct rr_kept){ .dev = st.st_dev, .ino = st.st_ino, .size = (u64)st.st_size, .mtime_ns = st.st_mtime * 1000000000ul + st.st_mtime_nsec,
    .ctime_ns = st.st_ctime * 1000000000ul + st.st_ctime_nsec };
  *mode = st.st_mode;
  return 0;
}

static s64 path_of(int fd, char *d, size_t size) {
  char link[40];
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 len = sys(__NR_readlink, link, d, size - 1);
  if (len < 0) len = (s64)str_copy(d, "?", size);
  d[len] = 0;
  return len;
}

int keep_file_as(int fd, enum keep_how how, struct map_file **out) {
  static char path[4096];
  struct rr_kept want;
  u32 mode = 0;
  bool keep = how != KEEP_NOT;
  const char *named = NULL;   // the same file, known otherwise: asking the kernel for a path costs as much as ten calls
  int r = keep_describe(fd, &want, &mode);
  if (r < 0) return r;
  u32 slot = (u32)(hash_of(&want) % ARRAY_SIZE(known));
  for (struct known *n = known[slot]; n; n = n->next) {
    struct rr_kept k = { .dev = n->file->dev, .ino = n->file->ino, .size = n->file->size, .mtime_ns = n->file->mtime_ns, .ctime_ns = n->file->ctime_ns };
    if (!same(&k, &want)) continue;
    if ((n->file->kept != 0) == keep) { n->file->refs++; *out = n->file; return 0; }
    named = n->file->path;
  }
  size_t len = named ? str_copy(path, named, sizeof path) : (size_t)path_of(fd, path, sizeof path);
  if (keep && (mode & 0170000) == 0100000) ask(&want, fd, path, how == KEEP_LATER);
  *out = remember(&want, path, len);
  (*out)->refs = 1;
  if ((*out)->kept) log_file(*out);
  return 0;
}

// ---- replay ----

// log.c found an RR_EV_FILE.
void keep_learn(const struct rr_event *ev) {
  const struct rr_ev_file *e = log_payload(ev);
  if (ev->size < sizeof *ev + sizeof *e || e->path_len > ev->size - sizeof *ev - sizeof *e) stop(STOP_IO, "the trace is damaged: a bad file event in stream %d", (int)ctx.stream);
  struct rr_kept k = { .dev = e->dev, .ino = e->ino, .size = e->size, .mtime_ns = e->mtime_ns, .ctime_ns = e->ctime_ns, .id = e->id };
  remember(&k, (const char *)(e + 1), e->path_len);
}

int keep_open(u32 id, struct map_file **out) {
  static char path[600];
  struct map_file *f = NULL;
  for (struct known *n = known[id % ARRAY_SIZE(known)]; n && !f; n = n->next)
    if (n->file->kept == id) f = n->file;
  if (!f) return -ENOENT;
  fmt(path, sizeof path, "%s/file_%u", session->opt.trace_dir, id);
  s64 fd = sys(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return (int)fd;
  f->refs++;
  *out = f;
  return (int)fd;
}
