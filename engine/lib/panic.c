// Ending a session with a reason. The first engine that stops claims the panic slot; the host prints it and ends the rest.
#include <linux/signal.h>
#include "engine/base.h"
#include "engine/debug.h"
#include "engine/sys.h"
#include "engine/log.h"
#include "engine/start.h"
#include "engine/translate.h"

static void stop_text(enum stop_kind kind, const char *text) {
  if (diverting) divert_failed(text);
  u32 zero = 0;
  if (session && __atomic_compare_exchange_n(&session->panic.taken, &zero, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    struct rr_panic *p = &session->panic;
    p->exit_status = kind;
    if (engine_ready) { p->stream = ctx.stream; p->pid = ctx.host_pid; p->event = ctx.events; p->ticks = ticks_now(); p->pc = ctx.regs[R_RIP]; }
    str_copy(p->text, text, sizeof p->text);
    __atomic_store_n(&p->taken, 2, __ATOMIC_RELEASE);
    __atomic_store_n(&session->abort, 1, __ATOMIC_RELEASE);
  }
  if (session) { // wake the host: it prints and ends the session
    __atomic_add_fetch(&session->doorbell, 1, __ATOMIC_ACQ_REL);
    sys(__NR_futex, &session->doorbell, 1 /* FUTEX_WAKE */, 1, 0, 0, 0);
  } else {
    sys(__NR_write, 2, text, strlen(text));
    sys(__NR_write, 2, "\n", 1);
  }
}

static NORETURN void end(int status) {
  sys(__NR_exit_group, status);
  for (;;) __builtin_trap();
}

void stop(enum stop_kind kind, const char *f, ...) {
  char text[1024];
  va_list ap;
  va_start(ap, f);
  vfmt(text, sizeof text, f, ap);
  va_end(ap);
  stop_text(kind, text);
  end(kind);
}

void check_failed(const char *file, int line, const char *cond, u64 value) {
  char text[400];
  fmt(text, sizeof text, "bug in the engine: %s:%d: check (%s) failed, value 0x%lx, guest pc 0x%lx", file, line, cond, value,
      engine_ready ? ctx.regs[R_RIP] : 0);
  stop_text(STOP_BUG, text);
  end(STOP_BUG);
}
