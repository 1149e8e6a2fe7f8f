// The tracer: ptrace(2), and waits for tracees. What it asks is put into the tracee's slot, and the tracee's engine answers
// (engine/tracee.c). On replay the results come from the log, but for PTRACE_TRACEME, which changes the caller.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/sys.h"
#include "engine/tracee.h"
#include "engine/tracee_regs.h"

#define REGS_BYTES 216u          // struct user_regs_struct
#define FP_BYTES 512u
#define USER_BYTES 912u          // struct user
#define DEBUG_REGS 848u          // offsetof(struct user, u_debugreg)
#define OPTIONS_KNOWN 0x3000fful // PTRACE_O_MASK without SUSPEND_SECCOMP
#define NT_XSTATE 0x202u
#define POLL_MS 50               // how often a tracee that is not our child is looked for

static s64 answer(struct call *c, u64 at, const void *value, size_t n, s64 result) {
  if (!put_guest(at, value, n)) { call_log_reachable(c, at, n); return -EFAULT; }
  log_data_from(at, value, n);
  return result;
}

// ---- requests to the tracee ----

static s64 ask(struct rr_tracee *s, u32 what, u64 address, u64 length, const void *data) {
  s->request = what;
  s->address = address;
  s->length = length;
  if (data) memcpy(s->data, data, length);
  __atomic_store_n(&s->turn, RR_TURN_ASKED, __ATOMIC_SEQ_CST);
  if (tracee_kick(s) < 0) return -ESRCH;
  for (;;) {
    if (__atomic_load_n(&s->turn, __ATOMIC_SEQ_CST) == RR_TURN_ANSWERED) return s->result;
    s64 ts[2] = { 0, 100000000 };
    sys(__NR_futex, &s->turn, FUTEX_WAIT, RR_TURN_ASKED, ts, 0, 0);
    if (__atomic_load_n(&s->turn, __ATOMIC_SEQ_CST) == RR_TURN_ASKED && tracee_gone(s)) return -ESRCH;
    log_stop_if_over();
  }
}

static s64 get_regs(struct rr_tracee *s, u64 regs[27]) {
  s64 r = ask(s, RR_ASK_GETREGS, 0, 0, NULL);
  if (r == 0) memcpy(regs, s->data, REGS_BYTES);
  return r;
}

static s64 set_regs(struct rr_tracee *s, const u64 regs[27]) { return ask(s, RR_ASK_SETREGS, 0, REGS_BYTES, regs); }

static s64 peek_user(struct call *c, struct rr_tracee *s) {
  u64 at = c->args[2], regs[27], value = 0;
  if (at & 7 || at >= USER_BYTES) return -EIO;
  s64 r = at < REGS_BYTES ? get_regs(s, regs) : 0;
  if (r < 0) return r;
  if (at < REGS_BYTES) value = regs[at / 8];
  return answer(c, c->args[3], &value, 8, 0);
}

static s64 poke_user(struct call *c, struct rr_tracee *s) {
  u64 at = c->args[2], regs[27];
  if (at & 7 || at >= USER_BYTES) return -EIO;
  if (at >= DEBUG_REGS) return c->args[3] ? -EINVAL : 0; // no debug registers here
  if (at >= REGS_BYTES) return 0;
  s64 r = get_regs(s, regs);
  if (r < 0) return r;
  regs[at / 8] = c->args[3];
  return set_regs(s, regs);
}

static s64 get_block(struct call *c, struct rr_tracee *s, u32 what, u64 n, u64 to) {
  s64 r = ask(s, what, 0, n, NULL);
  return r < 0 ? r : answer(c, to, s->data, n, 0);
}

static s64 set_block(struct rr_tracee *s, u32 what, u64 n, u64 from) {
  static u8 data[RR_TRACEE_DATA];
  if (!get_guest(data, from, n)) return -EFAULT;
  return ask(s, what, 0, n, data);
}

static s64 regset(struct call *c, struct rr_tracee *s, bool set) {
  u64 iov[2], n;
  if (!get_guest(iov, c->args[3], sizeof iov)) return -EFAULT;
  switch (c->args[2]) {
  case NT_PRSTATUS: n = REGS_BYTES; break;
  case NT_PRFPREG: n = FP_BYTES; break;
  case NT_XSTATE: n = xsave_bytes; break;
  default: return -EINVAL;
  }
  if (iov[1] % 8 || (set && iov[1] < n && c->args[2] != NT_PRSTATUS)) return -EINVAL;
  if (iov[1] < n) n = iov[1];
  bool regs = c->args[2] == NT_PRSTATUS;
  s64 r;
  if (regs) {
    u64 v[27];
    r = get_regs(s, v);
    if (r == 0 && set) r = get_guest(v, iov[0], n) ? set_regs(s, v) : -EFAULT;
    else if (r == 0) r = answer(c, iov[0], v, n, 0);
  } else r = set ? set_block(s, RR_ASK_SETVECTORS, n, iov[0]) : get_block(c, s, RR_ASK_GETVECTORS, n, iov[0]);
  return r < 0 ? r : answer(c, c->args[3] + 8, &n, 8, 0);
}

static s64 syscall_info(struct call *c, struct rr_tracee *s) {
  struct ptrace_syscall_info i = { .op = PTRACE_SYSCALL_INFO_NONE, .arch = AUDIT_ARCH_X86_64 };
  u64 v[27], n = offsetof(struct ptrace_syscall_info, entry);
  s64 r = get_regs(s, v);
  if (r < 0) return r;
  const struct guest_user_regs *u = (const void *)v;
  i.instruction_pointer = u->ip;
  i.stack_pointer = u->sp;
  if (s->kind == RR_STOPPED_ENTRY) {
    i.op = PTRACE_SYSCALL_INFO_ENTRY;
    i.entry.nr = u->orig_ax;
    u64 args[6] = { u->di, u->si, u->dx, u->r10, u->r8, u->r9 };
    memcpy(i.entry.args, args, sizeof args);
    n = offsetof(struct ptrace_syscall_info, entry.args) + sizeof args;
  } else if (s->kind == RR_STOPPED_EXIT) {
    i.op = PTRACE_SYSCALL_INFO_EXIT;
    i.exit.rval = (s64)u->ax;
    i.exit.is_error = u->ax >= (u64)-4095;
    n = offsetof(struct ptrace_syscall_info, exit.is_error) + 1;
  }
  u64 given = c->args[2] < n ? c->args[2] : n;
  return answer(c, c->args[3], &i, given, (s64)n);
}

// ---- attaching ----

static s64 read_text(const char *path, char *text, size_t size) {
  s64 fd = sys(__NR_open, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  s64 n = sys(__NR_read, fd, text, size - 1);
  sys(__NR_close, fd);
  text[n > 0 ? n : 0] = 0;
  return n;
}

// The thread's process, if it is recorded here (its executable is the engine); *stopped: by a signal.
static s64 process_of(u32 tid, bool *stopped) {
  char path[40], text[1500], mine[256], its[256];
  fmt(path, sizeof path, "/proc/%u/status", tid);
  if (read_text(path, text, sizeof text) <= 0) return -ESRCH;
  const char *tgid = text, *state = text;
  while (*tgid && strncmp(tgid, "\nTgid:\t", 7)) tgid++;
  while (*state && strncmp(state, "\nState:\t", 8)) state++;
  if (!*tgid || !*state || state[8] == 'Z' || state[8] == 'X') return -ESRCH;
  *stopped = state[8] == 'T';
  u32 pid = 0;
  for (tgid += 7; *tgid >= '0' && *tgid <= '9'; tgid++) pid = pid * 10 + (u32)(*tgid - '0');
  fmt(path, sizeof path, "/proc/%u/exe", tid);
  s64 a = sys(__NR_readlink, "/proc/self/exe", mine, sizeof mine), b = sys(__NR_readlink, path, its, sizeof its);
  if (b < 0) return -EPERM;
  if (a != b || memcmp(mine, its, (size_t)a)) stop(STOP_REFUSED, "tracing (ptrace) process %u, which is not recorded, can't be recorded", pid);
  return pid;
}

static s64 attach(u32 tid, u32 how, u64 options) {
  bool stopped;
  if (options & ~OPTIONS_KNOWN) return -EIO;
  s64 pid = process_of(tid, &stopped);
  if (pid < 0) return pid;
  if (pid == (s64)current->process->pid) return -EPERM;
  s64 r = sys(__NR_kill, pid, 0);
  if (r < 0) return r;
  struct rr_tracee *s = tracee_find(tid);
  if (s) return -EPERM;
  s = tracee_claim(tid, (u32)pid, current->process->pid, current->tid);
  s->options = (u32)options;
  s->seized = how == 2;
  __atomic_store_n(&s->attach, how == 2 && stopped ? 3u : how, __ATOMIC_SEQ_CST);
  r = tracee_kick(s);
  if (how == 1 && stopped) sys(__NR_kill, pid, SIGCONT); // it goes from the kernel's stop to ours
  return r;
}

static s64 trace_me(void) {
  if (current->tracing.on) return -EPERM;
  u32 parent = (u32)sys(__NR_getppid);
  struct rr_tracee *s = parent ? tracee_claim(current->tid, current->process->pid, parent, 0) : NULL;
  if (!s) return -EPERM;
  tracee_begin(current, s, 0, false);
  return 0;
}

// ---- the call ----

static s64 resume(struct rr_tracee *s, u32 how, u64 signo) {
  if (signo > 64) return -EIO;
  return ask(s, RR_ASK_RESUME, how, signo, NULL);
}

static s64 stopped_request(struct call *c, struct rr_tracee *s, u64 request) {
  u64 a = c->args[2], d = c->args[3];
  switch (request) {
  case PTRACE_PEEKTEXT: case PTRACE_PEEKDATA: {
    s64 r = ask(s, RR_ASK_PEEK, a, 8, NULL);
    return r < 0 ? r : answer(c, d, s->data, 8, 0);
  }
  case PTRACE_POKETEXT: case PTRACE_POKEDATA: return ask(s, RR_ASK_POKE, a, 8, &d);
  case PTRACE_PEEKUSR: return peek_user(c, s);
  case PTRACE_POKEUSR: return poke_user(c, s);
  case PTRACE_CONT: return resume(s, RR_RESUME_CONT, d);
  case PTRACE_SYSCALL: return resume(s, RR_RESUME_SYSCALL, d);
  case PTRACE_SINGLESTEP: return resume(s, RR_RESUME_STEP, d);
  case 31: return resume(s, RR_RESUME_SYSEMU, d);
  case 32: return resume(s, RR_RESUME_SYSEMU_STEP, d);
  case PTRACE_DETACH: return d > 64 ? -EIO : ask(s, RR_ASK_DETACH, 0, d, NULL);
  case 12: return get_block(c, s, RR_ASK_GETREGS, REGS_BYTES, d);
  case 13: { u64 v[27]; return get_guest(v, d, sizeof v) ? set_regs(s, v) : -EFAULT; }
  case 14: return get_block(c, s, RR_ASK_GETVECTORS, FP_BYTES, d);
  case 15: return set_block(s, RR_ASK_SETVECTORS, FP_BYTES, d);
  case PTRACE_SETOPTIONS:
    if (d & ~OPTIONS_KNOWN) return -EINVAL;
    s->options = (u32)d;
    return ask(s, RR_ASK_OPTIONS, d, 0, NULL);
  case PTRACE_GETEVENTMSG: return answer(c, d, &s->message, 8, 0);
  case PTRACE_GETSIGINFO: return get_block(c, s, RR_ASK_GETSIGINFO, 128, d);
  case PTRACE_SETSIGINFO: return set_block(s, RR_ASK_SETSIGINFO, 128, d);
  case PTRACE_GETREGSET: return regset(c, s, false);
  case PTRACE_SETREGSET: return regset(c, s, true);
  case PTRACE_GETSIGMASK: return a == 8 ? get_block(c, s, RR_ASK_GETSIGMASK, 8, d) : -EINVAL;
  case PTRACE_SETSIGMASK: return a == 8 ? set_block(s, RR_ASK_SETSIGMASK, 8, d) : -EINVAL;
  case PTRACE_GET_SYSCALL_INFO: return syscall_info(c, s);
  case 30: { // PTRACE_ARCH_PRCTL: only to read
    u64 v[27];
    s64 r = get_regs(s, v);
    if (r < 0) return r;
    if (d == 0x1003) return answer(c, a, &v[21], 8, 0);
    if (d == 0x1004) return answer(c, a, &v[22], 8, 0);
    return -EINVAL;
  }
  }
  return -EIO; // PTRACE_SINGLEBLOCK, LISTEN, PEEKSIGINFO, SECCOMP_GET_FILTER and the like
}

enum call_status call_ptrace(struct call *c) {
  u64 request = c->args[0];
  u32 tid = (u32)c->args[1];
  if (request == PTRACE_TRACEME) return call_done(c, trace_me());
  if (request == PTRACE_ATTACH) return call_done(c, attach(tid, 1, 0));
  if (request == PTRACE_SEIZE) return call_done(c, c->args[2] ? -EIO : attach(tid, 2, c->args[3]));
  struct rr_tracee *s = tracee_find(tid);
  if (!s || s->tracer != current->process->pid || s->report == 2) return call_done(c, -ESRCH);
  if (request == PTRACE_KILL) { sys(__NR_kill, s->pid, SIGKILL); return call_done(c, 0); }
  if (request == PTRACE_INTERRUPT) {
    if (!s->seized) return call_done(c, -EIO);
    __atomic_store_n(&s->interrupt, 1, __ATOMIC_SEQ_CST);
    tracee_kick(s);
    return call_done(c, 0);
  }
  if (!__atomic_load_n(&s->stopped, __ATOMIC_SEQ_CST)) return call_done(c, -ESRCH);
  return call_done(c, stopped_request(c, s, request));
}

void replay_ptrace(struct call *c) {
  if (c->args[0] == PTRACE_TRACEME && c->result == 0) tracee_begin(current, NULL, 0, false);
}

// ---- waiting ----

static bool is_wait(const struct call *c) { return c->nr == __NR_wait4 || c->nr == __NR_waitid; }

static bool selected(const struct call *c, const struct rr_tracee *s) {
  s32 which = c->nr == __NR_wait4 ? ((s32)c->args[0] > 0 ? P_PID : (s32)c->args[0] == -1 ? P_ALL : P_PGID) : (s32)c->args[0];
  s32 id = c->nr == __NR_wait4 ? (s32)c->args[0] : (s32)c->args[1];
  if (c->nr == __NR_wait4 && id < 0) id = -id;
  if (which == P_ALL) return true;
  if (which == P_PID) return s->tid == (u32)id;
  if (which == P_PGID) return sys(__NR_getpgid, s->pid) == (id ? id : sys(__NR_getpgid, 0));
  return false;
}

static struct rr_tracee *mine(u32 i) {
  struct rr_tracee *s = tracee_slot(i);
  return __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == RR_TRACEE_USED && s->tracer == current->process->pid && s->tid ? s : NULL;
}

s64 tracee_poke(u32 id, u64 addr, const void *data, size_t n) {
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = mine(i);
    if (s && (s->pid == id || s->tid == id) && __atomic_load_n(&s->stopped, __ATOMIC_SEQ_CST)) return ask(s, RR_ASK_POKE, addr, n, data);
  }
  return -ESRCH;
}

static s64 give_wait4(struct call *c, u32 tid, u32 status) {
  static const u8 usage[144];
  if (c->args[1] && answer(c, c->args[1], &status, 4, 0) < 0) return -EFAULT;
  if (c->args[3] && answer(c, c->args[3], usage, sizeof usage, 0) < 0) return -EFAULT;
  return tid;
}

static s64 give_waitid(struct call *c, u32 tid, u32 status, bool ended) {
  static const u8 usage[144];
  u32 info[32] = { SIGCHLD, 0, CLD_TRAPPED, 0, tid, (u32)sys(__NR_getuid), status >> 8 };
  if (ended) {
    info[2] = status & 0x7f ? CLD_KILLED : CLD_EXITED;
    info[6] = status & 0x7f ? status & 0x7f : status >> 8;
  }
  if (c->args[2] && answer(c, c->args[2], info, sizeof info, 0) < 0) return -EFAULT;
  if (c->args[4] && answer(c, c->args[4], usage, sizeof usage, 0) < 0) return -EFAULT;
  return 0;
}

bool tracee_wait(struct call *c) {
  if (!is_wait(c)) return false;
  u32 options = (u32)(c->nr == __NR_wait4 ? c->args[2] : c->args[3]);
  if (signal_captured) signal_take();
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = mine(i);
    u32 report = s ? __atomic_load_n(&s->report, __ATOMIC_SEQ_CST) : 0;
    if (!report || !selected(c, s)) continue;
    u32 tid = s->tid, status = s->status;
    if (report == 1 && tracee_gone(s)) { s->report = 0; continue; }
    if (!(options & WNOWAIT)) {
      s->report = 0;
      if (report == 2) __atomic_store_n(&s->state, RR_TRACEE_FREE, __ATOMIC_RELEASE);
    }
    c->result = c->nr == __NR_wait4 ? give_wait4(c, tid, status) : give_waitid(c, tid, status, report == 2);
    return true;
  }
  return false;
}

bool tracee_wait_more(struct call *c) {
  if (!is_wait(c) || c->result != -ECHILD) return false;
  bool any = false;
  for (u32 i = 0; i < session->tracees; i++) {
    struct rr_tracee *s = mine(i);
    if (!s || !selected(c, s)) continue;
    if (s->report != 2 && tracee_gone(s)) { s->status = SIGKILL; s->report = 2; return true; }
    any = true;
  }
  if (!any) return false;
  if ((c->nr == __NR_wait4 ? c->args[2] : c->args[3]) & WNOHANG) {
    c->result = 0;
    return false;
  }
  u64 args[6] = { 0, 0, POLL_MS };
  guest_call(__NR_poll, args, (u32 *)&signal_captured);
  if (!signal_due()) return true;
  c->interrupted = true;
  c->result = -EINTR;
  return false;
}
