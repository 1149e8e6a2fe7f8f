// rr mv TRACE NEW: gives a trace another name, or puts it into another directory of the same file system.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/say.h"

static int move(const char *from, const char *to) {
  char dir[PATH_MAX], target[PATH_MAX];
  struct fault f;
  struct stat st;
  if (trace_dir_find(from, dir, sizeof dir, &f)) return fault_say(&f);
  if (!trace_dir_is(dir)) return fault_set(&f, EXIT_BAD_TRACE, "%s is not a trace", dir), fault_say(&f);
  snprintf(target, sizeof target, "%s", to);
  if (stat(to, &st) == 0 && S_ISDIR(st.st_mode) && !trace_dir_is(to)) {
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/') dir[--n] = 0;
    const char *base = strrchr(dir, '/');
    snprintf(target, sizeof target, "%s/%s", to, base ? base + 1 : dir);
  }
  if (stat(target, &st) == 0) return say_error("%s is there already", target), 1;
  if (rename(dir, target) == 0) return 0;
  if (errno == EXDEV) say_error("%s and %s are on different file systems: rr pack the trace, copy it, and rr rm the old one", dir, target);
  else say_error("%s cannot be renamed to %s: %s", dir, target, strerror(errno));
  return 1;
}

static int run(struct cli *c) {
  const char *words[2] = { NULL };
  unsigned n = 0;
  for (int o; (o = cli_next(c)) != CLI_END; words[n++] = c->value)
    if (o == CLI_ERROR || n == 2) return o == CLI_ERROR ? EXIT_USAGE : cli_error(c, "two names are wanted: `%s` is too many", c->value);
  return n == 2 ? move(words[0], words[1]) : cli_error(c, "two names are wanted: the trace and what it shall be called");
}

const struct command cmd_mv = { .name = "mv", .summary = "rename a trace", .usage = "mv TRACE NEW", .run = run };
