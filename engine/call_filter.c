// seccomp: a guest's filters are interpreted here, before each of its calls, on record and on replay; the kernel never gets
// them, as the engine's own calls would be filtered too. kernel/seccomp.c. Each thread has a chain of them, the newest first, whose
// tail it shares with the thread or process that it comes from.
#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include "engine/calls.h"
#include "engine/signal.h"
#include "engine/sys.h"

#define FILTERS_MAX 64u
#define INSNS_MAX 4096u         // BPF_MAXINSNS

struct filter { const struct filter *older; u32 len, depth; struct sock_filter *code; }; // never freed: at most a few
const struct filter *filter_inherited;
u32 filters_active;

// ---- the program ----

static u32 load(const struct seccomp_data *d, u32 k) { return ((const u32 *)d)[k / 4]; }

static u32 alu(u16 code, u32 a, u32 b) {
  switch (BPF_OP(code)) {
  case BPF_ADD: return a + b;
  case BPF_SUB: return a - b;
  case BPF_MUL: return a * b;
  case BPF_DIV: return b ? a / b : 0;
  case BPF_OR: return a | b;
  case BPF_AND: return a & b;
  case BPF_XOR: return a ^ b;
  case BPF_LSH: return b < 32 ? a << b : 0;
  case BPF_RSH: return b < 32 ? a >> b : 0;
  case BPF_NEG: return -a;
  }
  return a;
}

static bool jump(u16 code, u32 a, u32 b) {
  switch (BPF_OP(code)) {
  case BPF_JEQ: return a == b;
  case BPF_JGT: return a > b;
  case BPF_JGE: return a >= b;
  case BPF_JSET: return a & b;
  }
  return false;
}

// Valid by check(): jumps go forward inside, the last instruction returns.
static u32 run(const struct filter *f, const struct seccomp_data *d) {
  u32 a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };
  for (const struct sock_filter *i = f->code;; i++) {
    u32 b = BPF_SRC(i->code) == BPF_X ? x : i->k;
    switch (BPF_CLASS(i->code)) {
    case BPF_LD: a = BPF_MODE(i->code) == BPF_IMM ? i->k : BPF_MODE(i->code) == BPF_MEM ? mem[i->k] : BPF_MODE(i->code) == BPF_LEN ? sizeof *d : load(d, i->k); break;
    case BPF_LDX: x = BPF_MODE(i->code) == BPF_IMM ? i->k : BPF_MODE(i->code) == BPF_MEM ? mem[i->k] : sizeof *d; break;
    case BPF_ST: mem[i->k] = a; break;
    case BPF_STX: mem[i->k] = x; break;
    case BPF_ALU: a = alu(i->code, a, b); break;
    case BPF_JMP: i += BPF_OP(i->code) == BPF_JA ? i->k : jump(i->code, a, b) ? i->jt : i->jf; break;
    case BPF_RET: return BPF_RVAL(i->code) == BPF_A ? a : i->k;
    case BPF_MISC: if (BPF_MISCOP(i->code) == BPF_TAX) x = a; else a = x; break;
    }
  }
}

// kernel/seccomp.c: seccomp_check_filter; net/core/filter.c: bpf_check_classic.
static bool valid(const struct filter *f) {
  for (u32 n = 0; n < f->len; n++) {
    const struct sock_filter *i = &f->code[n];
    switch (i->code) {
    case BPF_LD | BPF_W | BPF_ABS: if (i->k >= sizeof(struct seccomp_data) || i->k & 3) return false; break;
    case BPF_LD | BPF_MEM: case BPF_LDX | BPF_MEM: case BPF_ST: case BPF_STX: if (i->k >= BPF_MEMWORDS) return false; break;
    case BPF_ALU | BPF_DIV | BPF_K: if (!i->k) return false; break;
    case BPF_ALU | BPF_LSH | BPF_K: case BPF_ALU | BPF_RSH | BPF_K: if (i->k >= 32) return false; break;
    case BPF_JMP | BPF_JA: if (i->k >= f->len - n - 1) return false; break;
    case BPF_JMP | BPF_JEQ | BPF_K: case BPF_JMP | BPF_JEQ | BPF_X: case BPF_JMP | BPF_JGE | BPF_K: case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K: case BPF_JMP | BPF_JGT | BPF_X: case BPF_JMP | BPF_JSET | BPF_K: case BPF_JMP | BPF_JSET | BPF_X:
      if (n + 1u + i->jt >= f->len || n + 1u + i->jf >= f->len) return false;
      break;
    case BPF_LD | BPF_W | BPF_LEN: case BPF_LDX | BPF_W | BPF_LEN: case BPF_LD | BPF_IMM: case BPF_LDX | BPF_IMM: case BPF_RET | BPF_K: case BPF_RET | BPF_A:
    case BPF_ALU | BPF_ADD | BPF_K: case BPF_ALU | BPF_ADD | BPF_X: case BPF_ALU | BPF_SUB | BPF_K: case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K: case BPF_ALU | BPF_MUL | BPF_X: case BPF_ALU | BPF_DIV | BPF_X: case BPF_ALU | BPF_AND | BPF_K: case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K: case BPF_ALU | BPF_OR | BPF_X: case BPF_ALU | BPF_XOR | BPF_K: case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_X: case BPF_ALU | BPF_RSH | BPF_X: case BPF_ALU | BPF_NEG: case BPF_MISC | BPF_TAX: case BPF_MISC | BPF_TXA: break;
    default: return false;
    }
  }
  return f->len && BPF_CLASS(f->code[f->len - 1].code) == BPF_RET;
}

// ---- the verdict on a call ----

static u32 verdict(const struct call *c) {
  struct seccomp_data d = { .nr = (s32)c->nr, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = ctx.regs[R_RIP] + 2 };
  for (int i = 0; i < 6; i++) d.args[i] = c->args[i];
  u32 result = SECCOMP_RET_ALLOW;
  for (const struct filter *f = current->filter; f; f = f->older) { // of equal actions the first seen counts, the lowest wins
    u32 r = run(f, &d);
    if ((s32)(r & SECCOMP_RET_ACTION_FULL) < (s32)(result & SECCOMP_RET_ACTION_FULL)) result = r;
  }
  return result;
}

static enum filter_verdict kill_thread(u32 signo) {
  if (current->process->threads == 1) signal_exit_by(signo);
  process_thread_exit(signo);
  return FILTER_DONE;
}

enum filter_verdict filter_call(struct call *c) {
  if (current->filter_strict && c->nr != __NR_read && c->nr != __NR_write && c->nr != __NR_exit && c->nr != __NR_rt_sigreturn) return kill_thread(9);
  u32 v = verdict(c), data = v & SECCOMP_RET_DATA;
  switch (v & SECCOMP_RET_ACTION_FULL) {
  case SECCOMP_RET_ALLOW: case SECCOMP_RET_LOG: return FILTER_ALLOW;
  case SECCOMP_RET_ERRNO: c->result = -(s64)(data > 4095 ? 4095 : data); return FILTER_RESULT;
  case SECCOMP_RET_TRACE: c->result = -ENOSYS; return FILTER_RESULT; // no tracer
  case SECCOMP_RET_USER_NOTIF: c->result = -ENOSYS; return FILTER_RESULT;
  case SECCOMP_RET_TRAP: {
    u64 pc = ctx.regs[R_RIP] + 2;
    c->result = (s64)ctx.regs[R_RAX];
    call_return(c);
    signal_raise_sys(pc, c->nr, (s32)data);
    return FILTER_DONE;
  }
  }
  if ((v & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD) return kill_thread(31);
  signal_exit_by(31); // SIGSYS
}

// ---- installing ----

static void add(u32 len, const struct sock_filter *code) {
  const struct filter **chain = current ? &current->filter : &filter_inherited;
  u32 depth = *chain ? (*chain)->depth + 1 : 1;
  if (depth > FILTERS_MAX) stop(STOP_REFUSED, "more than %u seccomp filters can't be recorded", FILTERS_MAX);
  struct filter *f = heap_alloc(sizeof *f);
  f->older = *chain;
  f->depth = depth;
  f->len = len;
  f->code = heap_alloc(len * sizeof *code);
  memcpy(f->code, code, len * sizeof *code);
  *chain = f;
  filters_active = 1;
}

static bool is_ancestor(const struct filter *old, const struct filter *of) {
  while (of && of != old) of = of->older;
  return of == old;
}

// SECCOMP_FILTER_FLAG_TSYNC: the other threads of the process may only have filters that the caller has too. 0, or whose are different.
static u32 cannot_sync(void) {
  for (const struct thread *t = all_threads; t; t = t->next)
    if (t != current && t->process == current->process && t->state != T_DEAD && (t->filter_strict || !is_ancestor(t->filter, current->filter))) return t->tid;
  return 0;
}

static void sync_threads(void) {
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->process == current->process) t->filter = current->filter;
}

static s64 install(u64 at, u64 flags) {
  struct { u16 len; u16 pad[3]; u64 code; } prog;
  static struct sock_filter code[INSNS_MAX];
  // Without SECCOMP_FILTER_FLAG_NEW_LISTENER (filters that ask another process): as before Linux 5.0.
  if (flags & ~(u64)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC_ESRCH)) return -EINVAL;
  if (!get_guest(&prog, at, sizeof prog)) return -EFAULT;
  if (!prog.len || prog.len > INSNS_MAX) return -EINVAL;
  struct filter f = { .len = prog.len, .code = code };
  if (!get_guest(code, prog.code, prog.len * sizeof *code)) return -EFAULT;
  if (!valid(&f)) return -EINVAL;
  u32 other = flags & SECCOMP_FILTER_FLAG_TSYNC ? cannot_sync() : 0;
  if (other) return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : (s64)other;
  add(prog.len, code);
  if (flags & SECCOMP_FILTER_FLAG_TSYNC) sync_threads();
  return 0;
}

static bool may_install(void) { // no_new_privs, or CAP_SYS_ADMIN
  struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct d[2];
  if (sys(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return true;
  return sys(__NR_capget, &h, d) == 0 && (d[0].effective >> CAP_SYS_ADMIN & 1);
}

static u64 what(const struct call *c, u64 *flags, u64 *at) {
  bool by_prctl = c->nr == __NR_prctl;
  *flags = by_prctl ? 0 : c->args[1];
  *at = c->args[2];
  return by_prctl ? c->args[1] - 1 : c->args[0]; // SECCOMP_MODE_STRICT 1, FILTER 2; SECCOMP_SET_MODE_STRICT 0, FILTER 1
}

enum call_status call_seccomp(struct call *c) {
  u64 flags, at, op = what(c, &flags, &at);
  if (op == SECCOMP_GET_ACTION_AVAIL && c->nr == __NR_seccomp) {
    u32 action;
    if (get_guest(&action, at, 4) && action == SECCOMP_RET_USER_NOTIF && !flags) return call_done(c, -EOPNOTSUPP);
    return CALL_HOST;
  }
  if (op == SECCOMP_SET_MODE_STRICT) {
    if (current->filter || (c->nr == __NR_seccomp && (flags || at))) return call_done(c, -EINVAL);
    current->filter_strict = true;
    filters_active = 1;
    return call_done(c, 0);
  }
  if (op != SECCOMP_SET_MODE_FILTER || current->filter_strict) return call_done(c, -EINVAL);
  return call_done(c, may_install() ? install(at, flags) : -EACCES);
}

void replay_seccomp(struct call *c) {
  u64 flags, at, op = what(c, &flags, &at);
  if (c->result || (c->nr == __NR_prctl && c->args[0] != PR_SET_SECCOMP)) return;
  if (op == SECCOMP_SET_MODE_STRICT) { current->filter_strict = true; filters_active = 1; }
  else if (op == SECCOMP_SET_MODE_FILTER) install(at, flags);
}

u32 filter_mode(void) { return current->filter_strict ? 1 : current->filter ? 2 : 0; }

// ---- over exec: call_limit.c ----

u64 filter_words(u64 *to, u64 room) { // the oldest first
  u64 n = 0;
  const struct filter *chain[FILTERS_MAX];
  u32 count = 0;
  for (const struct filter *f = current->filter; f; f = f->older) chain[count++] = f;
  while (count > 0) {
    const struct filter *f = chain[--count];
    if (to && n + f->len < room) {
      to[n] = f->len;
      memcpy(to + n + 1, f->code, f->len * 8);
    }
    n += f->len + 1;
  }
  return n;
}

void filter_restore(const u64 *words, u64 n) {
  for (u64 at = 0; at < n; at += words[at] + 1) {
    if (!words[at] || words[at] > INSNS_MAX || at + words[at] >= n) stop(STOP_IO, "the trace is damaged: bad seccomp filters in stream %u", ctx.stream);
    add((u32)words[at], (const struct sock_filter *)(words + at + 1));
  }
}
