// Clocks and sleeping. Clocks are read by the host's vdso: these calls are frequent.
#include <asm/errno.h>
#include <linux/signal.h>
#include <linux/time.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/start.h"
#include "engine/sys.h"

#define VDSO_CLOCKS (1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_REALTIME_COARSE | \
                     1u << CLOCK_MONOTONIC_COARSE | 1u << CLOCK_BOOTTIME | 1u << CLOCK_TAI)

static bool vdso_time(u64 clock, s64 ts[2]) {
  return host_clock_gettime && clock < 32 && (VDSO_CLOCKS >> clock & 1) && host_clock_gettime((int)clock, ts) == 0;
}

static enum call_status answer(struct call *c, u64 at, const void *value, size_t n, s64 result) {
  if (likely(put_guest(at, value, n))) log_data_from(at, value, n);
  else { call_log_reachable(c, at, n); result = -EFAULT; }
  return call_done(c, result);
}

enum call_status call_clock_gettime(struct call *c) {
  s64 ts[2];
  u32 clock = (u32)c->args[0];
  if (vdso_time(clock, ts)) return answer(c, c->args[1], ts, 16, 0);
  return clock == CLOCK_THREAD_CPUTIME_ID || (s32)clock < 0 ? CALL_HOST : call_direct(c); // negative: of a process or thread
}

enum call_status call_gettimeofday(struct call *c) {
  s64 ts[2];
  if (!c->args[0] || c->args[1] || !vdso_time(CLOCK_REALTIME, ts)) return CALL_HOST;
  ts[1] /= 1000;
  return answer(c, c->args[0], ts, 16, 0);
}

enum call_status call_time(struct call *c) {
  s64 ts[2];
  if (!vdso_time(CLOCK_REALTIME_COARSE, ts)) return CALL_HOST;
  return c->args[0] ? answer(c, c->args[0], ts, 8, ts[0]) : call_done(c, ts[0]);
}

enum call_status call_nanosleep(struct call *c) {
  s64 r = c->args[0] ? call_timeout(c, 0, TIMEOUT_TIMESPEC) : -EFAULT;
  c->host_args[1] = 0;
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

enum call_status call_clock_nanosleep(struct call *c) {
  u32 clock = (u32)c->args[0];
  if ((c->args[1] & TIMER_ABSTIME) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)) return CALL_HOST;
  s64 r = c->args[2] ? call_timeout(c, 2, TIMEOUT_TIMESPEC) : -EFAULT;
  c->host_args[3] = 0;
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

// What is left of a sleep that a signal ended. Absolute sleeps tell nothing; those on CPU clocks wrote it themselves.
void done_nanosleep(struct call *c) {
  u32 rem = c->nr == __NR_nanosleep ? 1 : 3;
  if (c->result != -EINTR || !c->args[rem] || (c->nr == __NR_clock_nanosleep && (c->args[1] & TIMER_ABSTIME))) return;
  if (c->timeout_kind) {
    call_again(c); // into c->timeout
    if (copyout(c->args[rem], c->timeout, 16) != 16) return;
  }
  log_data(c->args[rem], 16);
}

// ---- timers (record) ----

// Those whose signals are for one thread. The kernel's siginfo does not tell, and the host thread that caught one need not be the guest's.
struct timer { struct timer *next; u32 id, tid; };
static struct timer *timers;

static void forget_timer(u32 id) {
  for (struct timer **at = &timers, *n; (n = *at); at = &n->next)
    if (n->id == id) { *at = n->next; heap_free(n, sizeof *n); return; }
}

bool timer_thread(u32 id, u32 *tid) {
  for (const struct timer *n = timers; n; n = n->next)
    if (n->id == id) { *tid = n->tid; return true; }
  return false;
}

void timers_after_fork(void) { while (timers) forget_timer(timers->id); }

void done_timer_create(struct call *c) {
  struct { u64 value; u32 signo, notify, tid; } e;
  u32 id;
  call_log_outs(c);
  if (c->result != 0 || !get_guest(&id, c->args[2], 4)) return;
  forget_timer(id);
  if (!c->args[1] || !get_guest(&e, c->args[1], 20) || e.notify != SIGEV_THREAD_ID) return;
  struct timer *n = heap_alloc(sizeof *n);
  *n = (struct timer){ timers, id, e.tid };
  timers = n;
}

void done_timer_delete(struct call *c) {
  if (c->result == 0) forget_timer((u32)c->args[0]);
}
