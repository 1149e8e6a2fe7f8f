// Clocks and sleeping. Clocks are read by the host's vdso: these calls are frequent.
#include <asm/errno.h>
#include <linux/time.h>
#include "engine/calls.h"
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
