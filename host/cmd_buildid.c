// rr buildid: reads paths from stdin, a line each, and prints the build id of each, or an empty line.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/elf.h"
#include "host/files.h"
#include "host/say.h"

#define IMAGE_MAX (1u << 30)

static int run(struct cli *c) {
  int o = cli_next(c);
  if (o == CLI_ERROR) return EXIT_USAGE;
  if (o != CLI_END) return cli_error(c, "`%s` is not expected: paths are read from stdin", c->value);
  char *line = NULL;
  size_t room = 0;
  for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
    char id[128] = "";
    size_t size;
    if (line[n - 1] == '\n') line[n - 1] = 0;
    char *image = read_file_at(AT_FDCWD, line, IMAGE_MAX, &size);
    if (!image) say_warn("%s: %s", line, strerror(errno));
    else elf_build_id((const uint8_t *)image, size, id, sizeof id);
    puts(id);
    free(image);
  }
  free(line);
  return 0;
}

const struct command cmd_buildid = { .name = "buildid", .summary = "print the build ids of files named on stdin", .usage = "buildid < PATHS", .run = run };
