// rr rm [-f] TRACE...: removes traces, and from the store what no trace uses any more.
#include <limits.h>
#include <string.h>
#include "host/commands.h"
#include "host/keep.h"
#include "host/paths.h"
#include "host/say.h"

enum { O_FORCE = 1 };
static const struct cli_option options[] = { { O_FORCE, "f|force", NULL, "also what has no readable manifest, as long as it holds nothing but a trace's files" }, { 0 } };

static int remove_one(const char *name, bool force) {
  char dir[PATH_MAX];
  struct fault f;
  if (trace_dir_find(name, dir, sizeof dir, &f)) return fault_say(&f);
  if (!force && !trace_dir_is(dir)) return fault_set(&f, EXIT_BAD_TRACE, "%s is not a trace: not removed", dir), fault_say(&f);
  return trace_dir_delete(dir, &f) ? fault_say(&f) : 0;
}

static int run(struct cli *c) {
  int code = 0;
  unsigned words = 0;
  bool force = false;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if (o == O_FORCE) force = true;
    if (o != CLI_WORD) continue;
    words++;
    int r = remove_one(c->value, force);
    if (r) code = r;
  }
  if (!words) return cli_error(c, "name the traces to remove");
  char cache[PATH_MAX];
  if (cache_dir_find(cache, sizeof cache)) keep_store_prune(cache);
  return code;
}

const struct command cmd_rm = { .name = "rm", .summary = "remove traces", .usage = "rm [-f] TRACE...", .options = options, .run = run };
