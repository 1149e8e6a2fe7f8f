// rr debug [TRACE] [-- gdb arguments]: a replay and gdb in one.
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/gdb_server.h"
#include "host/paths.h"

enum { O_GOTO = 1, O_PROCESS, O_FORKED, O_END, O_QUIET, O_DEBUGGER };
static const struct cli_option options[] = {
  { O_GOTO, "g|goto", "EVENT", "start at this event" },
  { O_PROCESS, "p|onprocess", "PID|NAME", "debug this process, from its exec on" },
  { O_FORKED, "f|onfork", "PID", "debug this process, from its fork on" },
  { O_END, "e|at-end", NULL, "start at the end of the recording" },
  { O_QUIET, "q|no-redirect-output", NULL, "do not print what the program printed" },
  { O_DEBUGGER, "d|debugger", "GDB", "the debugger to start (default: gdb)" },
  { 0 },
};

static bool set_option(struct cli *c, int option, struct replay_options *o) {
  uint64_t n;
  switch (option) {
  case O_GOTO: o->goto_set = true; return cli_number(c, &o->goto_event);
  case O_PROCESS: o->process = c->value; return true;
  case O_FORKED:
    if (!cli_number(c, &n)) return false;
    o->forked = (int64_t)(n > INT_MAX ? INT_MAX : n);
    return true;
  case O_END: o->at_end = true; return true;
  case O_QUIET: o->quiet = true; return true;
  default: o->debugger = c->value; return true;
  }
}

static int run(struct cli *c) {
  struct replay_options o = { .port = -1, .forked = -1, .start_debugger = true };
  const char *name = NULL, **more = calloc((size_t)c->argc + 1, sizeof *more);
  size_t count = 0;
  if (!more) abort();
  for (int option; (option = cli_next(c)) != CLI_END;) {
    if (option == CLI_ERROR || (option > 0 && !set_option(c, option, &o))) return EXIT_USAGE;
    if (option != CLI_WORD) continue;
    if (c->words_only && (name || count || !strcmp(c->argv[c->next - 2], "--"))) more[count++] = c->value;
    else if (name) return cli_error(c, "one trace at a time: `%s` is too many; arguments of gdb follow --", c->value);
    else name = c->value;
  }
  o.debugger_args = more;
  char dir[PATH_MAX];
  struct fault f = { 0 };
  struct replay_session r;
  if (trace_dir_find(name, dir, sizeof dir, &f) || replay_open(dir, &r, &f)) return fault_say(&f);
  int code = gdb_serve(&r, &o);
  replay_close(&r);
  free(more);
  return code;
}

const struct command cmd_debug = { .name = "debug", .summary = "replay a recording in gdb", .usage = "debug [options] [TRACE] [-- gdb arguments]",
  .options = options, .run = run };
