// rr cpufeatures: what to give to `rr record` elsewhere, so that its traces replay on this CPU.
#include <cpuid.h>
#include <stdio.h>
#include "host/commands.h"
#include "host/say.h"

static int run(struct cli *c) {
  int o = cli_next(c);
  if (o == CLI_ERROR) return EXIT_USAGE;
  if (o != CLI_END) return cli_error(c, "`%s` is not expected", c->value);
  unsigned r[3][4] = { { 0 } };
  __get_cpuid_count(1, 0, &r[0][0], &r[0][1], &r[0][2], &r[0][3]);
  __get_cpuid_count(7, 0, &r[1][0], &r[1][1], &r[1][2], &r[1][3]);
  __get_cpuid_count(13, 1, &r[2][0], &r[2][1], &r[2][2], &r[2][3]);
  printf("--disable-cpuid-features 0x%x,0x%x --disable-cpuid-features-ext 0x%x,0x%x,0x%x --disable-cpuid-features-xsave 0x%x\n", ~r[0][2], ~r[0][3], ~r[1][1], ~r[1][2], ~r[1][3], ~r[2][0]);
  return 0;
}

const struct command cmd_cpufeatures = { .name = "cpufeatures", .summary = "print the options of record that hide what this CPU has not", .usage = "cpufeatures", .run = run };
