// Every form in which options are typed.
#include "host/cli.h"
#include <limits.h>
#include <signal.h>
#include "abi/session.h"
#include "tests/unit/unit.h"

static const struct cli_option options[] = { { 1, "g|goto", "EVENT", "" }, { 2, "q", NULL, "" }, { 3, "no-redirect-output", NULL, "" }, { 4, "h|host", "HOST", "" }, { 0 } };
static const struct command command = { .name = "test", .options = options }, stopping = { .name = "test", .options = options, .stop_at_word = true };

#define PARSE(...) \
  char *argv[] = { "rr", __VA_ARGS__ }; \
  struct cli c = { .command = &command, .argc = sizeof argv / sizeof *argv, .argv = argv, .next = 1 }

static void forms(void) {
  static char *const typed[][3] = { { "-g7", NULL }, { "-g", "7" }, { "-g=7", NULL }, { "--goto=7", NULL }, { "--goto", "7" }, { "-qg7", NULL }, { "-qg", "7" }, { "--goto=0x7", NULL } };
  for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
    char *argv[] = { "rr", typed[i][0], typed[i][1] };
    struct cli c = { .command = &command, .argc = typed[i][1] ? 3 : 2, .argv = argv, .next = 1 };
    uint64_t n = 0;
    int o = cli_next(&c);
    if (o == 2) o = cli_next(&c);
    expect(o == 1 && cli_number(&c, &n) && n == 7 && cli_next(&c) == CLI_END);
  }
}

static void words(void) {
  PARSE("one", "--no_redirect_output", "two", "--", "-q", "-");
  expect(cli_next(&c) == CLI_WORD && !strcmp(c.value, "one"));
  expect(cli_next(&c) == 3);
  expect(cli_next(&c) == CLI_WORD && !strcmp(c.value, "two"));
  expect(cli_next(&c) == CLI_WORD && !strcmp(c.value, "-q"));
  expect(cli_next(&c) == CLI_WORD && !strcmp(c.value, "-"));
  expect(cli_next(&c) == CLI_END);
}

static void stops_at_word(void) {
  PARSE("-q", "program", "-q", "--unknown");
  c.command = &stopping;
  expect(cli_next(&c) == 2 && cli_next(&c) == CLI_WORD && c.next == 3);
  expect(cli_next(&c) == CLI_WORD && cli_next(&c) == CLI_WORD && cli_next(&c) == CLI_END);
}

static void errors(void) {
  { PARSE("--nonsense"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("-z"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("--goto"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("-g"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("--no-redirect-output=1"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("-g", "x"); uint64_t n; expect(cli_next(&c) == 1 && !cli_number(&c, &n)); }
  { PARSE("--dump_on=nonsense"); expect(cli_next(&c) == CLI_ERROR); }
  { PARSE("--checksum=nonsense"); expect(cli_next(&c) == CLI_ERROR); }
}

static void globals(void) {
  { PARSE("--dump_on=-SEGV", "--dump-at=12", "--checksum=on-syscalls"); expect(cli_next(&c) == CLI_END); }
  expect(cli_globals.dump_on_set && cli_globals.dump_on == -SIGSEGV && cli_globals.dump_at == 12 && cli_globals.checksum == RR_CHECKSUM_SYSCALLS);
  { PARSE("--dump_on=write", "--checksum=0x10"); expect(cli_next(&c) == CLI_END); }
  expect(cli_globals.dump_on == 1 && cli_globals.checksum == RR_CHECKSUM_FROM && cli_globals.checksum_from == 16);
  { PARSE("-h", "where"); expect(cli_next(&c) == 4 && !strcmp(c.value, "where")); } // the command's own letter wins
}

int main(void) {
  uint64_t n;
  expect(freopen("/dev/null", "w", stderr));
  forms();
  words();
  stops_at_word();
  errors();
  globals();
  expect(parse_signal("SIGINT") == 2 && parse_signal("int") == 2 && parse_signal("2") == 2 && !parse_signal("65") && !parse_signal("") && parse_signal("RTMIN+1") == 35);
  expect(parse_number("18446744073709551615", &n) && n == UINT64_MAX && !parse_number("18446744073709551616", &n) && !parse_number("-1", &n) && !parse_number("1x", &n) && !parse_number("", &n));
  return 0;
}
