// rr lldbinit: rr's commands for lldb, which knows no `monitor`: `rr lldbinit > ~/.lldbinit-rr`, then `command source` it.
#include <stdio.h>
#include "host/commands.h"
#include "host/say.h"

static const char *const names[] = { "when", "when-ticks", "when-tid", "when-end", "elapsed-time", "checkpoint" };

static int run(struct cli *c) {
  int o = cli_next(c);
  if (o == CLI_ERROR) return EXIT_USAGE;
  if (o != CLI_END) return cli_error(c, "`%s` is not expected", c->value);
  puts("settings set prompt \"(rr) \"\n"
       "settings set plugin.process.gdb-remote.packet-timeout 10000\n"
       "settings set target.process.thread.step-avoid-regexp \"\"");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) printf("command alias %s process plugin packet monitor %s\n", names[i], names[i]);
  return 0;
}

const struct command cmd_lldbinit = { .name = "lldbinit", .summary = "print the lldb commands that rr defines", .usage = "lldbinit", .run = run };
