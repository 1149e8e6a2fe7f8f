// rr gdbinit: the gdb commands that rr debug uses, for those who start gdb themselves: `rr gdbinit > ~/.gdbinit-rr`.
#include <stdio.h>
#include "host/commands.h"
#include "host/gdb_launch.h"
#include "host/say.h"

static int run(struct cli *c) {
  int o = cli_next(c);
  if (o == CLI_ERROR) return EXIT_USAGE;
  if (o != CLI_END) return cli_error(c, "`%s` is not expected", c->value);
  fputs(gdb_init_text, stdout);
  return 0;
}

const struct command cmd_gdbinit = { .name = "gdbinit", .summary = "print the gdb commands that rr defines", .usage = "gdbinit", .run = run };
