// poll, select, epoll: timeouts that survive interruptions, and signal masks for the time of the call (theirs: signal.c).
#include <asm/errno.h>
#include "engine/calls.h"
#include "engine/signal.h"
#include "engine/sys.h"

bool call_mask(struct call *c, u64 *mask) {
  u64 at[2] = { 0, 8 };
  switch (c->nr) {
  case __NR_ppoll: at[0] = c->args[3]; break;
  case __NR_epoll_pwait: case __NR_epoll_pwait2: at[0] = c->args[4]; break;
  case __NR_pselect6: if (!c->args[5] || !get_guest(at, c->args[5], 16)) return false; break;
  }
  return at[0] && get_guest(mask, at[0], 8);
}

// The host call gets no mask: the engine's own handlers must see all signals.
static s64 mask_begin(struct call *c, u32 arg, u64 at, u64 size) {
  u64 mask;
  c->host_args[arg] = 0;
  if (!at) return 0;
  if (size != 8) return -EINVAL;
  if (!get_guest(&mask, at, 8)) return -EFAULT;
  signal_swap_mask(&mask);
  c->masked = true;
  return 0;
}

// Other threads could run while this one waits: see first whether it would wait at all.
static enum call_status try_first(struct call *c, u32 arg, u64 none) {
  if (thread_count == 1) return CALL_HOST;
  call_redirect(c); // poll writes its array even when it finds nothing, and then this is no event yet
  u64 given = c->host_args[arg];
  c->host_args[arg] = none;
  s64 r = call_host(c);
  c->host_args[arg] = given;
  if (c->interrupted || r == 0) return CALL_HOST;
  if (c->masked) signal_restore_mask();
  c->result = r;
  if (c->row->finish) c->row->finish(c);
  else call_log_outs(c);
  return CALL_DONE;
}

enum call_status call_poll(struct call *c) {
  if (!(u32)c->args[2]) return call_direct(c);
  s64 r = call_timeout(c, 2, TIMEOUT_MS);
  return r < 0 ? call_done(c, r) : try_first(c, 2, 0);
}

static s64 no_time[2];

enum call_status call_ppoll(struct call *c) {
  s64 r = call_timeout(c, 2, TIMEOUT_TIMESPEC);
  if (r >= 0) r = mask_begin(c, 3, c->args[3], c->args[4]);
  no_time[0] = no_time[1] = 0;
  return r < 0 ? call_done(c, r) : try_first(c, 2, (u64)no_time);
}

// The kernel writes back what is left of the timeout (fs/select.c: poll_select_finish); ours first, then the guest's.
static void return_timeout(struct call *c, u32 arg) {
  if (!c->args[arg] || c->host_args[arg] != (u64)c->timeout) return;
  if (copyout(c->args[arg], c->timeout, 16) == 16) log_data(c->args[arg], 16);
}

void done_ppoll(struct call *c) {
  call_log_outs(c);
  return_timeout(c, 2);
}

static size_t set_bytes(const struct call *c) {
  s32 n = (s32)c->args[0];
  return n <= 0 ? 0 : ((size_t)(n > 65536 * 16 ? 65536 * 16 : n) + 63) / 64 * 8; // FDS_BYTES
}

static void prepare_sets(struct call *c) {
  for (int i = 1; i <= 3; i++)
    if (c->args[i]) smc_prepare_write(c->args[i], set_bytes(c));
}

enum call_status call_select(struct call *c) {
  s64 r = call_timeout(c, 4, TIMEOUT_TIMEVAL);
  prepare_sets(c);
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

enum call_status call_pselect6(struct call *c) {
  u64 mask[2] = { 0, 0 };
  s64 r = call_timeout(c, 4, TIMEOUT_TIMESPEC);
  if (r >= 0 && c->args[5] && !get_guest(mask, c->args[5], 16)) r = -EFAULT;
  if (r >= 0) r = mask_begin(c, 5, mask[0], mask[1]);
  prepare_sets(c);
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

void done_select(struct call *c) {
  size_t n = set_bytes(c);
  for (int i = 1; i <= 3 && n; i++) {
    if (!c->args[i]) continue;
    if (c->result < 0) { if (c->result == -EFAULT) call_log_reachable(c, c->args[i], n); }
    else if (map_writable(c->args[i], n)) call_log_out(c, c->args[i], n);
    else call_log_reachable(c, c->args[i], n); // the kernel stops at the end of the descriptor table
  }
  return_timeout(c, 4);
}

bool redirect_select(struct call *c) {
  size_t n = set_bytes(c);
  for (int i = 1; i <= 3 && n; i++) {
    if (!c->args[i]) continue;
    c->host_args[i] = call_scratch(c, c->args[i], n, true);
    if (c->host_args[i]) continue;
    for (i = 1; i <= 3; i++) c->host_args[i] = c->args[i];
    return false;
  }
  return true;
}

enum call_status call_epoll_wait(struct call *c) {
  if (!(u32)c->args[3]) return call_direct(c);
  s64 r = call_timeout(c, 3, TIMEOUT_MS);
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

enum call_status call_epoll_pwait(struct call *c) {
  s64 r = call_timeout(c, 3, TIMEOUT_MS);
  if (r >= 0) r = mask_begin(c, 4, c->args[4], c->args[5]);
  return r < 0 ? call_done(c, r) : !(u32)c->args[3] ? call_direct(c) : CALL_HOST;
}

enum call_status call_epoll_pwait2(struct call *c) {
  s64 r = call_timeout(c, 3, TIMEOUT_TIMESPEC);
  if (r >= 0) r = mask_begin(c, 4, c->args[4], c->args[5]);
  return r < 0 ? call_done(c, r) : CALL_HOST;
}
