// rr help [COMMAND], rr version [--verbose].
#include <stdio.h>
#include <sys/utsname.h>
#include "abi/session.h"
#include "host/commands.h"
#include "host/say.h"
#include "host/trace_format.h"

static int run_help(struct cli *c) {
  switch (cli_next(c)) {
  case CLI_ERROR: return EXIT_USAGE;
  case CLI_END: command_usage(); return 0;
  }
  const struct command *command = command_find(c->value);
  if (!command) return cli_error(c, "there is no command `%s`", c->value);
  cli_help(command);
  return 0;
}

const struct command cmd_help = { .name = "help", .summary = "say how a command is used", .usage = "help [COMMAND]", .run = run_help };

enum { O_VERBOSE = 1 };
static const struct cli_option version_options[] = { { O_VERBOSE, "v|verbose", NULL, "also print the formats and the machine" }, { 0 } };

static int run_version(struct cli *c) {
  bool verbose = false;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if (o == CLI_WORD) return cli_error(c, "`%s` is not expected", c->value);
    verbose = true;
  }
  puts("rr version " RR_VERSION);
  if (!verbose) return 0;
  struct utsname u;
  uname(&u);
  printf("trace format %d, engine interface %u\n%s %s %s\n", TRACE_FORMAT, RR_ABI_VERSION, u.sysname, u.release, u.machine);
  return 0;
}

const struct command cmd_version = {
  .name = "version", .summary = "print the version", .usage = "version [--verbose]", .options = version_options, .run = run_version };
