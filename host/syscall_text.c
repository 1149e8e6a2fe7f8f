// System calls as strace prints them: what a call wrote is in the log; what it read (paths, buffers written) is in the program's
// memory, from where a replay tells it (struct rr_string), and appears as an address otherwise.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "host/event_text.h"
#include "host/syscalls.h"

struct flag { const char *name; uint64_t bits; };
#define FLAG(f) { #f, f }
static const struct flag open_flags[] = { FLAG(O_WRONLY), FLAG(O_RDWR), FLAG(O_CREAT), FLAG(O_EXCL), FLAG(O_NOCTTY), FLAG(O_TRUNC), FLAG(O_APPEND),
  FLAG(O_NONBLOCK), FLAG(O_TMPFILE), FLAG(O_DIRECTORY), FLAG(O_SYNC), FLAG(O_DSYNC), FLAG(O_DIRECT), { "O_LARGEFILE", 0100000 }, FLAG(O_NOFOLLOW), FLAG(O_NOATIME), FLAG(O_CLOEXEC), FLAG(O_PATH), { 0 } };
static const struct flag prot_flags[] = { FLAG(PROT_READ), FLAG(PROT_WRITE), FLAG(PROT_EXEC), FLAG(PROT_GROWSDOWN), { 0 } };
static const struct flag map_flags[] = { FLAG(MAP_SHARED_VALIDATE), FLAG(MAP_SHARED), FLAG(MAP_PRIVATE), FLAG(MAP_FIXED), FLAG(MAP_ANONYMOUS), FLAG(MAP_GROWSDOWN), FLAG(MAP_DENYWRITE),
  FLAG(MAP_LOCKED), FLAG(MAP_NORESERVE), FLAG(MAP_POPULATE), FLAG(MAP_STACK), FLAG(MAP_HUGETLB), FLAG(MAP_FIXED_NOREPLACE), { 0 } };
static const struct flag clone_flags[] = { FLAG(CLONE_VM), FLAG(CLONE_FS), FLAG(CLONE_FILES), FLAG(CLONE_SIGHAND), FLAG(CLONE_VFORK), FLAG(CLONE_PARENT), FLAG(CLONE_THREAD),
  FLAG(CLONE_SYSVSEM), FLAG(CLONE_SETTLS), FLAG(CLONE_PARENT_SETTID), FLAG(CLONE_CHILD_CLEARTID), FLAG(CLONE_CHILD_SETTID), { 0 } };
static const struct flag at_flags[] = { FLAG(AT_SYMLINK_NOFOLLOW), FLAG(AT_REMOVEDIR), FLAG(AT_SYMLINK_FOLLOW), FLAG(AT_NO_AUTOMOUNT), FLAG(AT_EMPTY_PATH), { 0 } };

// Arguments that are flags; `none`: what 0 is called.
static const struct { const char *call; int arg; const struct flag *flags; const char *none; } flag_args[] = {
  { "open", 1, open_flags, "O_RDONLY" }, { "openat", 2, open_flags, "O_RDONLY" }, { "mmap", 2, prot_flags, "PROT_NONE" }, { "mmap", 3, map_flags, "0" },
  { "mprotect", 2, prot_flags, "PROT_NONE" }, { "clone", 0, clone_flags, "0" }, { "unshare", 0, clone_flags, "0" }, { "newfstatat", 3, at_flags, "0" },
  { "unlinkat", 2, at_flags, "0" }, { "faccessat2", 3, at_flags, "0" }, { "statx", 2, at_flags, "0" }, { "execveat", 4, at_flags, "0" }, { "pipe2", 1, open_flags, "0" },
  { "dup3", 2, open_flags, "0" },
};
static const struct { const char *call; int arg; } octal_args[] = { { "open", 2 }, { "openat", 3 }, { "mkdir", 1 }, { "mkdirat", 2 }, { "chmod", 1 }, { "fchmod", 1 },
  { "fchmodat", 2 }, { "umask", 0 }, { "creat", 1 }, { "access", 1 }, { "faccessat", 2 } };
static const struct { const char *call; int arg; } signal_args[] = { { "kill", 1 }, { "tkill", 1 }, { "tgkill", 2 }, { "rt_sigaction", 0 }, { "rt_sigqueueinfo", 1 }, { "pidfd_send_signal", 1 } };
static const struct { const char *call; int arg; } dir_args[] = { { "openat", 0 }, { "newfstatat", 0 }, { "unlinkat", 0 }, { "faccessat", 0 }, { "faccessat2", 0 }, { "statx", 0 },
  { "execveat", 0 }, { "readlinkat", 0 }, { "mkdirat", 0 }, { "linkat", 0 }, { "linkat", 2 }, { "symlinkat", 1 }, { "renameat", 0 }, { "renameat", 2 }, { "renameat2", 0 },
  { "renameat2", 2 }, { "utimensat", 0 }, { "fchmodat", 0 }, { "fchownat", 0 }, { "openat2", 0 }, { "name_to_handle_at", 0 } };

#define IN_TABLE(table, name, i) ({ bool in = false; for (size_t k = 0; k < sizeof table / sizeof *table; k++) in |= table[k].arg == (i) && !strcmp(table[k].call, name); in; })

static void add_flags(struct text *t, const struct flag *f, uint64_t v, const char *none) {
  const char *bar = "";
  uint64_t rest = v & 0xffffffffu;
  for (; f->name; f++) {
    if (!f->bits || (rest & f->bits) != f->bits) continue;
    text_add(t, "%s%s", bar, f->name);
    rest &= ~f->bits;
    bar = "|";
  }
  if (rest || !*bar) {
    if (rest) text_add(t, "%s0x%llx", bar, (unsigned long long)rest);
    else text_add(t, "%s", none);
  }
}

static void add_quoted(struct text *t, const uint8_t *p, uint64_t n, bool more) {
  bool plain = true;
  for (uint64_t k = 0; k < n; k++) plain &= (p[k] >= ' ' && p[k] < 127) || p[k] == '\n' || p[k] == '\t' || p[k] == '\r' || (!p[k] && k);
  text_add(t, "\"");
  for (uint64_t k = 0; k < n; k++) {
    uint8_t c = p[k];
    if (c == '"' || c == '\\') text_add(t, "\\%c", c);
    else if (c >= ' ' && c < 127) text_add(t, "%c", c);
    else if (plain && c) text_add(t, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    else text_add(t, "\\x%02x", c);
  }
  text_add(t, more ? "\"..." : "\"");
}

enum { SHOWN = 32 }; // bytes of a buffer, as strace

// The bytes that the call wrote to this address, as strace shows a buffer.
static bool add_data(struct text *t, uint64_t addr, const struct event_data *d) {
  for (uint32_t i = 0; d && i < d->count; i++) {
    if (d->part[i].addr != addr) continue;
    uint64_t n = d->part[i].len < SHOWN ? d->part[i].len : SHOWN;
    add_quoted(t, d->part[i].head, n, d->part[i].len > n);
    return true;
  }
  return false;
}

// struct stat of x86-64 (asm/stat.h): the mode at 24, the size at 48.
static bool add_stat(struct text *t, const char *name, int arg, uint64_t addr, const struct event_data *d) {
  static const char *const types[16] = { [1] = "S_IFIFO", [2] = "S_IFCHR", [4] = "S_IFDIR", [6] = "S_IFBLK", [8] = "S_IFREG", [10] = "S_IFLNK", [12] = "S_IFSOCK" };
  bool is = (arg == 1 && (!strcmp(name, "stat") || !strcmp(name, "fstat") || !strcmp(name, "lstat"))) || (arg == 2 && !strcmp(name, "newfstatat"));
  for (uint32_t i = 0; is && d && i < d->count; i++) {
    uint32_t mode;
    uint64_t size;
    if (d->part[i].addr != addr || d->part[i].len != 144) continue;
    memcpy(&mode, d->part[i].head + 24, sizeof mode);
    memcpy(&size, d->part[i].head + 48, sizeof size);
    const char *type = types[mode >> 12 & 15];
    text_add(t, "{st_mode=%s|0%o, st_size=%llu, ...}", type ? type : "0", mode & 07777, (unsigned long long)size);
    return true;
  }
  return false;
}

static void add_list(struct text *t, const struct rr_string *s) {
  uint32_t at = 0;
  uint64_t i = 0;
  text_add(t, "[");
  for (; i < s->size && at < s->kept; i++) {
    uint32_t n = (uint32_t)strnlen((const char *)s->bytes + at, s->kept - at);
    text_add(t, i ? ", " : "");
    add_quoted(t, s->bytes + at, n, false);
    at += n + 1;
  }
  text_add(t, i < s->size ? ", ...]" : "]");
}

// What the call read there.
static bool add_read(struct text *t, int arg, const struct event_data *d) {
  for (uint32_t i = 0; d && i < d->read_count; i++) {
    const struct rr_string *s = &d->read[i];
    if (s->arg != (uint32_t)arg) continue;
    uint32_t n = s->kind == RR_STRING_PATH || s->kept < SHOWN ? s->kept : SHOWN;
    if (s->kind == RR_STRING_LIST) add_list(t, s);
    else if (s->kind == RR_STRING_VECTOR) text_add(t, "["), add_quoted(t, s->bytes, n, s->size > n), text_add(t, "]");
    else add_quoted(t, s->bytes, n, s->size > n);
    return true;
  }
  return false;
}

static void add_argument(struct text *t, const char *name, int i, uint64_t v, const struct event_data *d) {
  if (add_read(t, i, d) || add_stat(t, name, i, v, d)) return;
  for (size_t k = 0; k < sizeof flag_args / sizeof *flag_args; k++)
    if (flag_args[k].arg == i && !strcmp(flag_args[k].call, name)) {
      add_flags(t, flag_args[k].flags, v, flag_args[k].none);
      return;
    }
  if (IN_TABLE(dir_args, name, i) && (int32_t)v == AT_FDCWD) text_add(t, "AT_FDCWD");
  else if (IN_TABLE(octal_args, name, i)) text_add(t, v ? "0%llo" : "%llo", (unsigned long long)v & 07777);
  else if (IN_TABLE(signal_args, name, i) && (int)v < 32 && sigabbrev_np((int)v)) text_add(t, "SIG%s", sigabbrev_np((int)v));
  else if (v > 0xffff && add_data(t, v, d)) return;
  else if (!v) text_add(t, "0");
  else if ((int64_t)v < 0 && (int64_t)v >= -4096) text_add(t, "%lld", (long long)v);
  else if (v <= 0xffffffffu && (int32_t)v < 0 && (int32_t)v >= -128) text_add(t, "%d", (int32_t)v);
  else if (v < 0x100000) text_add(t, "%llu", (unsigned long long)v);
  else text_add(t, "0x%llx", (unsigned long long)v);
}

static void add_result(struct text *t, const char *name, int64_t r) {
  static const struct { int number; const char *name; } restarts[] = { { 512, "ERESTARTSYS" }, { 513, "ERESTARTNOINTR" }, { 514, "ERESTARTNOHAND" }, { 516, "ERESTART_RESTARTBLOCK" } };
  static const char *const addresses[] = { "mmap", "brk", "mremap", "shmat" };
  if (r < 0 && r >= -4095) {
    const char *code = strerrorname_np((int)-r);
    for (size_t i = 0; i < sizeof restarts / sizeof *restarts; i++)
      if (restarts[i].number == -r) code = restarts[i].name;
    if (code && -r < 512) text_add(t, " = -1 %s (%s)", code, strerrordesc_np((int)-r));
    else text_add(t, " = ? %s", code ? code : "unknown error");
    return;
  }
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
    if (!strcmp(name, addresses[i])) {
      text_add(t, " = 0x%llx", (unsigned long long)r);
      return;
    }
  text_add(t, " = %lld", (long long)r);
}

void syscall_text(struct text *t, int number, const struct rr_ev_syscall *s, int has_result, const struct event_data *d) {
  char unknown[32];
  const char *name = syscall_name(number);
  if (!name) {
    snprintf(unknown, sizeof unknown, "syscall_%d", number);
    name = unknown;
  }
  text_add(t, "%s(", name);
  for (int i = 0; i < syscall_args(number); i++) {
    text_add(t, i ? ", " : "");
    add_argument(t, name, i, s->args[i], d);
  }
  if (has_result) {
    text_add(t, ")");
    add_result(t, name, s->result);
  } else {
    text_add(t, " <unfinished ...>");
  }
}
