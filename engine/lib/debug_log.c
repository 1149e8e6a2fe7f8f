// Debug text of the engine (RR_LOG): one write a line, to the descriptor that `rr` gave for it, else to stderr.
#include "engine/base.h"
#include "engine/debug.h"
#include "engine/sys.h"
#include "engine/start.h"

u64 log_mask;

static const char *const names[LOG_CATEGORIES] = { "start", "translate", "link", "syscall", "signal", "thread", "map", "smc", "replay", "tick", "debug" };

void log_text(enum log_category c, const char *f, ...) {
  char b[600];
  int n = fmt(b, sizeof b, "rr[%d:%d] %s: ", (int)ctx.stream, (int)sys(__NR_gettid), names[c]);
  va_list ap;
  va_start(ap, f);
  n += vfmt(b + n, sizeof b - (size_t)n - 1, f, ap);
  va_end(ap);
  if (n > (int)sizeof b - 2) n = (int)sizeof b - 2;
  b[n++] = '\n';
  sys(__NR_write, engine_fds[ENGINE_FD_DEBUG] >= 0 && !debugging ? engine_fds[ENGINE_FD_DEBUG] : 2, b, n);
}
