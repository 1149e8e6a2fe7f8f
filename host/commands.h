// The commands of rr, each in cmd_NAME.c; main.c dispatches. A new command is a row here and a file.
#pragma once
#include "host/cli.h"

#define RR_VERSION "6.0.0" // tools that parse `rr --version` want at least 5.8.0 for today's qRRCmd encoding

#define COMMANDS(row) \
  row(record) row(replay) row(debug) row(ps) row(ls) row(dump) row(traceinfo) row(pack) row(rm) row(mv) row(rerun) row(sources) row(filename) row(gdbinit) row(lldbinit) row(buildid) row(cpufeatures) row(help) row(version)
#define COMMAND_DECLARE(name) extern const struct command cmd_##name;
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

const struct command *command_find(const char *name);
void command_list(void);        // ` rr NAME summary` a line
void command_usage(void);       // what `rr help` prints
