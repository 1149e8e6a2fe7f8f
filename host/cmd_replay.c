// rr replay [options] [TRACE]
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/gdb_server.h"
#include "host/paths.h"
#include "host/replay.h"
#include "host/say.h"

enum { O_AUTO = 1, O_QUIET, O_PORT, O_HOST, O_KEEP, O_GOTO, O_PROCESS, O_FORKED, O_END, O_DEBUGGER, O_SCRIPT, O_GDB_OPTION, O_INTERPRETER, O_FULLNAME, O_ACCEPTED };
static const struct cli_option options[] = {
  { O_AUTO, "a|autopilot", NULL, "replay to the end without a debugger" },
  { O_QUIET, "q|no-redirect-output", NULL, "do not print what the program printed" },
  { O_PORT, "s|dbgport", "PORT", "port of the debug server (0: any free one)" },
  { O_HOST, "h|dbghost", "HOST", "address that the debug server listens on (default: this machine only)" },
  { O_KEEP, "k|keep-listening", NULL, "go on listening when the debugger has left" },
  { O_GOTO, "g|goto", "EVENT", "start the debugger at this event" },
  { O_PROCESS, "p|onprocess", "PID|NAME", "debug this process, from its exec on" },
  { O_FORKED, "f|onfork", "PID", "debug this process, from its fork on" },
  { O_END, "e|at-end", NULL, "start the debugger at the end of the recording" },
  { O_DEBUGGER, "d|debugger", "GDB", "start this debugger" },
  { O_SCRIPT, "x|gdb-x", "FILE", "start gdb and have it read this script" },
  { O_GDB_OPTION, "o|debugger-option", "OPTION", "start gdb with this option" },
  { O_INTERPRETER, "i|interpreter", "NAME", "start gdb with this interpreter (mi)" },
  { O_FULLNAME, "fullname", NULL, "start gdb with --fullname" },
  { O_ACCEPTED, "u|cpu-unbound|serve-files|tty-redirect|intel-pt", NULL, NULL },
  { O_ACCEPTED, "trace|share-private-mappings|dump-interval|stats|retry-transient-errors", "VALUE", NULL },
  { 0 },
};

struct words { const char **list; size_t count; };

static void add_word(struct words *w, const char *word) {
  w->list = realloc(w->list, (w->count + 2) * sizeof *w->list);
  if (!w->list) abort();
  w->list[w->count++] = word;
  w->list[w->count] = NULL;
}

static bool set_number(struct cli *c, uint64_t max, uint64_t *n) {
  if (!cli_number(c, n)) return false;
  if (*n <= max) return true;
  cli_error(c, "%s: %s is too large", c->option, c->value);
  return false;
}

static bool set_debugger(struct cli *c, int option, struct replay_options *o, struct words *w) {
  o->start_debugger = true;
  switch (option) {
  case O_DEBUGGER: o->debugger = c->value; break;
  case O_SCRIPT: add_word(w, "-x"), add_word(w, c->value); break;
  case O_GDB_OPTION: add_word(w, c->value); break;
  case O_INTERPRETER: add_word(w, "-i"), add_word(w, c->value); break;
  case O_FULLNAME: add_word(w, "--fullname"); break;
  }
  return true;
}

static bool set_option(struct cli *c, int option, struct replay_options *o, struct words *w) {
  uint64_t n = 0;
  switch (option) {
  case O_AUTO: o->autopilot = true; return true;
  case O_QUIET: o->quiet = true; return true;
  case O_PORT:
    if (!set_number(c, 65535, &n)) return false;
    o->port = (int)n;
    return true;
  case O_HOST: o->host = c->value; return true;
  case O_KEEP: o->keep_listening = true; return true;
  case O_GOTO: o->goto_set = true; return cli_number(c, &o->goto_event);
  case O_PROCESS: o->process = c->value; return true;
  case O_FORKED:
    if (!set_number(c, INT_MAX, &n)) return false;
    o->forked = (int64_t)n;
    return true;
  case O_END: o->at_end = true; return true;
  case O_ACCEPTED: return true;
  default: return set_debugger(c, option, o, w);
  }
}

static int run(struct cli *c) {
  struct replay_options o = { .port = -1, .forked = -1 };
  struct words w = { 0 };
  const char *name = NULL;
  for (int option; (option = cli_next(c)) != CLI_END;) {
    if (option == CLI_ERROR || (option > 0 && !set_option(c, option, &o, &w))) return EXIT_USAGE;
    if (option != CLI_WORD) continue;
    if (c->words_only && (name || !strcmp(c->argv[c->next - 2], "--"))) { // rr replay TRACE -- arguments of gdb
      o.start_debugger = true;
      add_word(&w, c->value);
    } else if (name) {
      return cli_error(c, "one trace at a time: `%s` is too many", c->value);
    } else {
      name = c->value;
    }
  }
  o.debugger_args = w.list;
  char dir[PATH_MAX];
  struct fault f;
  struct replay_session r;
  if (trace_dir_find(name, dir, sizeof dir, &f) || replay_open(dir, &r, &f)) return fault_say(&f);
  int code = o.autopilot ? replay_auto(&r, &o) : replay_check(&r, &f) ? fault_say(&f) : gdb_serve(&r, &o);
  replay_close(&r);
  free(w.list);
  return code;
}

const struct command cmd_replay = { .name = "replay", .summary = "replay a recording, under a debugger or with -a to its end", .usage = "replay [options] [TRACE] [-- gdb options]",
  .options = options, .run = run };
