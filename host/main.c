// rr: records a process tree and replays it. Here: global options and the choice of the command.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/say.h"

#define COMMAND_ROW(name) &cmd_##name,
static const struct command *const commands[] = { COMMANDS(COMMAND_ROW) };

const struct command *command_find(const char *name) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (!strcmp(commands[i]->name, name)) return commands[i];
  return NULL;
}

void command_list(void) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) printf(" rr %s %s\n", commands[i]->name, commands[i]->summary);
}

void command_usage(void) {
  puts("usage: rr [options] COMMAND [options] ...\n"
       "       rr PROGRAM [arguments]    the same as rr record PROGRAM\n"
       "       rr TRACE                  the same as rr replay TRACE\n\n"
       "commands (rr help COMMAND says more):");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) printf("  %-10s  %s\n", commands[i]->name, commands[i]->summary);
  puts("\noptions of all commands:");
  for (const struct cli_option *row = cli_global_options; row->id; row++)
    if (row->help) printf("  --%s%s%s\n      %s\n", row->names + 2 * (row->names[1] == '|'), row->value ? "=" : "", row->value ? row->value : "", row->help);
}

static int run_command(struct cli *c) {
  const char *word = c->value;
  const struct command *command = command_find(word);
  if (!command) {
    command = trace_dir_is(word) ? &cmd_replay : &cmd_record;
    c->next--; // the word is its first argument
  }
  c->command = command;
  c->words_only = false;
  if (cli_globals.help) {
    cli_help(command);
    return 0;
  }
  return command->run(c);
}

int main(int argc, char **argv) {
  struct cli c = { .argc = argc, .argv = argv, .next = 1 };
  if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-N"))) return puts("rr version " RR_VERSION), 0;
  if (argc == 2 && !strcmp(argv[1], "--list-commands")) return command_list(), 0;
  int r = cli_next(&c);
  if (r == CLI_WORD) return run_command(&c);
  if (r == CLI_ERROR) return EXIT_USAGE;
  if (cli_globals.help) return command_usage(), 0;
  say_error("a command or a program is missing; see `rr help`");
  return EXIT_USAGE;
}
