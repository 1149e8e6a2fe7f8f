// Start of an engine, after the kernel's exec of it: map the session, clear the kernel's things out of the guest's way, load
// the guest's program (or, on replay, what RR_EV_START says), and enter the run loop.
//
// The kernel's stack is copied from and dropped before anything is placed: in a randomized process it may lie anywhere.
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include "engine/start.h"
#include "engine/debug.h"
#include "engine/calls.h"
#include "engine/exec.h"
#include "engine/keep.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/signal.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

s32 engine_fds[ENGINE_FDS + 1] = { -1, -1, -1, -1, -2 };
bool engine_ready;
char guest_exe[4096], guest_execfn[4096];
struct map_file *guest_exe_file;
u64 guest_brk_start, guest_brk, guest_auxv, guest_auxv_size, guest_arg_start, guest_arg_end, guest_env_start, guest_env_end, cpu_hwcap2;

struct launch { u32 stream, parent_stream; s32 exe_fd, inherit_fd; const char *execfn; };

static s64 number(const char **s) {
  s64 v = 0;
  bool negative = **s == '-';
  if (negative) ++*s;
  while (**s >= '0' && **s <= '9') v = v * 10 + *(*s)++ - '0';
  if (**s == ',') ++*s;
  return negative ? -v : v;
}

// Takes RR_ENGINE= (abi/session.h) out of the environment.
static void parse_launch(struct start_args *a, struct launch *l) {
  static const char name[] = "RR_ENGINE=";
  const char *s = a->envc ? a->envp[a->envc - 1] : "";
  if (strncmp(s, name, sizeof name - 1)) stop(STOP_BUG, "rr-engine is started by rr, not by hand");
  s += sizeof name - 1;
  engine_fds[ENGINE_FD_SESSION] = (s32)number(&s);
  engine_fds[ENGINE_FD_SOCKET] = (s32)number(&s);
  engine_fds[ENGINE_FD_ENGINE] = (s32)number(&s);
  l->stream = (u32)number(&s);
  l->parent_stream = (u32)number(&s);
  s64 exe = number(&s);
  l->exe_fd = (s32)exe;
  l->inherit_fd = exe < 0 ? -1 : (s32)(exe >> 32) - 1;
  engine_fds[ENGINE_FD_DEBUG] = (s32)number(&s);
  start_sigmask = (u64)number(&s);
  l->execfn = s;
  a->envp[--a->envc] = NULL;
}

static void map_session(void) {
  int fd = engine_fds[ENGINE_FD_SESSION];
  struct rr_session *s = (void *)RR_SESSION;
  s64 r = sys(__NR_mmap, RR_SESSION, RR_CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (r != (s64)RR_SESSION) stop(STOP_BUG, "rr-engine: no session memory (error %ld)", -r);
  if (s->magic != RR_SESSION_MAGIC || s->version != RR_ABI_VERSION) stop(STOP_BUG, "rr-engine: the session is of another version of rr");
  u64 size = s->mode == RR_REPLAY ? RR_REPLAY_BYTES : RR_OFF_SLOTS;
  r = sys(__NR_mmap, RR_SESSION, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (r != (s64)RR_SESSION) stop(STOP_IO, "out of memory: the engine could not map the session (error %ld)", -r);
  replaying = s->mode == RR_REPLAY;
  log_mask = s->opt.log_mask;
  session = s;
}

static char *keep_string(const char *s) { return memcpy(heap_alloc(strlen(s) + 1), s, strlen(s) + 1); }

// Copies arguments, environment and auxv away from the kernel's stack, then drops it.
static void leave_kernel_stack(u64 *sp, struct start_args *a) {
  a->argc = (u32)*sp++;
  char **argv = (char **)sp, **envp = argv + a->argc + 1;
  for (a->envc = 0; envp[a->envc];) a->envc++;
  u64 *auxv = (u64 *)(envp + a->envc + 1), n = 0, top = 0;
  while (auxv[n]) n += 2;
  a->argv = heap_alloc((a->argc + 8) * sizeof *argv);
  a->envp = heap_alloc((a->envc + 2) * sizeof *envp);
  for (u32 i = 0; i < a->argc; i++) a->argv[i] = keep_string(argv[i]);
  for (u32 i = 0; i < a->envc; i++) a->envp[i] = keep_string(envp[i]);
  u64 *copy = heap_alloc((n + 2) * 8);
  memcpy(copy, auxv, (n + 2) * 8);
  for (u64 i = 0; copy[i]; i += 2) {
    if (copy[i] == AT_EXECFN) top = copy[i + 1];
    if (copy[i] == AT_HWCAP2) cpu_hwcap2 = copy[i + 1];
    if (copy[i] == AT_RANDOM) copy[i + 1] = (u64)memcpy(heap_alloc(16), (void *)copy[i + 1], 16);
    if (copy[i] == AT_PLATFORM) copy[i + 1] = (u64)keep_string((char *)copy[i + 1]);
  }
  a->auxv_in = (u64)copy;
  top = ALIGN_UP(top + strlen((char *)top) + 1, RR_PAGE);
  u64 low = ALIGN_DOWN((u64)sp, RR_PAGE) - 0x100000;
  sys(__NR_munmap, low, top - low);
}

// Where the host's vdso functions are: the kernel's vvar and vdso are moved below 2 GiB, out of the way of the guest.
static void move_vdso(u64 auxv) {
  for (const u64 *v = (const u64 *)auxv; v[0]; v += 2)
    if (v[0] == AT_SYSINFO_EHDR) vdso_init(v[1]);
}

static u64 map_stack(void) {
  struct rlimit64 { u64 cur, max; } lim = { 8 << 20, 0 };
  sys(__NR_prlimit64, 0, RLIMIT_STACK, 0, &lim);
  u64 size = ALIGN_DOWN(lim.cur, RR_PAGE);
  if (size > RR_GUEST_STACK_MAX) size = RR_GUEST_STACK_MAX;
  if (size < 0x20000) size = 0x20000;
  return size;
}

static void make_stack_mapping(u64 size, bool exec) {
  u64 low = RR_GUEST_STACK_TOP - size;
  s64 r = sys(__NR_mmap, low, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (r != (s64)low) stop(STOP_IO, "out of memory: no room for the program's stack (error %ld)", -r);
  sys(__NR_madvise, RR_GUEST_STACK_TOP - 0x8000, 0x8000, 23 /* MADV_POPULATE_WRITE */);
  map_insert(low, RR_GUEST_STACK_TOP, PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0), MAPF_ANON | MAPF_STACK, 0, NULL);
}

static void set_name(const char *path) {
  const char *base = strrchr(path, '/');
  sys(__NR_prctl, PR_SET_NAME, base ? base + 1 : path, 0, 0, 0);
}

// What others see of it: /proc/PID/cmdline, environ, auxv (fs/proc/base.c reads them where the kernel thinks they are).
static void set_mm_map(const struct elf_image *exe, u64 sp) {
  u64 low = exe->low, high = ALIGN_UP(exe->high, RR_PAGE);
  struct prctl_mm_map m = { .start_code = low, .end_code = high, .start_data = low, .end_data = high, .start_brk = high, .brk = high, .start_stack = sp, .arg_start = guest_arg_start,
    .arg_end = guest_arg_end, .env_start = guest_env_start, .env_end = guest_env_end, .auxv = (__u64 *)guest_auxv, .auxv_size = (u32)guest_auxv_size, .exe_fd = ~0u };
  sys(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0); // a kernel without checkpointing can't
}

static u64 bias_of(const struct map_file *file, const struct elf_image *e, bool interp) {
  if (!e->pie) return 0;
  if (!interp) return RR_GUEST_PIE - e->low;
  u64 at = map_choose_image(file, e->high - e->low);
  map_image_slot(at, e->high - e->low);
  return at - e->low;
}

static void load(int fd, struct map_file *file, u64 bias, struct elf_image *e, const char *what) {
  s64 r = elf_load(fd, file, bias, e);
  if (r < 0) stop(STOP_IO, "%s could not be loaded (error %ld)", what, -r);
}

static void enter_program(u64 entry, u64 sp, u64 brk) {
  guest_brk_start = guest_brk = brk;
  for (int i = 0; i < R_COUNT; i++) ctx.regs[i] = 0;
  ctx.regs[R_RIP] = entry;
  ctx.regs[R_RSP] = sp;
  ctx.regs[R_RFLAGS] = 0x202;
}

static void record_start(struct start_args *a, struct launch *l) {
  struct exec_target t;
  s64 r = exec_resolve_first(l->exe_fd, l->execfn, a, &t);
  if (r < 0) stop(STOP_REFUSED, "%s", t.why);
  str_copy(guest_execfn, l->execfn, sizeof guest_execfn);
  a->execfn = guest_execfn;
  exec_path_of(t.fd, t.path, guest_exe, sizeof guest_exe);
  struct map_file *file, *ifile = NULL;
  if (keep_file_as(t.fd, KEEP_LATER, &file) < 0 || !file->kept) stop(STOP_IO, "%s could not be kept in the trace", guest_exe);
  guest_exe_file = file;
  struct elf_image exe = t.elf, interp = { 0 };
  u64 bias = bias_of(file, &exe, false), ibias = 0;
  u64 stack = map_stack();
  make_stack_mapping(stack, exe.stack_exec);
  load(t.fd, file, bias, &exe, guest_exe);
  if (t.elf.interp_len) {
    if (keep_file_as(t.interp_fd, KEEP_LATER, &ifile) < 0 || !ifile->kept) stop(STOP_IO, "%s could not be kept in the trace", t.elf.interp);
    r = elf_check(t.interp_fd, &interp);
    if (r < 0) stop(STOP_REFUSED, "%s: not a program interpreter for x86-64", t.elf.interp);
    ibias = bias_of(ifile, &interp, true);
    load(t.interp_fd, ifile, ibias, &interp, t.elf.interp);
    sys(__NR_close, t.interp_fd);
  }
  sys(__NR_close, t.fd);
  u64 sp = stack_build(a, &exe, ifile ? ibias : 0);
  set_name(guest_execfn);
  set_mm_map(&exe, sp);
  size_t fn = strlen(guest_execfn) + 1, path = strlen(guest_exe) + 1, args = guest_arg_end - guest_arg_start;
  if (args > 8192) args = 0; // long command lines are in the stack's data only
  struct rr_ev_start *s = log_begin(RR_EV_START, 0, sizeof *s + fn + path + args);
  *s = (struct rr_ev_start){ .entry = ifile ? interp.entry : exe.entry, .sp = sp, .exe_base = bias, .interp_base = ibias, .brk_start = ALIGN_UP(exe.high, RR_PAGE),
    .stack_low = RR_GUEST_STACK_TOP - stack, .stack_limit = stack, .stack_exec = exe.stack_exec, .exe_file = file->kept, .interp_file = ifile ? ifile->kept : 0, .parent_stream = l->parent_stream,
    .pid = ctx.host_pid, .ppid = (u32)sys(__NR_getppid), .tid = ctx.host_pid, .execfn_len = (u32)fn, .exe_len = (u32)path, .argc = args ? a->argc : 0, .args_len = (u32)args,
    .auxv = guest_auxv, .auxv_size = guest_auxv_size, .arg_start = guest_arg_start, .arg_end = guest_arg_end, .env_start = guest_env_start, .env_end = guest_env_end };
  memcpy(s + 1, guest_execfn, fn);
  memcpy((char *)(s + 1) + fn, guest_exe, path);
  memcpy((char *)(s + 1) + fn + path, (void *)guest_arg_start, args);
  u64 entry = s->entry, brk = s->brk_start;
  log_end(0);
  log_data(sp, RR_GUEST_STACK_TOP - sp);
  log_nondet(RR_ND_OTHER, NULL, 0);
  inherit_start(l->inherit_fd);
  enter_program(entry, sp, brk);
}

static void replay_load(u32 id, u64 bias, bool slot, const char *what) {
  struct map_file *file;
  struct elf_image e;
  int fd = keep_open(id, &file);
  if (fd < 0) stop(STOP_IO, "the trace has no readable copy of %s (file %d)", what, (int)id);
  if (elf_check(fd, &e) < 0) stop(STOP_IO, "the trace's copy of %s (file %d) is damaged", what, (int)id);
  if (slot) map_image_slot(bias + e.low, e.high - e.low);
  if (!guest_exe_file) guest_exe_file = file;
  load(fd, file, bias, &e, what);
  sys(__NR_close, fd);
}

static void replay_start(void) {
  const struct rr_event *e = log_peek();
  if (!e && session->opt.complete)
    for (s64 pid = sys(__NR_getpid);;) sys(__NR_kill, pid, SIGKILL); // as it was, between its exec and our first event
  if (!e || e->type != RR_EV_START || e->size < sizeof *e + sizeof(struct rr_ev_start)) stop(STOP_IO, "the trace is damaged: stream %d does not begin with a start", (int)ctx.stream);
  ctx.host_pid = e->tid;
  e = log_take(RR_EV_START, 0);
  const struct rr_ev_start s = *(const struct rr_ev_start *)log_payload(e);
  const char *text = (const char *)log_payload(e) + sizeof s;
  if (sizeof *e + sizeof s + s.execfn_len + s.exe_len > e->size || !s.execfn_len || !s.exe_len) stop(STOP_IO, "the trace is damaged: the start of stream %d", (int)ctx.stream);
  str_copy(guest_execfn, text, sizeof guest_execfn);
  str_copy(guest_exe, text + s.execfn_len, sizeof guest_exe);
  guest_auxv = s.auxv; guest_auxv_size = s.auxv_size;
  guest_arg_start = s.arg_start; guest_arg_end = s.arg_end; guest_env_start = s.env_start; guest_env_end = s.env_end;
  set_name(guest_execfn);
  make_stack_mapping(s.stack_limit, s.stack_exec);
  replay_load(s.exe_file, s.exe_base, false, guest_exe);
  if (s.interp_file) replay_load(s.interp_file, s.interp_base, true, "the program's interpreter");
  log_nondet(RR_ND_OTHER, NULL, 0);
  inherit_start(-1);
  enter_program(s.entry, s.sp, s.brk_start);
}

// The kernel may have put its vdso, at random, just where our session or heap goes. Then we do without it: the time is asked
// by calls. It is three small mappings that adjoin; what lies in the window around it can only be them.
static void clear_vdso(u64 *sp) {
  u64 *v = sp + 1 + *sp + 1;
  while (*v++) ;
  for (; v[0]; v += 2) {
    if (v[0] != AT_SYSINFO_EHDR) continue;
    u64 at = v[1], window = 0x20000;
    bool in_session = at + window > RR_SESSION && at < RR_SESSION + RR_RECORD_BYTES + window;
    bool in_heap = at + window > RR_HEAP && at < RR_HEAP + 0x40000000 + window;
    if (!in_session && !in_heap) return;
    sys(__NR_munmap, at - window, window + 0x4000);
    v[0] = AT_IGNORE;
  }
}

void engine_main(u64 *kernel_stack) {
  static struct start_args args;
  static struct launch launch;
  clear_vdso(kernel_stack);
  leave_kernel_stack(kernel_stack, &args);
  parse_launch(&args, &launch);
  map_session();
  move_vdso(args.auxv_in);
  if (replaying && session->opt.gdb) debug_init(engine_fds[ENGINE_FD_DEBUG]);
  log_start(launch.stream);
  translate_init();
  if (replaying) replay_start();
  else record_start(&args, &launch);
  thread_start(ctx.host_pid);
  signal_init();
  tracee_after_exec();
  run_loop();
}
