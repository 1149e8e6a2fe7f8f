// vFile: gdb reads the program and its libraries from us. What the trace kept is what ran, so it comes first; other files
// (separate debug information) come from the file system, if anybody may read them: over loopback TCP every user of the
// machine can be the client.
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "host/gdb_session.h"
#include "host/text.h"

// errno as the File-I/O protocol numbers them (gdb manual, "Errno Values").
static int file_errno(int e) {
  switch (e) {
  case EPERM: case ENOENT: case EINTR: case EBADF: case EACCES: case EFAULT: case EBUSY: case EEXIST: case ENODEV: case ENOTDIR:
  case EISDIR: case EINVAL: case ENFILE: case EMFILE: case EFBIG: case ENOSPC: case ESPIPE: case EROFS: return e;
  case ENAMETOOLONG: return 91;
  default: return 9999;
  }
}

static void file_fail(struct gdb_session *s, int e) { reply(&s->conn, "F-1,%x", (unsigned)file_errno(e)); }

static bool same_path(const char *kept, const char *path) {
  if (!strcmp(kept, path)) return true;
  return !strncmp(kept, "/usr/", 5) && !strcmp(kept + 4, path); // /lib is a link to /usr/lib today
}

// A library is named by its soname, a link to what was mapped: libx.so.1 is kept as libx.so.1.2 of the same directory.
static bool soname_of(const char *kept, const char *path) {
  size_t n = strlen(path);
  if (!strncmp(kept, "/usr/", 5) && strncmp(path, "/usr/", 5)) kept += 4;
  return strstr(path, ".so.") && !strncmp(kept, path, n) && kept[n] == '.' && !strchr(kept + n, '/');
}

static const struct kept_file *kept_by_path(const struct gdb_session *s, const char *path) {
  char real[PATH_MAX];
  for (uint32_t i = 0; i < s->replay->kept.count; i++)
    if (same_path(s->replay->kept.files[i].path, path)) return &s->replay->kept.files[i];
  if (realpath(path, real))
    for (uint32_t i = 0; i < s->replay->kept.count; i++)
      if (same_path(s->replay->kept.files[i].path, real)) return &s->replay->kept.files[i];
  for (uint32_t i = 0; i < s->replay->kept.count; i++)
    if (soname_of(s->replay->kept.files[i].path, path)) return &s->replay->kept.files[i];
  return NULL;
}

void gdb_maps(struct gdb_session *s, struct text *t) {
  uint64_t at = 0;
  do {
    struct rr_dbg_request q = { .what = RR_DBG_MAPS, .address = at };
    struct rr_dbg_reply r;
    const void *data;
    if (target_ask(&s->target, &q, NULL, &r, &data)) return;
    for (const uint8_t *d = data, *end = d + r.size; (size_t)(end - d) > sizeof(struct rr_dbg_map);) {
      const struct rr_dbg_map *m = (const void *)d;
      if (m->size <= sizeof *m || m->size > (size_t)(end - d)) break;
      text_add(t, "%012lx-%012lx %c%c%c%c %08lx %02x:%02x %-26lu %.*s\n", m->start, m->end, m->prot & 1 ? 'r' : '-', m->prot & 2 ? 'w' : '-', m->prot & 4 ? 'x' : '-',
        m->shared ? 's' : 'p', m->offset, major(m->device), minor(m->device), m->inode, (int)(m->size - sizeof *m), (const char *)(m + 1));
      d += m->size;
    }
    at = r.value;
  } while (at);
}

static void add_cmdline(struct gdb_session *s, struct text *t) {
  struct rr_dbg_request q = { .what = RR_DBG_CMDLINE };
  struct rr_dbg_reply r;
  const void *data;
  if (!target_ask(&s->target, &q, NULL, &r, &data)) text_add_bytes(t, data, r.size);
}

// /proc/PID/NAME of the recorded process, its main thread's and its own alike. NULL: another path.
static const char *proc_name(const struct gdb_session *s, const char *path) {
  char start[64], task[64];
  int n = snprintf(start, sizeof start, "/proc/%u/", s->pid), m = snprintf(task, sizeof task, "/proc/%u/task/%u/", s->pid, s->pid);
  if (!strncmp(path, task, (size_t)m)) return path + m;
  return !strncmp(path, start, (size_t)n) ? path + n : NULL;
}

// What /proc shows of the recorded process; our own process of that number, if any, is another one. -1 with errno: not known.
static int open_proc(struct gdb_session *s, const char *path) {
  const char *name = proc_name(s, path);
  struct text t = { 0 };
  int fd = -1;
  if (name && !strcmp(name, "maps")) gdb_maps(s, &t);
  if (name && !strcmp(name, "cmdline")) add_cmdline(s, &t);
  if (t.data && !t.failed && (fd = memfd_create("proc", MFD_CLOEXEC)) >= 0 && write(fd, t.data, t.size) < 0) {
    close(fd);
    fd = -1;
  }
  free(t.data);
  if (fd < 0) errno = ENOENT;
  return fd;
}

static int open_file(struct gdb_session *s, const char *path) {
  const struct kept_file *k = kept_by_path(s, path);
  struct stat st;
  char name[32];
  if (!strncmp(path, "/proc/", 6)) return open_proc(s, path);
  if (k) {
    snprintf(name, sizeof name, "file_%u", k->id);
    return openat(s->replay->trace->dir, name, O_RDONLY | O_CLOEXEC);
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fd;
  bool allowed = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & S_IROTH;
  if (allowed) return fd;
  close(fd);
  errno = EACCES;
  return -1;
}

static bool hex_path(const char **p, char path[PATH_MAX]) {
  size_t n = strcspn(*p, ",");
  if (n > 2 * (PATH_MAX - 1) || !hex_bytes(*p, n, (uint8_t *)path)) return false;
  path[n / 2] = 0;
  *p += n;
  return true;
}

static void vfile_open(struct gdb_session *s, const char *p) {
  char path[PATH_MAX];
  uint64_t flags;
  int slot = 0;
  if (!hex_path(&p, path) || *p++ != ',' || !hex_number(&p, &flags)) {
    file_fail(s, EINVAL);
    return;
  }
  while (slot < GDB_FILES && s->files[slot] >= 0) slot++;
  if (slot == GDB_FILES || flags & 3) { // O_WRONLY, O_RDWR
    file_fail(s, slot == GDB_FILES ? EMFILE : EROFS);
    return;
  }
  int fd = open_file(s, path);
  if (fd < 0) {
    file_fail(s, errno);
    return;
  }
  s->files[slot] = fd;
  reply(&s->conn, "F%x", (unsigned)(slot + GDB_FIRST_FILE));
}

static int *file_of(struct gdb_session *s, const char **p) {
  uint64_t n;
  if (!hex_number(p, &n) || n < GDB_FIRST_FILE || n >= GDB_FIRST_FILE + GDB_FILES || s->files[n - GDB_FIRST_FILE] < 0) {
    file_fail(s, EBADF);
    return NULL;
  }
  return &s->files[n - GDB_FIRST_FILE];
}

static void vfile_pread(struct gdb_session *s, const char *p) {
  static uint8_t data[GDB_PACKET_MAX / 2];
  uint64_t count, offset;
  int *fd = file_of(s, &p);
  if (!fd) return;
  if (*p++ != ',' || !hex_number(&p, &count) || *p++ != ',' || !hex_number(&p, &offset)) {
    file_fail(s, EINVAL);
    return;
  }
  if (count > sizeof data - 64) count = sizeof data - 64;
  ssize_t n = pread(*fd, data, count, (off_t)offset);
  if (n < 0) {
    file_fail(s, errno);
    return;
  }
  reply_begin(&s->conn);
  reply_text(&s->conn, "F%zx;", (size_t)n);
  reply_put(&s->conn, data, (size_t)n);
  reply_end(&s->conn);
}

static void put_big(uint8_t *d, uint64_t v, int n) {
  for (int i = n - 1; i >= 0; i--, v >>= 8) d[i] = (uint8_t)v;
}

// struct stat of the File-I/O protocol: big-endian, 64 bytes (gdb manual, "Protocol-specific Representation of Datatypes").
static void put_stat(struct gdb_session *s, const struct stat *st) {
  uint8_t d[64] = { 0 };
  uint32_t type = S_ISDIR(st->st_mode) ? 040000 : S_ISCHR(st->st_mode) ? 020000 : S_ISREG(st->st_mode) ? 0100000 : 0;
  put_big(d + 0, st->st_dev, 4);
  put_big(d + 4, st->st_ino, 4);
  put_big(d + 8, type | (st->st_mode & 0777), 4);
  put_big(d + 12, st->st_nlink, 4);
  put_big(d + 16, st->st_uid, 4);
  put_big(d + 20, st->st_gid, 4);
  put_big(d + 24, st->st_rdev, 4);
  put_big(d + 28, (uint64_t)st->st_size, 8);
  put_big(d + 36, (uint64_t)st->st_blksize, 8);
  put_big(d + 44, (uint64_t)st->st_blocks, 8);
  put_big(d + 52, (uint64_t)st->st_atime, 4);
  put_big(d + 56, (uint64_t)st->st_mtime, 4);
  put_big(d + 60, (uint64_t)st->st_ctime, 4);
  reply_begin(&s->conn);
  reply_text(&s->conn, "F40;");
  reply_put(&s->conn, d, sizeof d);
  reply_end(&s->conn);
}

static void vfile_fstat(struct gdb_session *s, const char *p) {
  struct stat st;
  int *fd = file_of(s, &p);
  if (!fd) return;
  if (fstat(*fd, &st) < 0) file_fail(s, errno);
  else put_stat(s, &st);
}

static void vfile_stat(struct gdb_session *s, const char *p) {
  char path[PATH_MAX];
  struct stat st;
  int fd = hex_path(&p, path) ? open_file(s, path) : (errno = EINVAL, -1);
  if (fd < 0 || fstat(fd, &st) < 0) file_fail(s, errno);
  else put_stat(s, &st);
  if (fd >= 0) close(fd);
}

static void vfile_close(struct gdb_session *s, const char *p) {
  int *fd = file_of(s, &p);
  if (!fd) return;
  close(*fd);
  *fd = -1;
  reply(&s->conn, "F0");
}

static void vfile_readlink(struct gdb_session *s, const char *p) {
  char path[PATH_MAX], to[PATH_MAX];
  bool parsed = hex_path(&p, path);
  const char *name = parsed ? proc_name(s, path) : NULL, *exe = name && !strcmp(name, "exe") ? gdb_exec_file(s) : NULL;
  ssize_t n = -1;
  if (exe) n = snprintf(to, sizeof to, "%s", exe);
  else if (!parsed || !strncmp(path, "/proc/", 6)) errno = parsed ? ENOENT : EINVAL; // what it is there now is another process
  else n = readlink(path, to, sizeof to);
  if (n < 0) {
    file_fail(s, errno);
    return;
  }
  reply_begin(&s->conn);
  reply_text(&s->conn, "F%zx;", (size_t)n);
  reply_put(&s->conn, to, (size_t)n);
  reply_end(&s->conn);
}

void gdb_vfile(struct gdb_session *s, const char *p) {
  if (starts(&p, "open:")) vfile_open(s, p);
  else if (starts(&p, "pread:")) vfile_pread(s, p);
  else if (starts(&p, "fstat:")) vfile_fstat(s, p);
  else if (starts(&p, "stat:") || starts(&p, "lstat:")) vfile_stat(s, p);
  else if (starts(&p, "close:")) vfile_close(s, p);
  else if (starts(&p, "readlink:")) vfile_readlink(s, p);
  else if (starts(&p, "setfs:")) reply(&s->conn, "F0");
  else if (starts(&p, "pwrite:") || starts(&p, "unlink:")) file_fail(s, EROFS);
  else reply(&s->conn, "%s", "");
}

void gdb_files_close(struct gdb_session *s) {
  for (int i = 0; i < GDB_FILES; i++) {
    if (s->files[i] >= 0) close(s->files[i]);
    s->files[i] = -1;
  }
}
