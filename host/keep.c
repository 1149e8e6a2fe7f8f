// Writing kept files.
#include "host/keep.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xxhash.h>
#include "host/files.h"
#include "host/text.h"

#define COPY_BYTES (256u << 10)

struct keeper {
  int dir, table, store; // table: `files`; store: -1 for none
  uint32_t count;
  XXH3_state_t *hash;
  uint8_t buffer[COPY_BYTES];
};

static uint64_t ns(struct timespec t) { return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec; }

int keeper_open(int trace_dir, const char *cache, struct keeper **out, struct fault *f) {
  struct keeper *k = calloc(1, sizeof *k);
  *out = k;
  if (!k) return fault_set(f, 1, "out of memory");
  k->dir = trace_dir;
  k->store = -1;
  k->hash = XXH3_createState();
  k->table = openat(trace_dir, "files", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (k->table < 0 || !k->hash) {
    fault_set(f, 1, "cannot write the table of kept files: %s", strerror(errno));
    keeper_free(k);
    *out = NULL;
    return f->code;
  }
  if (*cache) {
    char store[PATH_MAX];
    snprintf(store, sizeof store, "%s/files", cache);
    k->store = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (k->store < 0 && mkdir(store, 0700) == 0) k->store = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  return 0;
}

void keeper_free(struct keeper *k) {
  if (!k) return;
  if (k->table >= 0) close(k->table);
  if (k->store >= 0) close(k->store);
  XXH3_freeState(k->hash);
  free(k);
}

uint32_t keeper_count(const struct keeper *k) { return k->count; }

// Copies (or, once cloned, only reads) all bytes of `from`, hashing them. -1 with errno.
static int copy_hashed(struct keeper *k, int from, int to, bool cloned, char hash[33]) {
  XXH3_128bits_reset(k->hash);
  for (off_t at = 0;;) {
    ssize_t n = read_at(from, k->buffer, COPY_BYTES, at);
    if (n < 0) return -1;
    if (!n) break;
    XXH3_128bits_update(k->hash, k->buffer, (size_t)n);
    struct iovec part = { k->buffer, (size_t)n };
    if (!cloned && write_parts(to, &part, 1) < 0) return -1;
    at += n;
  }
  XXH128_hash_t h = XXH3_128bits_digest(k->hash);
  snprintf(hash, 33, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
  return 0;
}

// A new file `name` in `dir` with the bytes of `from`.
static int copy_to(struct keeper *k, int from, int dir, const char *name, char hash[33]) {
  int to = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (to < 0) return -1;
  bool cloned = ioctl(to, FICLONE, from) == 0;
  int r = copy_hashed(k, cloned ? to : from, to, cloned, hash);
  if (!r) r = fchmod(to, 0444);
  int error = errno;
  if (close(to) < 0 && !r) r = -1, error = errno;
  if (r) unlinkat(dir, name, 0);
  errno = error;
  return r;
}

static void identity_name(const struct stat *st, char *name, size_t size) {
  snprintf(name, size, "id-%llx-%llx-%llx-%llx-%llx", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
    (unsigned long long)st->st_size, (unsigned long long)ns(st->st_mtim), (unsigned long long)ns(st->st_ctim));
}

// The store's link for an identity, if it is there and sound: fills hash.
static bool store_lookup(struct keeper *k, const char *identity, char hash[33]) {
  char content[64];
  ssize_t n = readlinkat(k->store, identity, content, sizeof content - 1);
  if (n != 32) return false;
  memcpy(hash, content, 32);
  hash[32] = 0;
  return true;
}

static bool same_identity(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && ns(a->st_mtim) == ns(b->st_mtim) && ns(a->st_ctim) == ns(b->st_ctim);
}

static bool unchanged(int fd, const struct stat *st) {
  struct stat now;
  return fstat(fd, &now) == 0 && same_identity(&now, st);
}

// Brings the content into the store, under its hash, and the identity's link to it.
static bool store_add(struct keeper *k, int fd, const struct stat *st, const char *identity, char hash[33]) {
  char temporary[64];
  snprintf(temporary, sizeof temporary, "new-%d-%u", (int)getpid(), k->count);
  unlinkat(k->store, temporary, 0);
  if (copy_to(k, fd, k->store, temporary, hash) < 0) return false;
  if (!unchanged(fd, st) || (linkat(k->store, temporary, k->store, hash, 0) < 0 && errno != EEXIST)) {
    unlinkat(k->store, temporary, 0);
    return false;
  }
  unlinkat(k->store, temporary, 0);
  if (symlinkat(hash, k->store, temporary) < 0) return false;
  if (renameat(k->store, temporary, k->store, identity) < 0) unlinkat(k->store, temporary, 0);
  return true;
}

static bool keep_by_store(struct keeper *k, int fd, const struct stat *st, const char *name, char hash[33]) {
  char identity[128];
  struct stat trace, store;
  if (k->store < 0) return false;
  identity_name(st, identity, sizeof identity);
  if (store_lookup(k, identity, hash) && linkat(k->store, hash, k->dir, name, 0) == 0) return true;
  if (fstat(k->dir, &trace) < 0 || fstat(k->store, &store) < 0 || trace.st_dev != store.st_dev) return false; // a copy there would not help
  return store_add(k, fd, st, identity, hash) && linkat(k->store, hash, k->dir, name, 0) == 0;
}

static int table_add(struct keeper *k, const struct kept_file *file, struct fault *f) {
  struct text line = { 0 };
  text_add(&line, "%u %llu %llu %llu %llu %llu %s ", file->id, (unsigned long long)file->dev, (unsigned long long)file->ino,
    (unsigned long long)file->size, (unsigned long long)file->mtime_ns, (unsigned long long)file->ctime_ns, file->hash);
  text_escape(&line, file->path);
  char sum[32];
  snprintf(sum, sizeof sum, "%016llx ", (unsigned long long)XXH3_64bits(line.data, line.size));
  struct iovec parts[3] = { { sum, 17 }, { line.data, line.size }, { "\n", 1 } };
  int r = line.failed || write_parts(k->table, parts, 3) < 0 ? fault_set(f, 1, "cannot write the table of kept files: %s", strerror(errno)) : 0;
  free(line.data);
  return r;
}

int keeper_keep(struct keeper *k, int fd, const char *path, uint32_t id, struct stat *st, struct fault *f) {
  char name[32], again[64], hash[33] = "";
  if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) return fault_set(f, 1, "%s: not a regular file", path);
  int flags = fcntl(fd, F_GETFL), readable = -1;
  if (flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY) { // the guest's was opened without reading
    snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    fd = readable = open(again, O_RDONLY | O_CLOEXEC);
  }
  snprintf(name, sizeof name, "file_%u", id);
  bool done = keep_by_store(k, fd, st, name, hash);
  if (!done) done = copy_to(k, fd, k->dir, name, hash) == 0;
  int error = errno;
  if (done && !unchanged(fd, st)) {
    unlinkat(k->dir, name, 0);
    done = false;
    error = EBUSY;
  }
  if (readable >= 0) close(readable);
  if (!done) return fault_set(f, 1, "cannot keep a copy of %s in the trace: %s", path, error == EBUSY ? "it changes meanwhile" : strerror(error));
  k->count++;
  struct kept_file file = { .id = id, .dev = st->st_dev, .ino = st->st_ino, .size = (uint64_t)st->st_size, .mtime_ns = ns(st->st_mtim),
    .ctime_ns = ns(st->st_ctim), .path = (char *)path };
  memcpy(file.hash, hash, sizeof hash);
  return table_add(k, &file, f);
}

unsigned keep_store_prune(const char *cache) {
  char store[PATH_MAX], target[64];
  unsigned removed = 0;
  snprintf(store, sizeof store, "%s/files", cache);
  int dir = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = dir < 0 ? NULL : fdopendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    struct stat st;
    if (e->d_name[0] == '.' || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISREG(st.st_mode) && st.st_nlink == 1 && unlinkat(dir, e->d_name, 0) == 0) removed++;
  }
  if (d) rewinddir(d);
  for (struct dirent *e; d && (e = readdir(d));) { // identities whose content is gone
    ssize_t n = readlinkat(dir, e->d_name, target, sizeof target - 1);
    if (n < 0) continue;
    target[n] = 0;
    if (faccessat(dir, target, F_OK, AT_SYMLINK_NOFOLLOW) < 0) unlinkat(dir, e->d_name, 0);
  }
  if (d) closedir(d);
  return removed;
}
