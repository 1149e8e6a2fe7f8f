// What the guest sees of itself in /proc: its own program, mappings, arguments; not the engine's. And the calls that take paths
// there. Contents are made into a memfd that is handed out instead of the file. Record only: replay has the results.
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include "engine/calls.h"
#include "engine/signal.h"
#include "engine/start.h"
#include "engine/keep.h"
#include "engine/sys.h"

static char path_buffer[4096];

// ---- names ----

// What a path names below the guest's own /proc/PID: the rest of the path ("exe", "fd/3"), or NULL.
static const char *own_entry(const char *p) {
  if (strncmp(p, "/proc/", 6)) return NULL;
  p += 6;
  while (*p == '/') p++;
  if (!strncmp(p, "self/", 5)) p += 5;
  else if (!strncmp(p, "thread-self/", 12)) p += 12;
  else {
    u32 pid = 0;
    const char *q = p;
    while (*q >= '0' && *q <= '9') pid = pid * 10 + (u32)(*q++ - '0');
    if (q == p || *q != '/' || (pid != current->process->pid && !thread_find(pid))) return NULL;
    p = q + 1;
  }
  while (*p == '/') p++;
  if (!strncmp(p, "task/", 5)) { // of one thread: the same files
    const char *q = p + 5;
    u32 tid = 0;
    while (*q >= '0' && *q <= '9') tid = tid * 10 + (u32)(*q++ - '0');
    if (*q == '/' && thread_find(tid)) p = q + 1;
  }
  return *p ? p : NULL;
}

// The same for a path argument of a call. Only reads what it must: most paths are none of /proc's.
static const char *own_path(s32 dir, u64 path_at) {
  char head[6];
  size_t n = copyin(head, path_at, 6);
  path_buffer[0] = 0;
  if (n && head[0] == '/') {
    if (n < 6 || memcmp(head, "/proc/", 6) || copyin_string(path_buffer, path_at, sizeof path_buffer) < 0) return NULL;
    return own_entry(path_buffer);
  }
  if (!n || dir == AT_FDCWD || dir < 0) return NULL;
  // Relative to a descriptor: of interest only for these few names.
  if (!head[0] || !strchr("mesacf", head[0])) return NULL;
  char link[40];
  fmt(link, sizeof link, "/proc/self/fd/%d", dir);
  s64 len = sys(__NR_readlink, link, path_buffer, 64);
  if (len < 6 || len >= 64 || memcmp(path_buffer, "/proc/", 6)) return NULL;
  path_buffer[len++] = '/';
  if (copyin_string(path_buffer + len, path_at, sizeof path_buffer - (size_t)len) < 0) return NULL;
  return own_entry(path_buffer);
}

bool proc_recorded(u32 pid) {
  static char ours[512], theirs[512];
  char path[40];
  fmt(path, sizeof path, "/proc/%u/exe", pid);
  s64 n = sys(__NR_readlink, "/proc/self/exe", ours, sizeof ours), k = sys(__NR_readlink, path, theirs, sizeof theirs);
  return n > 0 && n == k && !memcmp(ours, theirs, (size_t)n);
}

// /proc/PID/exe of another recorded process, whose path lies in path_buffer: the kernel names the engine. Every engine has its guest's
// executable at the same address. NULL: none of ours, or no right to look.
static const char *other_exe(void) {
  static char exe[sizeof guest_exe];
  u32 pid = 0;
  const char *q = path_buffer + 6;
  if (strncmp(path_buffer, "/proc/", 6)) return NULL;
  while (*q >= '0' && *q <= '9') pid = pid * 10 + (u32)(*q++ - '0');
  if (!pid || strcmp(q, "/exe")) return NULL;
  if (!proc_recorded(pid)) return NULL;
  u64 to[2] = { (u64)exe, sizeof exe }, from[2] = { (u64)guest_exe, sizeof guest_exe };
  if (sys(__NR_process_vm_readv, pid, to, 1, from, 1, 0) != sizeof exe || exe[0] != '/') return NULL;
  exe[sizeof exe - 1] = 0;
  return exe;
}

static bool names_our_fd(const char *entry) {
  if (strncmp(entry, "fd/", 3) && strncmp(entry, "fdinfo/", 7)) return false;
  const char *p = strchr(entry, '/') + 1;
  int fd = 0;
  if (*p < '0' || *p > '9') return false;
  while (*p >= '0' && *p <= '9') fd = fd * 10 + *p++ - '0';
  return !*p && fd_ours(fd);
}

const char *proc_alias(const char *path) {
  const char *e = own_entry(path);
  return e && !strcmp(e, "exe") ? guest_exe : path;
}

// ---- contents ----

static s32 out_fd;
static char out[8192];
static u32 out_n;

static void flush(void) {
  for (u32 at = 0; at < out_n;) {
    s64 n = sys(__NR_write, out_fd, out + at, out_n - at);
    if (n <= 0) break;
    at += (u32)n;
  }
  out_n = 0;
}

static void put(const char *f, ...) PRINTF(1, 2);
static void put(const char *f, ...) {
  if (out_n > sizeof out - 4400) flush();
  va_list ap;
  va_start(ap, f);
  out_n += (u32)vfmt(out + out_n, sizeof out - out_n, f, ap);
  va_end(ap);
}

static void put_memory(u64 start, u64 end) {
  while (start < end) {
    if (out_n > sizeof out - 4096) flush();
    size_t n = end - start < 4096 ? end - start : 4096, got = copyin(out + out_n, start, n);
    out_n += (u32)got;
    start += got;
    if (got < n) return;
  }
}

// fs/proc/task_mmu.c: show_map_vma
static void put_mapping(const struct mapping *m) {
  const struct map_file *f = m->file;
  u64 dev = f ? f->dev : 0, major = (dev >> 8 & 0xfff), minor = (dev & 0xff) | (dev >> 12 & 0xfff00);
  u32 at = out_n;
  put("%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", m->start, m->end, m->prot & PROT_READ ? 'r' : '-', m->prot & PROT_WRITE ? 'w' : '-',
      m->prot & PROT_EXEC ? 'x' : '-', m->flags & MAPF_SHARED ? 's' : 'p', f ? m->offset : 0, major, minor, f ? f->ino : 0);
  const char *name = f ? f->path : m->flags & MAPF_STACK ? "[stack]" : m->flags & MAPF_BRK ? "[heap]" : "";
  if (*name && out_n > at) while (out_n - at < 73) put(" ");
  put("%s\n", name);
}

static void put_maps(bool detailed) {
  for (const struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    struct mapping copy = *m;
    if (copy.flags & MAPF_STACK) { // mapped whole at start; the kernel shows what has grown
      u64 used = ALIGN_DOWN(ctx.regs[R_RSP], RR_PAGE) - 0x20000;
      if (used > copy.start && used < copy.end) copy.start = used;
    }
    put_mapping(&copy);
    if (detailed)
      put("Size: %15lu kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\nRss:                   0 kB\nPss:                   0 kB\nShared_Clean:          0 kB\n"
          "Shared_Dirty:          0 kB\nPrivate_Clean:         0 kB\nPrivate_Dirty:         0 kB\nReferenced:            0 kB\nAnonymous:             0 kB\n"
          "Swap:                  0 kB\nSwapPss:               0 kB\nLocked:                0 kB\nTHPeligible:           0\nVmFlags: \n", (m->end - m->start) >> 10);
  }
}

// What the kernel says in the file at path_buffer.
static void kernels_text(char *text, size_t size) {
  s64 fd = sys(__NR_openat, AT_FDCWD, path_buffer, O_RDONLY | O_CLOEXEC);
  s64 n = fd < 0 ? 0 : sys(__NR_read, fd, text, size - 1);
  if (fd >= 0) sys(__NR_close, fd);
  text[n < 0 ? 0 : n] = 0;
}

// The kernel's text with some fields replaced, counted from 1 behind `from`.
static void put_fields(const char *text, const char *from, const u32 *fields, const u64 *values, u32 n) {
  u32 field = 0;
  for (const char *p = text; *p;) {
    u32 len = 0;
    while (p[len] && p[len] != ' ' && p[len] != '\n') len++;
    if (p >= from && len) field++;
    u32 k = 0;
    while (k < n && !(p >= from && len && fields[k] == field)) k++;
    if (k < n) put("%lu", values[k]);
    else for (u32 i = 0; i < len; i++) put("%c", p[i]);
    p += len;
    if (*p) put("%c", *p++);
  }
}

static void put_stat(bool pages_only) { // Documentation/filesystems/proc.rst, tables 1-3 and 1-4
  static char text[1024];
  u64 total, private;
  memory_totals(&total, &private);
  kernels_text(text, sizeof text);
  if (pages_only) {
    static const u32 fields[] = { 1, 6 };
    put_fields(text, text, fields, (const u64[]){ total / RR_PAGE, (private + GUEST_STACK_USED) / RR_PAGE }, 2);
    return;
  }
  static const u32 fields[] = { 21 }; // vsize
  const char *end = text;
  for (const char *p = text; *p; p++)
    if (*p == ')') end = p + 1;
  put_fields(text, end, fields, &total, 1);
}

// The kernel's text, with the lines about signals replaced: these are the guest's, not the engine's.
static void put_status(void) {
  static char text[8192];
  u64 total, private;
  memory_totals(&total, &private);
  kernels_text(text, sizeof text);
  u64 ignored = 0, caught = 0;
  for (int i = 0; i < 64; i++) {
    u64 h = current->process->actions->a[i].handler;
    if (h == 1) ignored |= 1ul << i;
    else if (h) caught |= 1ul << i;
  }
  for (char *p = text; *p;) {
    char *end = strchr(p, '\n');
    if (!end) end = p + strlen(p);
    bool nl = *end == '\n';
    *end = 0;
    if (!strncmp(p, "SigPnd:", 7)) put("SigPnd:\t%016lx\n", current->pending);
    else if (!strncmp(p, "ShdPnd:", 7)) put("ShdPnd:\t%016lx\n", current->process->pending);
    else if (!strncmp(p, "SigBlk:", 7)) put("SigBlk:\t%016lx\n", current->sigmask);
    else if (!strncmp(p, "SigIgn:", 7)) put("SigIgn:\t%016lx\n", ignored);
    else if (!strncmp(p, "SigCgt:", 7)) put("SigCgt:\t%016lx\n", caught);
    else if (!strncmp(p, "VmPeak:", 7) || !strncmp(p, "VmSize:", 7)) put("%.7s\t%8lu kB\n", p, total >> 10);
    else if (!strncmp(p, "VmData:", 7)) put("VmData:\t%8lu kB\n", private >> 10);
    else if (!strncmp(p, "VmStk:", 6)) put("VmStk:\t%8lu kB\n", GUEST_STACK_USED >> 10);
    else if (!strncmp(p, "Threads:", 8)) put("Threads:\t%u\n", current->process->threads);
    else put("%s\n", p);
    p = end + nl;
  }
}

static bool put_entry(const char *e) {
  if (!strcmp(e, "maps")) put_maps(false);
  else if (!strcmp(e, "smaps")) put_maps(true);
  else if (!strcmp(e, "cmdline")) put_memory(guest_arg_start, guest_arg_end);
  else if (!strcmp(e, "environ")) put_memory(guest_env_start, guest_env_end);
  else if (!strcmp(e, "auxv")) put_memory(guest_auxv, guest_auxv + guest_auxv_size);
  else if (!strcmp(e, "status")) put_status();
  else if (!strcmp(e, "stat")) put_stat(false);
  else if (!strcmp(e, "statm")) put_stat(true);
  else return false;
  return true;
}

static s64 serve(const char *entry, u32 flags) {
  s64 fd = sys(__NR_memfd_create, entry, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
  if (fd < 0) return fd;
  out_fd = (s32)fd;
  out_n = 0;
  put_entry(entry);
  flush();
  sys(__NR_lseek, fd, 0, 0);
  return fd;
}

static bool is_served(const char *e) {
  static const char *const names[] = { "maps", "smaps", "cmdline", "environ", "auxv", "status", "stat", "statm" };
  for (u32 i = 0; i < ARRAY_SIZE(names); i++)
    if (!strcmp(e, names[i])) return true;
  return false;
}

// ---- calls ----

// A FIFO or a device may block until somebody comes; everything else is opened where the guest runs.
static bool may_wait(s32 dir, u64 path, u32 flags) {
  u32 st[36];
  if (thread_count == 1) return false;
  if (flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) return false;
  if (sys(__NR_newfstatat, dir, path, st, 0) < 0) return false;
  u32 type = st[6] & 0170000; // struct stat: st_mode at 24
  return type == 0010000 || type == 0020000;
}

static enum call_status open_path(struct call *c, u32 path_arg, s32 dir, u32 flags) {
  if (unlikely(keep_pending) && (flags & (O_CREAT | O_TRUNC))) keep_settle();
  const char *entry = own_path(dir, c->args[path_arg]);
  if (entry) {
    if (is_served(entry) && !(flags & (O_PATH | O_DIRECTORY))) {
      if ((flags & O_ACCMODE) != O_RDONLY) return call_done(c, -EACCES);
      return call_done(c, serve(entry, flags));
    }
    if (!strcmp(entry, "exe")) c->host_args[path_arg] = (u64)guest_exe;
    if (!strcmp(entry, "mem") && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH)) { // call_procmem.c
      enum call_status s = call_direct(c);
      procmem_opened(c->result);
      return s;
    }
    if (names_our_fd(entry)) return call_done(c, -ENOENT);
  } else {
    const char *exe = other_exe();
    if (exe) c->host_args[path_arg] = (u64)exe;
    size_t n = strlen(path_buffer);
    if (n > 10 && !strncmp(path_buffer, "/proc/", 6) && !strcmp(path_buffer + n - 4, "/mem") && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH)) {
      enum call_status s = call_direct(c);
      procmem_opened(c->result);
      return s;
    }
  }
  return may_wait(dir, c->host_args[path_arg], flags) ? CALL_HOST : call_direct(c);
}

enum call_status call_open(struct call *c) {
  if (c->nr == __NR_open) return open_path(c, 0, AT_FDCWD, (u32)c->args[1]);
  return open_path(c, 1, (s32)c->args[0], (u32)c->args[2]);
}

enum call_status call_openat2(struct call *c) {
  struct open_how how;
  if (!get_guest(&how, c->args[2], sizeof how)) return CALL_HOST;
  return open_path(c, 1, (s32)c->args[0], (u32)how.flags);
}

static enum call_status path_call(struct call *c, u32 arg, s32 dir) {
  const char *entry = own_path(dir, c->args[arg]);
  const char *other = entry ? NULL : other_exe();
  if (other) c->host_args[arg] = (u64)other;
  if (!entry) return CALL_HOST;
  if (!strcmp(entry, "exe")) c->host_args[arg] = (u64)guest_exe;
  if (names_our_fd(entry)) return call_done(c, -ENOENT);
  return CALL_HOST;
}

enum call_status call_path0(struct call *c) { return path_call(c, 0, AT_FDCWD); }
enum call_status call_path1(struct call *c) {
  if (c->nr == __NR_newfstatat && (c->args[3] & AT_SYMLINK_NOFOLLOW)) return CALL_HOST;
  if (c->nr == __NR_statx && (c->args[2] & AT_SYMLINK_NOFOLLOW)) return CALL_HOST;
  return path_call(c, 1, (s32)c->args[0]);
}

enum call_status call_readlink(struct call *c) {
  bool at = c->nr == __NR_readlinkat;
  u64 path = c->args[at], buf = c->args[at + 1];
  s32 size = (s32)c->args[at + 2];
  const char *entry = own_path(at ? (s32)c->args[0] : AT_FDCWD, path);
  const char *exe = entry ? guest_exe : other_exe();
  if (entry && names_our_fd(entry)) return call_done(c, -ENOENT);
  if (!exe || (entry && strcmp(entry, "exe"))) return CALL_HOST;
  if (size <= 0) return call_done(c, -EINVAL);
  size_t n = strlen(exe);
  if (n > (size_t)size) n = (size_t)size;
  if (!put_guest(buf, exe, n)) { call_log_reachable(c, buf, n); return call_done(c, -EFAULT); }
  log_data(buf, n);
  return call_done(c, (s64)n);
}

// ---- directories ----

struct entry { u64 ino; s64 off; u16 len; };  // then d_type and d_name (64), or d_name (old)

static int entry_fd(const char *name) {
  int fd = 0;
  if (*name < '0' || *name > '9') return -1;
  while (*name >= '0' && *name <= '9') fd = fd * 10 + *name++ - '0';
  return *name ? -1 : fd;
}

static bool lists_own_fds(int fd) {
  char link[40];
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 n = sys(__NR_readlink, link, path_buffer, sizeof path_buffer - 1);
  if (n < 0) return false;
  path_buffer[n] = 0;
  const char *e = own_entry(path_buffer);
  return e && (!strcmp(e, "fd") || !strcmp(e, "fdinfo"));
}

// Takes our descriptors out of a listing. False: nothing was left of it.
static bool filter(struct call *c, bool new) {
  u64 base = c->args[1], end = base + (u64)c->result, to = base;
  bool ours = false;
  for (u64 at = base; at < end;) {
    struct entry e;
    char name[16];
    if (!get_guest(&e, at, 18) || e.len < 19) return true;
    size_t n = copyin(name, at + (new ? 19 : 18), sizeof name - 1);
    name[n] = 0;
    if (fd_ours(entry_fd(name)) && (ours || (ours = lists_own_fds((int)c->args[0])))) { at += e.len; continue; }
    if (fd_ours(entry_fd(name))) return true; // some other directory with such a name
    if (to != at) {
      u8 record[512];
      if (e.len > sizeof record || !get_guest(record, at, e.len) || !put_guest(to, record, e.len)) return true;
    }
    to += e.len;
    at += e.len;
  }
  c->result = (s64)(to - base);
  return to != base;
}

void done_getdents(struct call *c) {
  bool new = c->nr == __NR_getdents64;
  s64 given = c->result;
  while (c->result > 0 && !filter(c, new)) given = c->result = call_host(c);
  call_log_outs(c);
  if (given > c->result && c->result >= 0) log_data(c->args[1] + (u64)c->result, (u64)(given - c->result)); // what lies behind was written too
}
