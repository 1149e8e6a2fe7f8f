// Command lines. An option is a row; every form that people type is understood: `-gN`, `-g N`, `-g=N`, `--goto=N`,
// `--goto N`, `_` for `-` in long names, options after words (unless the command stops at its first word, as record does),
// `--` as the end of options. Wrong usage is one line on stderr; the caller returns EXIT_USAGE.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct cli_option {
  int id;             // > 0
  const char *names;  // "o|output-trace-dir": letters and long names, separated by |
  const char *value;  // how the value is called in the help; NULL: none
  const char *help;   // NULL: accepted, not shown
};

struct cli;
struct command {
  const char *name, *summary, *usage;
  const struct cli_option *options;  // ends with id 0
  bool stop_at_word;                 // option parsing ends at the first word
  int (*run)(struct cli *c);         // returns the exit status
};

struct cli {
  const struct command *command;
  int argc, next;
  char **argv;
  const char *value;   // of the option or word that cli_next returned
  const char *option;  // the option as it was typed
  const char *letters; // rest of a cluster of letters
  bool words_only;     // after --
};

enum { CLI_END = 0, CLI_WORD = -1, CLI_ERROR = -2 };
int cli_next(struct cli *c);  // id of an option, or one of the above. Global options are handled inside

// Options that every command takes, before and after its name.
struct cli_globals {
  bool dump_on_set, dump_at_set, help;
  int dump_on;         // system call number, or -signal
  uint64_t dump_at;    // event number
  uint32_t checksum;   // enum rr_checksum_mode
  uint64_t checksum_from;
};
extern struct cli_globals cli_globals;
extern const struct cli_option cli_global_options[];

// Values; false: a message was printed.
bool cli_number(struct cli *c, uint64_t *n);
bool cli_signal(struct cli *c, int *signo);
int cli_error(struct cli *c, const char *f, ...) __attribute__((format(printf, 2, 3)));  // prints, returns EXIT_USAGE

bool parse_number(const char *s, uint64_t *n);  // decimal or 0x; the whole string
int parse_signal(const char *s);                // number or name, with or without SIG; 0: unknown
void cli_help(const struct command *command);   // usage on stdout
