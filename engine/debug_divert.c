// Diversions: gdb calls a function of the program, in a copy of the process (debug_checkpoint.c) whose registers
// and memory may be written, and which runs without the log. Nothing that it does is seen outside; its system calls are answered here.
// The original stands still meanwhile, and knows nothing of it.
//
// The hard thing: the copy must touch nothing that it shares with the original - not the feed, not the session's
// panic slot, no descriptor. Only the calling thread runs: a lock that another one holds is not released.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/signal.h>
#include "engine/calls.h"
#include "engine/debug_internal.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/signal.h"
#include "engine/sys.h"
#include "engine/translate.h"

enum { OUTPUT_MAX = 4096 };

bool diverting;

static u32 caller;        // the thread in which gdb calls
static bool in_signal, begun;

static void choose(u32 tid) {
  struct thread *t = thread_find(tid);
  if (!t || t == current) return;
  thread_to(t);
  t->state = T_RUNNABLE;
  t->in_call = false;
}

int divert_begin(u32 tid) {
  if (diverting || (tid && !thread_find(tid))) return ESRCH;
  diverting = begun = true;
  caller = tid ? tid : current->tid;
  choose(caller);
  return 0;
}

bool divert_begun(void) {
  bool b = begun;
  begun = false;
  return b;
}

// gdb lets the copy run: what is on the stack belongs to the original's stop, which is not to go on here.
void divert_run(void) {
  break_apply();
  watch_mode();
  divert_chosen();
  run_loop();
}

// Only the caller runs; but gdb steps any thread past a breakpoint at which it stands.
void divert_chosen(void) {
  struct thread *was = current;
  choose(debug_go.how != RR_GO_CONTINUE && debug_go.thread ? debug_go.thread : caller);
  if (current != was && in_signal) run_loop(); // not back to what was done for another thread
}

void divert_signal(u32 signo, const void *siginfo) {
  replaying = true; // run.c's special
  in_signal = true;
  debug_signal(signo, siginfo);
  in_signal = false;
}

void divert_failed(const char *text) {
  struct rr_dbg_stop s;
  stop_fill(&s, RR_STOP_DIVERGED);
  s.code = SIGABRT;
  for (;;) serve(&s, text);
}

// ---- system calls ----

static s64 stopped_by(u32 signo, s32 code) {
  struct guest_siginfo info = { .signo = (s32)signo, .code = code };
  divert_signal(signo, &info);
  return 0;
}

// What goes to the program's standard output is shown on gdb's console; the rest is believed to have been written.
static s64 written(u64 fd, u64 from, u64 n) {
  static u8 text[OUTPUT_MAX];
  for (u64 done = 0, part; (fd == 1 || fd == 2) && done < n; done += part) {
    part = n - done < sizeof text ? n - done : sizeof text;
    size_t got = copyin(text, from + done, part);
    serve_output(text, got);
    if (got < part) return done + got ? (s64)(done + got) : -EFAULT;
  }
  return (s64)n;
}

static s64 written_vector(const struct call *c) {
  s64 total = 0;
  for (u64 i = 0; i < c->args[2] && i < 1024; i++) {
    u64 v[2];
    if (!get_guest(v, c->args[1] + 16 * i, sizeof v)) return total ? total : -EFAULT;
    s64 r = written(c->args[0], v[0], v[1]);
    if (r < 0) return total ? total : r;
    total += r;
  }
  return total;
}

static s64 futex(const struct call *c) {
  u32 value;
  switch (c->args[1] & FUTEX_CMD_MASK) {
  case FUTEX_WAKE: case FUTEX_WAKE_BITSET: case FUTEX_WAKE_OP: case FUTEX_UNLOCK_PI: return 0;
  case FUTEX_WAIT: case FUTEX_WAIT_BITSET:
    if (!get_guest(&value, c->args[0], 4)) return -EFAULT;
    if (value != (u32)c->args[2]) return -EAGAIN;
    if (c->args[3]) return -ETIMEDOUT;
    serve_output("rr: the called function waits for another thread, and only it runs\n", 67);
    stopped_by(SIGTRAP, 0);
    return -EAGAIN;
  default: return -ENOSYS;
  }
}

// Read-only calls that tell of the machine and not of the program's files.
static bool harmless(u32 nr) {
  switch (nr) {
  case __NR_clock_gettime: case __NR_clock_getres: case __NR_gettimeofday: case __NR_time: case __NR_getrandom: case __NR_getcpu:
  case __NR_uname: case __NR_sysinfo: case __NR_getrusage: case __NR_times: case __NR_sched_getaffinity: return true;
  default: return false;
  }
}

static s64 by_row(struct call *c) {
  c->row = &syscall_rows[c->nr];
  enum call_status s = c->row->start(c);
  return s == CALL_DONE ? c->result : -ENOSYS;
}

static s64 host(const struct call *c) { return sys(c->nr, c->args[0], c->args[1], c->args[2], c->args[3], c->args[4], c->args[5]); }

static s64 ended(u32 status) {
  char text[96];
  int n = fmt(text, sizeof text, "rr: the called function wants to end the process (status %u): it stays where it is\n", status);
  serve_output(text, (size_t)n);
  return stopped_by(SIGTERM, 0);
}

static s64 answer(struct call *c, bool *made) {
  const u64 *a = c->args;
  if (harmless(c->nr)) return host(c);
  switch (c->nr) {
  case __NR_write: return written(a[0], a[1], a[2]);
  case __NR_writev: return written_vector(c);
  case __NR_pwrite64: case __NR_sendto: return (s64)a[2];
  case __NR_mmap: return a[3] & 0x20 /* MAP_ANONYMOUS */ ? by_row(c) : -ENODEV;
  case __NR_munmap: case __NR_mprotect: case __NR_brk: case __NR_madvise: case __NR_mremap: case __NR_rt_sigaction: case __NR_rt_sigprocmask:
  case __NR_sigaltstack: case __NR_arch_prctl: case __NR_set_tid_address: case __NR_set_robust_list: return by_row(c);
  case __NR_futex: return futex(c);
  case __NR_getpid: return current->process->pid;
  case __NR_gettid: return current->tid;
  case __NR_getppid: return current->process->ppid;
  case __NR_getuid: case __NR_geteuid: case __NR_getgid: case __NR_getegid: return debug_auxv(c->nr == __NR_getuid ? 11 : c->nr == __NR_geteuid ? 12 : c->nr == __NR_getgid ? 13 : 14);
  case __NR_sched_yield: case __NR_nanosleep: case __NR_clock_nanosleep: case __NR_poll: case __NR_ppoll: case __NR_select: case __NR_pselect6:
  case __NR_epoll_wait: case __NR_epoll_pwait: case __NR_close: case __NR_fsync: case __NR_fdatasync: case __NR_msync: case __NR_mlock: case __NR_munlock: return 0;
  case __NR_ioctl: return -ENOTTY;
  case __NR_read: case __NR_readv: case __NR_pread64: case __NR_fstat: case __NR_lseek: case __NR_fcntl: return -EBADF;
  case __NR_open: case __NR_openat: case __NR_access: case __NR_faccessat: case __NR_stat: case __NR_lstat: case __NR_readlink: case __NR_newfstatat: return -ENOENT;
  case __NR_fork: case __NR_vfork: case __NR_clone: return -EAGAIN;
  case __NR_execve: return -EACCES;
  case __NR_exit: case __NR_exit_group: *made = false; return ended((u32)a[0] & 255);
  case __NR_kill: case __NR_tkill: return a[1] ? stopped_by((u32)a[1], -6) : 0;
  case __NR_tgkill: return a[2] ? stopped_by((u32)a[2], -6) : 0;
  default: return -ENOSYS;
  }
}

void divert_syscall(void) {
  static struct call c;
  static const u8 order[6] = { R_RDI, R_RSI, R_RDX, R_R10, R_R8, R_R9 };
  bool made = true;
  memset(&c, 0, sizeof c);
  c.nr = (u32)ctx.regs[R_RAX];
  for (int i = 0; i < 6; i++) c.args[i] = ctx.regs[order[i]];
  u64 pc = ctx.regs[R_RIP];
  s64 r = c.nr < syscall_rows_count ? answer(&c, &made) : -ENOSYS;
  if (!made || ctx.regs[R_RIP] != pc) return; // gdb has taken the call back
  c.result = r;
  call_return(&c);
}

// ---- memory and registers, written by gdb ----

int divert_write(u64 guest, const void *bytes, size_t n) {
  if (!diverting) return EROFS;
  translate_invalidate(guest, guest + n);
  return memory_poke(guest, bytes, n) == n ? 0 : EFAULT;
}

int divert_set_registers(u32 tid, const struct rr_dbg_regs *g, const u8 *area, size_t n) {
  static u8 vectors[16384] __attribute__((aligned(64)));
  struct thread *t = tid ? thread_find(tid) : current;
  if (!diverting || !t) return t ? EROFS : ESRCH;
  if (n < xsave_bytes || xsave_bytes > sizeof vectors) return EINVAL;
  caller = t->tid; // gdb makes a call by it
  u64 *regs = t == current ? ctx.regs : t->regs;
  memcpy(regs, g->regs, sizeof ctx.regs);
  regs[R_RFLAGS] = (regs[R_RFLAGS] & 0x254cd5ul) | 0x202; // what popf changes, without TF
  memcpy(vectors, area, xsave_bytes);
  u64 *header = (u64 *)(vectors + 512);
  header[0] &= xsave_mask;
  memset(header + 1, 0, 56);
  *(u32 *)(vectors + 24) &= 0xffff; // MXCSR: reserved bits fault
  if (t == current) {
    thread_set_bases(g->fs_base, g->gs_base);
    vectors_load(vectors);
    return 0;
  }
  t->fs_base = g->fs_base;
  t->gs_base = g->gs_base;
  if (t->vectors) memcpy(t->vectors, vectors, xsave_bytes);
  return 0;
}
