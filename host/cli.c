// Command line parsing from tables of options.
#include "host/cli.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi/session.h"
#include "host/say.h"
#include "host/syscalls.h"

struct cli_globals cli_globals;

enum { G_HELP = 1, G_DUMP_ON, G_DUMP_AT, G_CHECKSUM, G_IGNORED };
const struct cli_option cli_global_options[] = {
  { G_HELP, "h|help", NULL, "show this" },
  { G_DUMP_ON, "dump-on", "SYSCALL|-SIGNAL", "print the program's state at each such event (number or name)" },
  { G_DUMP_AT, "dump-at", "EVENT", "print the program's state at that event" },
  { G_CHECKSUM, "checksum", "on-syscalls|on-all-events|EVENT", "record: note checksums of memory; replay verifies them" },
  { G_IGNORED, "S|suppress-environment-warnings", NULL, NULL },
  { G_IGNORED, "E|fatal-errors", NULL, NULL },
  { 0 },
};

bool parse_number(const char *s, uint64_t *n) {
  if (!isdigit((unsigned char)*s)) return false;
  char *end;
  errno = 0;
  *n = strtoull(s, &end, s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10);
  return !*end && !errno;
}

int parse_signal(const char *s) {
  uint64_t n;
  if (parse_number(s, &n)) return n >= 1 && n <= 64 ? (int)n : 0;
  if (!strncasecmp(s, "SIG", 3)) s += 3;
  for (int i = 1; i < 32; i++)
    if (sigabbrev_np(i) && !strcasecmp(s, sigabbrev_np(i))) return i;
  if (!strcasecmp(s, "IOT")) return SIGABRT;
  if (!strcasecmp(s, "CLD")) return SIGCHLD;
  if (!strncasecmp(s, "RTMIN", 5)) {
    if (!s[5]) return 34; // as libc's SIGRTMIN: the kernel's first two are the thread library's
    if (s[5] == '+' && parse_number(s + 6, &n) && n <= 30) return 34 + (int)n;
  }
  if (!strncasecmp(s, "RTMAX", 5)) {
    if (!s[5]) return 64;
    if (s[5] == '-' && parse_number(s + 6, &n) && n <= 30) return 64 - (int)n;
  }
  return 0;
}

int cli_error(struct cli *c, const char *f, ...) {
  char text[512];
  va_list ap;
  va_start(ap, f);
  vsnprintf(text, sizeof text, f, ap);
  va_end(ap);
  if (c->command) say_error("%s: %s; see `rr help %s`", c->command->name, text, c->command->name);
  else say_error("%s; see `rr help`", text);
  return EXIT_USAGE;
}

bool cli_number(struct cli *c, uint64_t *n) {
  if (parse_number(c->value, n)) return true;
  cli_error(c, "%s wants a number, not `%s`", c->option, c->value);
  return false;
}

bool cli_signal(struct cli *c, int *signo) {
  if ((*signo = parse_signal(c->value))) return true;
  cli_error(c, "%s wants a signal (number or name), not `%s`", c->option, c->value);
  return false;
}

// Is `name` (length n, `_` counting as `-`) one of the names of a row?
static bool names_hold(const char *names, const char *name, size_t n) {
  for (const char *p = names; *p;) {
    size_t len = strcspn(p, "|");
    if (len == n) {
      size_t i = 0;
      while (i < n && (name[i] == '_' ? '-' : name[i]) == p[i]) i++;
      if (i == n) return true;
    }
    p += len + (p[len] == '|');
  }
  return false;
}

static const struct cli_option *option_find(const struct cli_option *rows, const char *name, size_t n) {
  for (; rows && rows->id; rows++)
    if (names_hold(rows->names, name, n)) return rows;
  return NULL;
}

static bool global_dump_on(struct cli *c) {
  uint64_t n;
  const char *v = c->value;
  cli_globals.dump_on_set = true;
  if (*v == '-') {
    cli_globals.dump_on = -parse_signal(v + 1);
    if (cli_globals.dump_on) return true;
  } else if (parse_number(v, &n) && n <= INT_MAX) {
    cli_globals.dump_on = (int)n;
    return true;
  } else if ((cli_globals.dump_on = syscall_number(v)) >= 0) {
    return true;
  }
  cli_error(c, "%s wants a system call or, after a minus, a signal; `%s` is neither", c->option, v);
  return false;
}

static bool global_checksum(struct cli *c) {
  const char *v = c->value;
  if (!strcmp(v, "on-syscalls")) cli_globals.checksum = RR_CHECKSUM_SYSCALLS;
  else if (!strcmp(v, "on-all-events")) cli_globals.checksum = RR_CHECKSUM_ALL;
  else if (parse_number(v, &cli_globals.checksum_from)) cli_globals.checksum = RR_CHECKSUM_FROM;
  else {
    cli_error(c, "%s wants on-syscalls, on-all-events or the event to start at, not `%s`", c->option, v);
    return false;
  }
  return true;
}

static bool global_option(struct cli *c, int id) {
  if (id == G_HELP && c->command) {
    cli_help(c->command);
    exit(0);
  }
  if (id == G_HELP) cli_globals.help = true;
  if (id == G_DUMP_ON) return global_dump_on(c);
  if (id == G_DUMP_AT) return cli_globals.dump_at_set = true, cli_number(c, &cli_globals.dump_at);
  if (id == G_CHECKSUM) return global_checksum(c);
  return true;
}

// `name` (n bytes) was typed, with `=value` or letters behind it.
static int take_option(struct cli *c, const char *name, size_t n, const char *attached) {
  const struct cli_option *row = c->command ? option_find(c->command->options, name, n) : NULL;
  bool global = !row;
  if (global) row = option_find(cli_global_options, name, n);
  if (!row) {
    cli_error(c, "unknown option %s", c->option);
    return CLI_ERROR;
  }
  c->value = attached;
  if (row->value && !attached) {
    if (c->next >= c->argc) {
      cli_error(c, "%s wants a value (%s)", c->option, row->value);
      return CLI_ERROR;
    }
    c->value = c->argv[c->next++];
  }
  if (!row->value && attached) {
    cli_error(c, "%s takes no value", c->option);
    return CLI_ERROR;
  }
  if (!global) return row->id;
  return global_option(c, row->id) ? cli_next(c) : CLI_ERROR;
}

static int take_letter(struct cli *c) {
  static char typed[3];
  const char *letter = c->letters++;
  const struct cli_option *row = c->command ? option_find(c->command->options, letter, 1) : NULL;
  if (!row) row = option_find(cli_global_options, letter, 1);
  memcpy(typed, (char[]){ '-', *letter, 0 }, 3);
  c->option = typed;
  const char *attached = NULL;
  if (row && row->value && *c->letters) {
    attached = c->letters + (*c->letters == '=');
    c->letters = NULL;
  }
  if (c->letters && !*c->letters) c->letters = NULL;
  return take_option(c, letter, 1, attached);
}

int cli_next(struct cli *c) {
  if (c->letters) return take_letter(c);
  if (c->next >= c->argc) return CLI_END;
  char *arg = c->argv[c->next];
  if (c->words_only || arg[0] != '-' || !arg[1]) {
    c->value = arg;
    c->next++;
    if (!c->command || c->command->stop_at_word) c->words_only = true;
    return CLI_WORD;
  }
  c->next++;
  if (!strcmp(arg, "--")) {
    c->words_only = true;
    return cli_next(c);
  }
  if (arg[1] != '-') {
    c->letters = arg + 1;
    return take_letter(c);
  }
  c->option = arg;
  size_t n = strcspn(arg + 2, "=");
  return take_option(c, arg + 2, n, arg[2 + n] ? arg + 3 + n : NULL);
}

static void help_row(const struct cli_option *row) {
  char left[128];
  size_t used = 0;
  if (!row->help) return;
  for (const char *p = row->names; *p;) {
    int len = (int)strcspn(p, "|");
    int r = snprintf(left + used, sizeof left - used, "%s%s%.*s", used ? ", " : "", len > 1 ? "--" : "-", len, p);
    used += (size_t)r;
    if (used >= sizeof left) break;
    p += len + (p[len] == '|');
  }
  if (used < sizeof left && row->value) snprintf(left + used, sizeof left - used, " %s", row->value);
  printf(strlen(left) > 32 ? "  %s\n  %-32s  %s\n" : "  %-32s%s  %s\n", left, "", row->help);
}

void cli_help(const struct command *command) {
  printf("usage: rr %s\n\n%s\n\noptions:\n", command->usage, command->summary);
  for (const struct cli_option *row = command->options; row && row->id; row++) help_row(row);
  for (const struct cli_option *row = cli_global_options; row->id; row++)
    if (row->names[1] != '|' || !option_find(command->options, row->names, 1)) help_row(row);
}
