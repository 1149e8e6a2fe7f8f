// execve: decided here in full (does the file exist, may it run, what is it), so that the real exec of the engine succeeds;
// then logged, then made. The new engine begins a stream of its own.
#include <asm/errno.h>
#include <linux/binfmts.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/resource.h>
#include <linux/stat.h>
#include <asm/stat.h>
#include "engine/exec.h"
#include "engine/debug.h"
#include "engine/calls.h"
#include "engine/log.h"
#include "engine/signal.h"
#include "engine/shared.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

#define S_IFMT_ 0170000
#define S_IFREG_ 0100000
#define SCRIPT_DEPTH 5 // fs/exec.c: exec_binprm allows 5 rewrites
#define ARG_STRING_MAX 131072 // MAX_ARG_STRLEN: 32 pages
#define SCRIPT_LINE 256 // BINPRM_BUF_SIZE

static char *dup_string(const char *s, size_t n) {
  char *d = heap_alloc(n + 1);
  memcpy(d, s, n);
  return d;
}

// Opens a program as the kernel's do_open_execat does. Not O_PATH: its bytes are read.
static s64 open_program(s32 dir, const char *name, u32 flags) {
  struct stat st;
  s64 r = sys(__NR_newfstatat, dir, name, &st, flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
  if (r < 0) return r;
  if ((st.st_mode & S_IFMT_) == 0120000) return -ELOOP;
  if ((st.st_mode & S_IFMT_) != S_IFREG_) return -EACCES;
  r = sys(__NR_faccessat2, dir, name, 1 /* X_OK */, (flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) | AT_EACCESS);
  if (r < 0 && r != -ENOSYS) return r;
  if (!*name) {
    char path[40];
    fmt(path, sizeof path, "/proc/self/fd/%d", dir);
    return sys(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  }
  return sys(__NR_openat, dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0));
}

// ETXTBSY: somebody has the file open for writing. A read lease is refused just then (fs/locks.c, check_conflicting_open);
// for files of others that we may not lease, it cannot be asked. Broken by an open in between, it would send SIGURG.
static bool busy_for_writing(s32 fd) {
  sys(__NR_fcntl, fd, F_SETSIG, 23 /* SIGURG: ignored by default */);
  s64 r = sys(__NR_fcntl, fd, F_SETLEASE, F_RDLCK);
  if (r == 0) sys(__NR_fcntl, fd, F_SETLEASE, F_UNLCK);
  return r == -EAGAIN;
}

// The guest's own program is ours in /proc: what the guest means is its executable (or its thread group's, or a thread's).
static const char *seen_path(const char *path) {
  char own[48];
  fmt(own, sizeof own, "/proc/%u/exe", ctx.host_pid);
  return !strcmp(path, "/proc/self/exe") || !strcmp(path, "/proc/thread-self/exe") || !strcmp(path, own) ? guest_exe : path;
}

// The #! line: the interpreter's path and the one optional argument (fs/binfmt_script.c).
static s64 parse_script(char *line, s64 n, char **interp, char **arg) {
  char *end = line + (n < SCRIPT_LINE ? n : SCRIPT_LINE), *p = line + 2, *nl = p;
  while (nl < end && *nl != '\n' && *nl) nl++;
  if (nl == end) { // no end of line: the path itself must be complete
    char *q = p;
    while (q < end && (*q == ' ' || *q == '\t')) q++;
    while (q < end && *q != ' ' && *q != '\t') q++;
    if (q == end && n >= SCRIPT_LINE) return -ENOEXEC;
    if (nl == line + SCRIPT_LINE) nl--;
  }
  *nl = 0;
  while (nl > p && (nl[-1] == ' ' || nl[-1] == '\t')) *--nl = 0;
  while (*p == ' ' || *p == '\t') p++;
  if (!*p) return -ENOEXEC;
  *interp = p;
  while (*p && *p != ' ' && *p != '\t') p++;
  *arg = NULL;
  if (!*p) return 0;
  *p++ = 0;
  while (*p == ' ' || *p == '\t') p++;
  if (*p) *arg = p;
  return 0;
}

s64 exec_resolve(s32 fd, const char *name, struct exec_target *t) {
  str_copy(t->path, name, sizeof t->path);
  t->prefix = 0;
  t->interp_fd = -1;
  for (int depth = 0;; depth++) {
    if (depth > SCRIPT_DEPTH) { sys(__NR_close, fd); fmt(t->why, sizeof t->why, "%s: too many levels of #!", name); return -ELOOP; }
    char line[SCRIPT_LINE + 1];
    s64 n = sys(__NR_pread64, fd, line, SCRIPT_LINE, 0);
    if (n < 2 || line[0] != '#' || line[1] != '!') break;
    line[n] = 0;
    char *interp, *arg;
    s64 r = parse_script(line, n, &interp, &arg);
    sys(__NR_close, fd);
    if (r < 0) { fmt(t->why, sizeof t->why, "%s: not a program: its #! line names no interpreter", t->path); return r; }
    // argv[0] becomes interpreter [arg] script; earlier prefixes lose their first word to the script's name.
    u32 add = arg ? 3 : 2;
    if (t->prefix) { for (u32 i = t->prefix; i-- > 1;) t->args[i + add - 1] = t->args[i]; }
    u32 rest = t->prefix ? t->prefix - 1 : 0;
    t->args[0] = dup_string(interp, strlen(interp));
    if (arg) t->args[1] = dup_string(arg, strlen(arg));
    t->args[add - 1] = dup_string(t->path, strlen(t->path));
    t->prefix = add + rest;
    if (t->prefix > ARRAY_SIZE(t->args) - 3) return -ELOOP;
    s64 next = open_program(AT_FDCWD, seen_path(interp), 0);
    if (next < 0) { fmt(t->why, sizeof t->why, "%s: its interpreter %s can't be started (error %ld)", t->path, interp, -next); return next; }
    str_copy(t->path, interp, sizeof t->path);
    fd = (s32)next;
  }
  t->fd = fd;
  s64 r = elf_check(fd, &t->elf);
  if (r == -ELIBBAD) fmt(t->why, sizeof t->why, "%s is a 32-bit program: these are not supported yet", t->path);
  else if (r == -E2BIG) fmt(t->why, sizeof t->why, "%s is linked at addresses that the engine needs (0x%lx-0x%lx); link it lower or as PIE", t->path, t->elf.low, t->elf.high);
  else if (r < 0) fmt(t->why, sizeof t->why, "%s is not a program in a format that can be recorded (x86-64 ELF or #! script)", t->path);
  if (r < 0) { sys(__NR_close, fd); return r; }
  if (!t->elf.interp_len) return 0;
  s64 i = open_program(AT_FDCWD, t->elf.interp, 0);
  if (i < 0) { sys(__NR_close, fd); fmt(t->why, sizeof t->why, "%s: its interpreter %s can't be opened (error %ld)", t->path, t->elf.interp, -i); return i; }
  t->interp_fd = (s32)i;
  return 0;
}

s64 exec_resolve_first(s32 fd, const char *name, struct start_args *a, struct exec_target *t) {
  s64 r = exec_resolve(fd, name, t);
  if (r < 0 || !t->prefix) return r;
  u32 rest = a->argc ? a->argc - 1 : 0;
  char **argv = heap_alloc((t->prefix + rest + 1) * sizeof *argv);
  for (u32 i = 0; i < t->prefix; i++) argv[i] = t->args[i];
  for (u32 i = 0; i < rest; i++) argv[t->prefix + i] = a->argv[i + 1];
  a->argv = argv;
  a->argc = t->prefix + rest;
  return 0;
}

void exec_path_of(s32 fd, const char *name, char *out, size_t size) {
  char link[40];
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 n = sys(__NR_readlink, link, out, size - 1);
  if (n > 0) out[n] = 0;
  else str_copy(out, name, size); // no /proc here
}

// The guest's argument or environment array: pointers only, as the kernel copies the strings itself.
static s64 read_vector(u64 at, u64 **out, u32 *n, u32 extra, u64 *bytes) {
  u32 room = 64;
  u64 *v = heap_alloc((room + extra) * 8);
  *n = 0;
  for (; at; at += 8) {
    u64 p;
    if (!get_guest(&p, at, 8)) return -EFAULT;
    if (!p) break;
    if (*n == room) {
      u64 *w = heap_alloc((room * 2 + extra) * 8);
      memcpy(w, v, room * 8);
      heap_free(v, (room + extra) * 8);
      v = w;
      room *= 2;
    }
    v[(*n)++] = shared_host(p);
    // its length, in pieces, without copying it anywhere
    for (u64 len = 0;;) {
      char piece[256];
      s64 got = copyin_string(piece, p + len, sizeof piece);
      if (got == -EFAULT) return -EFAULT;
      if (got >= 0) { *bytes += len + (u64)got + 1 + 8; break; }
      len += sizeof piece;
      if (len >= ARG_STRING_MAX) return -E2BIG;
    }
  }
  *out = v;
  return 0;
}

// fs/exec.c, bprm_stack_limits: a quarter of the stack limit, at least ARG_MAX, at most 6 MiB.
static bool too_big(u64 bytes) {
  struct { u64 cur, max; } lim = { 8 << 20, 0 };
  sys(__NR_prlimit64, 0, RLIMIT_STACK, 0, &lim);
  u64 limit = lim.cur / 4;
  if (limit > (6 << 20)) limit = 6 << 20;
  if (limit < ARG_MAX) limit = ARG_MAX;
  return bytes + 4096 > limit;
}

static void engine_exec(u32 stream, u32 parent, s32 exe_fd, u64 sigmask, const char *execfn, u64 *argv, u64 *envp, u32 envc) {
  static char launch[4400];
  fmt(launch, sizeof launch, "RR_ENGINE=%d,%d,%d,%u,%u,%ld,%d,%ld,%s", engine_fds[ENGINE_FD_SESSION], engine_fds[ENGINE_FD_SOCKET], engine_fds[ENGINE_FD_ENGINE],
      stream, parent, exe_fd < 0 ? -1l : exe_fd + ((s64)(inherit_save() + 1) << 32), engine_fds[ENGINE_FD_DEBUG], (s64)sigmask, execfn);
  envp[envc] = (u64)launch;
  envp[envc + 1] = 0;
  s64 r = sys(__NR_execveat, engine_fds[ENGINE_FD_ENGINE], "", argv, envp, AT_EMPTY_PATH);
  stop(STOP_REFUSED, "exec of %s failed after it was decided to succeed (error %ld)", execfn, -r);
}

// Replay (-a): this host process goes on as the engine of `stream`.
void exec_replay_stream(u32 stream) {
  u64 argv[2] = { (u64)guest_execfn, 0 }, envp[3] = { 0 };
  if (debugging) debug_exec();
  engine_exec(stream, ctx.stream, -1, 0, "-", argv, envp, 0);
  __builtin_unreachable();
}

static enum call_status exec_error(struct call *c, s64 error) {
  c->result = error;
  return CALL_DONE;
}

static enum call_status do_exec(struct call *c, s32 dir, u64 path_at, u64 argv_at, u64 envp_at, u32 flags) {
  static struct exec_target t;
  static char path[4096], execfn[4200];
  u64 *argv, *envp, bytes = 0;
  u32 argc, envc;
  if (!threads_before_exec()) return CALL_LOGGED; // it is made by the thread's own host thread: once more, there
  s64 r = copyin_string(path, path_at, sizeof path);
  if (r < 0) return exec_error(c, r);
  if (flags & ~(u32)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return exec_error(c, -EINVAL);
  if (!*path && !(flags & AT_EMPTY_PATH)) return exec_error(c, -ENOENT);
  s64 fd = open_program(dir, seen_path(path), flags);
  if (fd < 0) return exec_error(c, fd);
  if (dir != AT_FDCWD && path[0] != '/') fmt(execfn, sizeof execfn, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", dir, path);
  else str_copy(execfn, path, sizeof execfn);
  r = read_vector(argv_at, &argv, &argc, 16, &bytes);
  if (r >= 0) r = read_vector(envp_at, &envp, &envc, 4, &bytes);
  if (r >= 0 && too_big(bytes)) r = -E2BIG;
  if (r < 0) { sys(__NR_close, fd); return exec_error(c, r); }
  if (busy_for_writing((s32)fd)) { sys(__NR_close, fd); return exec_error(c, -ETXTBSY); }
  r = exec_resolve((s32)fd, execfn, &t);
  if (r == -ELIBBAD || r == -E2BIG) stop(STOP_REFUSED, "%s", t.why);
  if (r < 0) return exec_error(c, r);
  if (t.interp_fd >= 0) sys(__NR_close, t.interp_fd);
  if (t.prefix || !argc) { // #!, or an empty argv, which the kernel fills with ""
    u32 p = t.prefix ? t.prefix : 1, rest = argc ? argc - 1 : 0;
    u64 *v = heap_alloc((p + rest + 1) * 8);
    for (u32 i = 0; i < p; i++) v[i] = t.prefix ? (u64)t.args[i] : (u64)"";
    for (u32 i = 0; i < rest; i++) v[p + i] = argv[i + 1];
    argv = v;
    argc = p + rest;
  }
  argv[argc] = 0;
  s64 exe = sys(__NR_fcntl, t.fd, F_DUPFD, 0); // without O_CLOEXEC
  if (exe < 0) stop(STOP_REFUSED, "exec of %s: no free descriptor", path);
  sys(__NR_close, t.fd);
  u32 stream = log_new_stream();
  struct rr_ev_exec *e = log_begin(RR_EV_EXEC, 0, sizeof *e);
  *e = (struct rr_ev_exec){ .stream = stream };
  log_end(0);
  translate_save();
  if (!current->process->vfork_child) log_finish();
  thread_exec_done();
  engine_exec(stream, ctx.stream, (s32)exe, signal_before_exec(), execfn, argv, envp, envc);
  return CALL_NO_RETURN;
}

enum call_status call_execve(struct call *c) { return do_exec(c, AT_FDCWD, c->args[0], c->args[1], c->args[2], 0); }
enum call_status call_execveat(struct call *c) { return do_exec(c, (s32)c->args[0], c->args[1], c->args[2], c->args[3], (u32)c->args[4]); }
