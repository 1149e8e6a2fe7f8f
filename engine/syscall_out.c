// What system calls write: logging it, and moving it to scratch memory for calls that block while other threads run.
#include <asm/errno.h>
#include <linux/poll.h>
#include "engine/calls.h"
#include "engine/shared.h"
#include "engine/start.h"
#include "engine/sys.h"

#define SCRATCH_MAX (4u << 20)   // more is not redirected: such a call is made with nobody else running
#define IOV_MAX_ 1024u           // UIO_MAXIOV

// ---- after the call ----

void *call_host_view(struct call *c, u64 guest) {
  for (u32 i = 0; i < c->moved_n; i++)
    if (guest >= c->moved[i].guest && guest < c->moved[i].guest + c->moved[i].len) return (void *)(c->moved[i].host + (guest - c->moved[i].guest));
  return (void *)shared_host(guest);
}

void call_log_out(struct call *c, u64 guest, size_t len) {
  if (!guest || !len) return;
  if (!c->moved_n) { log_data(guest, len); return; }
  void *view = call_host_view(c, guest);
  if (view == (void *)shared_host(guest)) { log_data(guest, len); return; }
  copyout(guest, view, len);
  log_data_from(guest, view, len);
}

// After an EFAULT the kernel may have written a part: all of the range that can be read goes into the log.
void call_log_reachable(struct call *c, u64 guest, size_t len) {
  if (call_host_view(c, guest) != (void *)shared_host(guest)) return; // scratch has no holes
  u64 end = guest + len;
  if (end < guest) return;
  for (struct mapping *m = map_next(guest); m && m->start < end; m = map_next(m->end)) {
    u64 a = m->start > guest ? m->start : guest, b = m->end < end ? m->end : end;
    if (m->prot & 2 /* PROT_WRITE */) log_data(a, b - a);
  }
}

static size_t out_capacity(const struct call *c, const struct syscall_out *o) {
  switch (o->kind) {
  case OUT_FIXED: case OUT_INOUT: return o->size;
  case OUT_RESULT: case OUT_COUNT: {
    u64 n = c->args[o->by & 7];
    if (o->by & OUT_BY32) n = (u32)n;
    return n > (1ul << 40) ? 1ul << 40 : n * o->size;
  }
  case OUT_SOCKLEN: return c->socklen;
  }
  return 0;
}

static void log_socklen(struct call *c, const struct syscall_out *o) {
  u64 at = c->args[o->by];
  u32 len;
  if (!at || !c->args[o->arg]) { if (at) call_log_out(c, at, 4); return; }
  memcpy(&len, c->moved_n ? call_host_view(c, at) : &len, c->moved_n ? 4 : 0);
  if (!c->moved_n && !get_guest(&len, at, 4)) return;
  if (c->result >= 0) call_log_out(c, c->args[o->arg], len < c->socklen ? len : c->socklen);
  call_log_out(c, at, 4);
}

static void log_out(struct call *c, const struct syscall_out *o) {
  u64 guest = c->args[o->arg];
  size_t capacity = out_capacity(c, o), n = capacity;
  if (o->kind == OUT_SOCKLEN) { log_socklen(c, o); return; }
  if (!guest || !capacity) return;
  if (o->kind == OUT_RESULT) {
    n = c->result > 0 ? (size_t)c->result * o->size : 0;
    if (n > capacity) n = capacity; // MSG_TRUNC tells how long the whole was; getxattr and kin are asked with size 0
    if (n < capacity && (c->result == -EFAULT || (n && !map_writable(guest, capacity)))) { call_log_reachable(c, guest, capacity); return; }
  } else if (c->result < 0 && o->kind != OUT_INOUT) {
    if (c->result == -EFAULT) call_log_reachable(c, guest, capacity);
    return;
  }
  if (!n) return;
  if (n > 4096 || map_writable(guest, n)) call_log_out(c, guest, n);
  else call_log_reachable(c, guest, n);
}

void call_log_outs(struct call *c) {
  for (int i = 0; i < 3 && c->row->out[i].kind; i++) log_out(c, &c->row->out[i]);
}

// ---- before the call ----

void call_prepare_outs(struct call *c) {
  for (int i = 0; i < 3 && c->row->out[i].kind; i++) {
    const struct syscall_out *o = &c->row->out[i];
    if (o->kind == OUT_SOCKLEN) {
      c->socklen = 0;
      if (c->args[o->by]) { get_guest(&c->socklen, c->args[o->by], 4); smc_prepare_write(c->args[o->by], 4); }
    }
    if (c->args[o->arg]) smc_prepare_write(c->args[o->arg], out_capacity(c, o));
  }
}

static bool room_for(struct call *c, size_t bytes) {
  if (bytes > SCRATCH_MAX) return false;
  if (c->scratch_size < bytes) {
    if (c->scratch) heap_pages_free(c->scratch, c->scratch_size);
    c->scratch_size = ALIGN_UP(bytes < 65536 ? 65536 : bytes, RR_PAGE);
    c->scratch = heap_pages(c->scratch_size);
  }
  return true;
}

u64 call_scratch(struct call *c, u64 guest, size_t len, bool copy_in) {
  len = len ? len : 1;
  if (!c->moved_n) c->scratch_used = 0;
  if (c->moved_n == ARRAY_SIZE(c->moved) || !map_writable(guest, len)) return 0;
  if (c->moved_n == 0 ? !room_for(c, len + 4096) : c->scratch_used + len > c->scratch_size) return 0;
  u64 host = (u64)c->scratch + c->scratch_used;
  c->scratch_used += ALIGN_UP(len, (size_t)16);
  if (copy_in && copyin((void *)host, guest, len) != len) return 0;
  c->moved[c->moved_n].guest = guest;
  c->moved[c->moved_n].host = host;
  c->moved[c->moved_n++].len = len;
  return host;
}

u64 call_scratch_reserve(struct call *c, size_t len) {
  if (!room_for(c, len)) return 0;
  c->scratch_used = len;
  return (u64)c->scratch;
}

static bool redirect_one(struct call *c, u32 arg, size_t len, bool copy_in) {
  u64 guest = c->args[arg];
  if (!guest) return true;
  u64 host = call_scratch(c, guest, len, copy_in);
  if (host) c->host_args[arg] = host;
  return host != 0;
}

static bool no_redirect(struct call *c) {
  for (int i = 0; i < 6; i++)
    if (!c->timeout_kind || i != c->timeout_arg) c->host_args[i] = shared_host(c->args[i]);
  c->moved_n = 0;
  call_prepare_outs(c);
  return false;
}

bool call_redirect(struct call *c) {
  c->moved_n = 0;
  if (c->row->redirect) { if (c->row->redirect(c)) return true; c->moved_n = 0; call_prepare_outs(c); return false; }
  size_t total = 0;
  call_prepare_outs(c);
  for (int i = 0; i < 3 && c->row->out[i].kind; i++) total += out_capacity(c, &c->row->out[i]) + 64;
  if (total > SCRATCH_MAX || (total && !room_for(c, total + 4096))) return no_redirect(c);
  for (int i = 0; i < 3 && c->row->out[i].kind; i++) {
    const struct syscall_out *o = &c->row->out[i];
    if (o->kind == OUT_SOCKLEN && c->args[o->by] && !redirect_one(c, o->by, 4, true)) return no_redirect(c);
    if (!redirect_one(c, o->arg, out_capacity(c, o), o->kind != OUT_RESULT)) return no_redirect(c);
  }
  return true;
}

bool redirect_never(struct call *c) { (void)c; return false; }

void call_release(struct call *c) {
  if (c->scratch) heap_pages_free(c->scratch, c->scratch_size);
  if (c->iov) heap_free(c->iov, IOV_MAX_ * sizeof *c->iov);
  c->scratch = NULL;
  c->scratch_size = 0;
  if (c->host_iov) heap_free(c->host_iov, 2 * IOV_MAX_ * sizeof *c->host_iov);
  c->iov = c->host_iov = NULL;
}

// Whether the call, made now, would not wait. Regular files and the like are always ready for poll.
bool call_ready(struct call *c) {
  u32 events = c->row->flags & CALL_POLL_IN ? POLLIN : c->row->flags & CALL_POLL_OUT ? POLLOUT : 0;
  if (!events) return false;
  struct pollfd p = { .fd = (s32)c->args[0], .events = (s16)events };
  if (sys(__NR_poll, &p, 1, 0) != 1) return false;
  if (p.revents & (POLLERR | POLLHUP | POLLNVAL)) return true;
  // A pipe or socket that is ready for a byte may still not take all of a large write.
  return events == POLLIN || c->args[2] <= 4096;
}

// ---- iovec ----

s64 call_read_iov(struct call *c, u64 iov, u64 n) {
  c->iov_n = 0;
  if (n > IOV_MAX_) return -EINVAL;
  if (!c->iov) c->iov = heap_alloc(IOV_MAX_ * sizeof *c->iov);
  if (n && !get_guest(c->iov, iov, n * sizeof *c->iov)) return -EFAULT;
  c->iov_n = (u32)n;
  return 0;
}

void call_log_iov(struct call *c, u64 bytes) {
  for (u32 i = 0; i < c->iov_n && bytes; i++) {
    u64 n = c->iov[i].len < bytes ? c->iov[i].len : bytes;
    call_log_out(c, c->iov[i].base, n);
    bytes -= n;
  }
}

// ---- timeouts ----

static u64 now_ns(void) {
  s64 ts[2] = { 0, 0 };
  if (host_clock_gettime) host_clock_gettime(1 /* CLOCK_MONOTONIC */, ts);
  else sys(__NR_clock_gettime, 1, ts);
  return (u64)ts[0] * 1000000000u + (u64)ts[1];
}

static void set_timeout(struct call *c, u64 ns) {
  if (c->timeout_kind == TIMEOUT_MS) { c->host_args[c->timeout_arg] = (ns + 999999) / 1000000; return; }
  c->timeout[0] = (s64)(ns / 1000000000u);
  c->timeout[1] = (s64)(ns % 1000000000u) / (c->timeout_kind == TIMEOUT_TIMEVAL ? 1000 : 1);
  c->host_args[c->timeout_arg] = (u64)c->timeout;
}

s64 call_timeout(struct call *c, u32 arg, enum timeout_kind kind) {
  u64 ns;
  if (kind == TIMEOUT_MS) {
    if ((s32)c->args[arg] <= 0) return 0; // none, or not at all
    ns = (u64)(u32)c->args[arg] * 1000000;
  } else {
    if (!c->args[arg]) return 0;
    if (!get_guest(c->timeout, c->args[arg], 16)) return -EFAULT;
    s64 unit = kind == TIMEOUT_TIMEVAL ? 1000 : 1;
    // select normalises microseconds above a second (fs/select.c: kern_select); the others refuse nanoseconds above one.
    if (c->timeout[0] < 0 || c->timeout[1] < 0 || (unit == 1 && c->timeout[1] > 999999999)) return -EINVAL;
    if (c->timeout[0] > 9000000000) { c->timeout_kind = TIMEOUT_NONE; c->timeout_arg = (u8)arg; c->host_args[arg] = (u64)c->timeout; return 0; }
    ns = (u64)c->timeout[0] * 1000000000u + (u64)(c->timeout[1] * unit);
  }
  c->timeout_kind = (u8)kind;
  c->timeout_arg = (u8)arg;
  u64 now = now_ns();
  if (!c->deadline) c->deadline = now + ns;
  else ns = c->deadline > now ? c->deadline - now : 0;
  set_timeout(c, ns);
  return 0;
}

void call_again(struct call *c) {
  if (!c->timeout_kind || !c->deadline) return;
  u64 now = now_ns();
  set_timeout(c, c->deadline > now ? c->deadline - now : 0);
}
