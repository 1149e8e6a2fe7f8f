// Dispatch of the guest's system calls, on record and on replay (engine/syscall.h tells the life of a call).
//
// The hard thing: a call is over only when its event is in the log; until then R_RIP is the syscall instruction's address, so
// that a signal that comes first finds the guest before the call, and the call is made (again) after it.
#include <asm/errno.h>
#include <asm/socket.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/chaos.h"
#include "engine/exec.h"
#include "engine/keep.h"
#include "engine/shared.h"
#include "engine/signal.h"
#include "engine/start.h"
#include "engine/strings.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define NOT_MADE (-512)          // -ERESTARTSYS: guest_call was stopped before the kernel saw the call
#define RESTART_BLOCK (-516)     // -ERESTART_RESTARTBLOCK, -ERESTARTNOINTR: from the engine's own waits (futex.c)
#define RESTART_NOINTR (-513)
#define NUMBERS_UNUSED_FROM 512u // the kernel's table ends far below; 512..547 are x32's
#define NUMBERS_GAP 337u         // 337..423 are left free for all architectures (syscall_64.tbl)
#define NUMBERS_GAP_END 424u
#define EXTRA_MAX 512u

static u8 extra_copy[EXTRA_MAX];

static const struct syscall_row *row_of(u32 nr) {
  return nr < syscall_rows_count && syscall_rows[nr].name ? &syscall_rows[nr] : NULL;
}

static const struct syscall_row row_unknown = { .name = "?", .flags = CALL_ENOSYS };

static void unknown(u32 nr) {
  if (nr >= NUMBERS_UNUSED_FROM || (nr >= NUMBERS_GAP && nr < NUMBERS_GAP_END) || session->opt.on_unknown_enosys) return;
  stop(STOP_REFUSED, "system call %u (newer than this rr) at pc 0x%lx can't be recorded; --on-unknown=enosys answers such calls with ENOSYS", nr, ctx.regs[R_RIP]);
}

void call_return(struct call *c) {
  ctx.regs[R_RAX] = (u64)c->result;
  ctx.regs[R_RIP] += 2;
  if (unlikely(c->old_entry)) return;
  ctx.regs[R_RCX] = ctx.regs[R_RIP];     // Intel SDM vol. 2, SYSCALL: rcx = next rip, r11 = rflags;
  ctx.regs[R_R11] = ctx.regs[R_RFLAGS];  // and sysret restores them
  if (unlikely(current->tracing.on)) tracee_returned(current);
}

void call_restart_eintr(void) {
  if (!current->call.restart) return;
  current->call.restart = RESTART_NONE;
  current->call.deadline = 0;
  current->call.result = -EINTR;
  call_return(&current->call);
}

static void log_call(struct call *c, u8 flags) {
  if (unlikely(shared_regions)) shared_poll();
  bool output = c->output_fd && c->result > 0;
  size_t size = sizeof(struct rr_ev_syscall) + c->extra_size + (output ? sizeof(struct rr_ev_output) : 0);
  struct rr_ev_syscall *p = log_begin(RR_EV_SYSCALL, (u16)c->nr, size);
  p->result = c->result;
  for (int i = 0; i < 6; i++) p->args[i] = c->args[i];
  u8 *at = (u8 *)(p + 1);
  if (c->extra_size) { memcpy(at, c->extra, c->extra_size); at += c->extra_size; }
  if (output) {
    struct rr_ev_output o = { .order = c->output_order, .fd = c->output_fd, .len = (u32)c->result };
    memcpy(at, &o, sizeof o);
  }
  log_end(flags | (output ? RR_EVF_OUTPUT : 0));
  ctx.output_open = 0;
}

// The kernel delivers signals on its way out of a call.
static void after_record(void) {
  while (unlikely(signal_due()))
    if (signal_deliver(true)) return;
}

static bool signal_is_next(void) {
  const struct rr_event *e = log_peek();
  return e && e->type == RR_EV_SIGNAL && (e->flags & RR_EVF_AT_SYSCALL) && e->pc == ctx.regs[R_RIP] && e->ticks == ticks_now();
}

static void after_replay(void) {
  while (unlikely(tracee_replay(true)) || signal_is_next())
    if (current->state == T_STOPPED || signal_deliver(true)) return;
}

// ---- record ----

static void end_record(struct call *c) {
  rr_log(LOG_SYSCALL, "%d: %s(0x%lx, 0x%lx, 0x%lx, 0x%lx) = %ld", current->tid, c->row->name, c->args[0], c->args[1], c->args[2], c->args[3], c->result);
  log_call(c, 0);
  if (unlikely(c->after)) c->after(c);
  call_return(c);
  after_record();
}

static void end_host(struct call *c) {
  if (c->masked) signal_restore_mask();
  if (c->row->finish) c->row->finish(c);
  else if (c->row->out[0].kind) call_log_outs(c);
  end_record(c);
}

static u8 restart_kind(const struct call *c) {
  if (c->result == NOT_MADE || c->result == RESTART_NOINTR) return RESTART_NONE;
  return c->row->flags & CALL_RESTARTS && c->result != RESTART_BLOCK ? RESTART_SYS : RESTART_NOHAND;
}

// net/core: sock_intr_errno: a socket with a timeout is not waited for again after a handler.
static bool socket_times_out(int fd) {
  for (int option = SO_RCVTIMEO; option <= SO_SNDTIMEO; option++) {
    u64 tv[2] = { 0, 0 };
    u32 len = sizeof tv;
    if (sys(__NR_getsockopt, fd, SOL_SOCKET, option, tv, &len) < 0) return false;
    if (tv[0] | tv[1]) return true;
  }
  return false;
}

// A signal is due: the call ends here, to be restarted or to answer EINTR (signal_deliver decides, by the handler).
static void end_interrupted(struct call *c) {
  if (c->result == -EINTR && c->row->flags & CALL_RESTARTS && socket_times_out((int)c->args[0])) c->result = RESTART_BLOCK;
  if (c->masked) c->result = -EINTR;   // the handler runs under the call's mask, and the call is over
  bool made = c->result != NOT_MADE;
  if (made && c->row->finish == done_nanosleep) done_nanosleep(c);
  if (made && c->row->finish == done_select) done_select(c);
  if (made && (c->nr == __NR_poll || c->nr == __NR_ppoll)) call_log_out(c, c->args[0], (u64)(u32)c->args[1] * 8); // fs/select.c: written all the same
  output_unlock(c);
  c->output_fd = 0;
  if (unlikely(current->tracing.on)) tracee_interrupted();
  if (!made && !c->entered) return;    // nothing happened: the run loop comes back to the same instruction
  c->restart = restart_kind(c);
  log_call(c, RR_EVF_RESTART);
}

void call_redirect_all(struct call *c) {
  if (!call_redirect(c)) stop(STOP_REFUSED, "%s into memory shared with other processes at pc 0x%lx can't be recorded", c->row->name, ctx.regs[R_RIP]);
}

static void record_host(struct call *c) {
  for (;;) {
    enum call_status s;
    c->interrupted = false;
    if (unlikely(c->masked) && signal_due()) { end_interrupted(c); return; }
    if (unlikely(session->tracees) && tracee_wait(c)) { end_record(c); return; }
    if (thread_count == 1) {
      if (c->row->out[0].kind) call_prepare_outs(c);
      if (unlikely(c->redirect_all)) call_redirect_all(c);
      c->result = call_host(c);
      s = CALL_DONE;
    } else s = carrier_call(c);
    if (s == CALL_BLOCKED) {
      if (current->state != T_RUNNABLE) sched_block();
      return;
    }
    if (unlikely(session->tracees) && tracee_wait_more(c)) continue;
    if (likely(!c->interrupted)) break;
    if (signal_due()) { end_interrupted(c); return; }
    call_again(c);
  }
  end_host(c);
}

enum call_status call_direct(struct call *c) {
  if (c->row->out[0].kind) call_prepare_outs(c);
  c->result = call_host(c);
  if (c->interrupted) return CALL_HOST;
  if (c->masked) signal_restore_mask();
  if (c->row->finish) c->row->finish(c);
  else if (c->row->out[0].kind) call_log_outs(c);
  return CALL_DONE;
}

s64 call_host(struct call *c) {
  struct host_thread *h = carrier;
  h->in_kernel = 1;
  __asm__ volatile("" ::: "memory");
  s64 r = guest_call(c->host_nr, c->host_args, &signal_captured);
  __asm__ volatile("" ::: "memory");
  h->in_kernel = 0;
  c->interrupted = r == NOT_MADE || (r == -EINTR && (c->row->flags & CALL_BLOCKS));
  return r;
}

__attribute__((weak)) enum call_status carrier_call(struct call *c) {
  call_prepare_outs(c);
  c->result = call_host(c);
  return CALL_DONE;
}

static bool names_our_fd(const struct call *c) {
  u32 fds = c->row->fd_args;
  for (int i = 0; fds; i++, fds >>= 1)
    if ((fds & 1) && fd_ours((int)c->args[i])) return true;
  return false;
}

static enum call_status begin(struct call *c) {
  const struct syscall_row *row = c->row;
  if (unlikely(filters_active)) {
    enum filter_verdict v = filter_call(c);
    if (v == FILTER_DONE) return CALL_LOGGED;
    if (v == FILTER_RESULT) return CALL_DONE;
  }
  if (row->fd_args && names_our_fd(c) && row->start != call_close && row->start != call_dup2) return call_done(c, -EBADF);
  if (row->flags & CALL_ENOSYS) return call_done(c, -ENOSYS);
  if (unlikely(session->opt.chaos) && chaos_call(c)) return CALL_DONE;
  if (row->start) return row->start(c);
  if (row->flags & CALL_REFUSED) stop(STOP_REFUSED, "the system call %s can't be recorded yet (pc 0x%lx)", row->name, ctx.regs[R_RIP]);
  return CALL_HOST;
}

static void record(struct call *c) {
  if (unlikely(keep_pending) && !(c->row->flags & CALL_QUIET)) keep_settle();
  switch (begin(c)) {
  case CALL_HOST: record_host(c); break;
  case CALL_DONE: end_record(c); break;
  case CALL_BLOCKED: if (current->state != T_RUNNABLE) sched_block(); break;
  case CALL_LOGGED: after_record(); break;
  case CALL_NO_RETURN: break;
  }
}

// ---- replay ----

static void check_args(struct call *c, const struct rr_event *e) {
  const struct rr_ev_syscall *p = log_payload(e);
  if (e->size < sizeof *e + sizeof *p) stop(STOP_IO, "the trace is damaged: a bad system call event in stream %d", (int)ctx.stream);
  for (int i = 0; i < 6; i++)
    if (p->args[i] != c->args[i]) diverged(e, "%s: argument %d is 0x%lx, recorded was 0x%lx", c->row->name, i, c->args[i], p->args[i]);
}

static const struct rr_event *take(struct call *c, s64 *result, struct rr_ev_output *output) {
  const struct rr_event *e = log_take(RR_EV_SYSCALL, (u16)c->nr);
  check_args(c, e);
  const struct rr_ev_syscall *p = log_payload(e);
  size_t rest = e->size - sizeof *e - sizeof *p;
  const u8 *at = (const u8 *)(p + 1);
  if (e->flags & RR_EVF_OUTPUT) {
    if (rest < sizeof *output) diverged(e, "%s without the order of its output", c->row->name);
    rest -= sizeof *output;
    memcpy(output, at + rest, sizeof *output);
  }
  if (rest > EXTRA_MAX) diverged(e, "%s with %lu bytes more", c->row->name, rest);
  memcpy(extra_copy, at, rest);
  c->extra = extra_copy;
  c->extra_size = (u32)rest;
  *result = p->result;
  return e;
}

static void replay_end(struct call *c) {
  struct rr_ev_output output;
  const struct rr_event *e = take(c, &c->result, &output);
  u8 flags = e->flags;
  rr_log(LOG_SYSCALL, "%d: %s(0x%lx, 0x%lx, 0x%lx, 0x%lx) = %ld", current->tid, c->row->name, c->args[0], c->args[1], c->args[2], c->args[3], c->result);
  if (flags & RR_EVF_RESTART) {
    u64 mask;
    c->restart = restart_kind(c);
    if (call_mask(c, &mask)) signal_swap_mask(&mask);
    if (unlikely(current->tracing.on)) tracee_interrupted();
    return;
  }
  if (c->row->replay) c->row->replay(c);
  if (flags & RR_EVF_OUTPUT) replay_output(c, &output);
  call_return(c);
  after_replay();
}

// A process that shares its parent's memory was killed in this call.
static bool killed_waiting(const struct rr_event *e) {
  return e->type == RR_EV_EXIT && e->tid == current->tid && current->process->vfork_child && ((const struct rr_ev_exit *)log_payload(e))->status == 9;
}

static void replay_host(struct call *c) {
  const struct rr_event *e = log_peek();
  if (e && e->type == RR_EV_ENTER) {
    check_args(c, log_take(RR_EV_ENTER, (u16)c->nr));
    c->entered = true;
    current->state = T_CALL;
    sched_block();
  } else if (e && unlikely(killed_waiting(e))) {
    signal_exit_by(9);
  } else if (e && e->type == RR_EV_EXEC) {
    e = log_take(RR_EV_EXEC, 0);
    process_replay_exec(((const struct rr_ev_exec *)log_payload(e))->stream);
  } else replay_end(c);
}

static void replay_emulated(struct call *c) {
  s64 result;
  struct rr_ev_output none;
  switch (c->row->start(c)) {
  case CALL_DONE: {
    const struct rr_event *e = take(c, &result, &none);
    if (result != c->result) diverged(e, "%s came to %ld, recorded was %ld", c->row->name, c->result, result);
    call_return(c);
    after_replay();
    break;
  }
  case CALL_BLOCKED: if (current->state != T_RUNNABLE) sched_block(); break;
  case CALL_LOGGED: after_replay(); break;
  case CALL_HOST: replay_host(c); break;
  case CALL_NO_RETURN: break;
  }
}

static void replay(struct call *c) {
  if (unlikely(session->opt.strings)) strings_tell(c);
  if (unlikely(filters_active)) {
    enum filter_verdict v = filter_call(c);
    if (v == FILTER_DONE) return;
    if (v == FILTER_RESULT) { static const struct syscall_row filtered = { .name = "(filtered)" }; c->row = &filtered; replay_end(c); return; }
  }
  if (c->row->flags & CALL_EMULATED) replay_emulated(c);
  else replay_host(c);
}

// ---- both ----

void call_complete(struct thread *t, s64 result) {
  t->call.result = result;
  thread_ready(t);
}

void call_finish(struct thread *t) {
  struct call *c = &t->call;
  check(t == current, t->tid);
  if (replaying) {
    // The recording may have gone back into the call: then its next event is not this call's.
    const struct rr_event *e = log_peek();
    if (e && e->type != RR_EV_DATA && !(e->type == RR_EV_SYSCALL && e->tid == t->tid)) { t->state = T_CALL; sched_block(); return; }
    replay_end(c);
    return;
  }
  if (c->row->flags & CALL_EMULATED && !c->entered) {
    if (c->interrupted) end_interrupted(c); // a wait in the engine: the instruction is executed again
    else end_record(c);
    return;
  }
  if (unlikely(session->tracees) && tracee_wait_more(c)) { record_host(c); return; }
  if (!c->interrupted) { end_host(c); return; }
  if (signal_due()) { end_interrupted(c); return; }
  call_again(c);
  record_host(c);
}

// Signals that are due come first. True: a frame was pushed; the call is made when the guest comes back to it.
static bool signals_first(void) {
  if (replaying) {
    for (;;) {
      if (unlikely(tracee_replay(true))) {
        if (current->state == T_STOPPED) return true;
        continue;
      }
      if (!signal_is_next()) return false;
      if (unlikely(current->tracing.on)) tracee_interrupted();
      if (signal_deliver(true)) return true;
    }
  }
  if (unlikely(tracee_asked)) tracee_serve(RR_EVF_AT_SYSCALL);
  while (unlikely(signal_due()))
    if (signal_deliver(true)) return true;
  return false;
}

static void enter(u32 nr, const u64 args[6], bool old) {
  if (signals_first()) return;
  if (unlikely(current->tracing.on)) {
    if (tracee_call()) return;
    if (!old) nr = (u32)ctx.regs[R_RAX]; // its tracer may have chosen another
  }
  struct call *c = &current->call;
  if (!c->restart || c->nr != nr) c->deadline = 0;
  c->restart = RESTART_NONE;
  c->nr = c->host_nr = nr;
  c->row = row_of(nr);
  for (int i = 0; i < 6; i++) c->args[i] = c->host_args[i] = args[i];
  c->extra_size = 0;
  c->after = NULL;
  c->output_fd = 0;
  c->moved_n = 0;
  c->timeout_kind = 0;
  c->entered = c->interrupted = c->masked = c->redirect_all = false;
  c->old_entry = old;
  current->syscall_pc = ctx.regs[R_RIP];
  if (unlikely(!c->row)) { if (!replaying) unknown(nr); c->row = &row_unknown; }
  if (replaying) { replay(c); return; }
  if (unlikely(shadowing)) shared_call(c);
  record(c);
}

void syscall_guest(void) {
  static const u8 order[6] = { R_RDI, R_RSI, R_RDX, R_R10, R_R8, R_R9 };
  u64 args[6];
  for (int i = 0; i < 6; i++) args[i] = ctx.regs[order[i]];
  enter((u32)ctx.regs[R_RAX], args, false); // the kernel takes eax, sign-extended, as an index (arch/x86/entry/common.c)
}

// int 0x80 in 64-bit code: calls of the 32-bit table whose arguments mean the same in both, with arguments of 32 bits.
// Sources: arch/x86/entry/syscalls/syscall_32.tbl; arch/x86/entry/entry_64_compat.S (rcx and r11 stay).
static const struct { u16 old, nr; } old_calls[] = {
  { 1, __NR_exit }, { 2, __NR_fork }, { 3, __NR_read }, { 4, __NR_write }, { 5, __NR_open }, { 6, __NR_close }, { 8, __NR_creat }, { 9, __NR_link }, { 10, __NR_unlink },
  { 12, __NR_chdir }, { 14, __NR_mknod }, { 15, __NR_chmod }, { 20, __NR_getpid }, { 27, __NR_alarm }, { 29, __NR_pause }, { 33, __NR_access }, { 36, __NR_sync },
  { 37, __NR_kill }, { 38, __NR_rename }, { 39, __NR_mkdir }, { 40, __NR_rmdir }, { 41, __NR_dup }, { 42, __NR_pipe }, { 45, __NR_brk }, { 57, __NR_setpgid }, { 60, __NR_umask },
  { 61, __NR_chroot }, { 63, __NR_dup2 }, { 64, __NR_getppid }, { 65, __NR_getpgrp }, { 66, __NR_setsid }, { 83, __NR_symlink }, { 85, __NR_readlink }, { 91, __NR_munmap },
  { 94, __NR_fchmod }, { 118, __NR_fsync }, { 122, __NR_uname }, { 125, __NR_mprotect }, { 132, __NR_getpgid }, { 133, __NR_fchdir }, { 143, __NR_flock }, { 147, __NR_getsid },
  { 148, __NR_fdatasync }, { 150, __NR_mlock }, { 151, __NR_munlock }, { 158, __NR_sched_yield }, { 168, __NR_poll }, { 183, __NR_getcwd }, { 190, __NR_vfork }, { 199, __NR_getuid },
  { 200, __NR_getgid }, { 201, __NR_geteuid }, { 202, __NR_getegid }, { 219, __NR_madvise }, { 224, __NR_gettid }, { 238, __NR_tkill }, { 252, __NR_exit_group }, { 258, __NR_set_tid_address },
  { 270, __NR_tgkill }, { 328, __NR_eventfd2 }, { 329, __NR_epoll_create1 }, { 330, __NR_dup3 }, { 331, __NR_pipe2 }, { 355, __NR_getrandom }, { 356, __NR_memfd_create }, { 424, __NR_pidfd_send_signal },
  { 434, __NR_pidfd_open },
};

void syscall_guest_32(void) {
  static const u8 order[6] = { R_RBX, R_RCX, R_RDX, R_RSI, R_RDI, R_RBP };
  u64 args[6];
  u32 old = (u32)ctx.regs[R_RAX];
  for (int i = 0; i < 6; i++) args[i] = (u32)ctx.regs[order[i]];
  for (u32 i = 0; i < ARRAY_SIZE(old_calls); i++)
    if (old_calls[i].old == old) { enter(old_calls[i].nr, args, true); return; }
  stop(STOP_REFUSED, "the 32-bit system call %u (int 0x80) at pc 0x%lx can't be recorded", old, ctx.regs[R_RIP]);
}
