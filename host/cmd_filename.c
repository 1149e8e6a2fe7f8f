// rr filename FILE...: the path by which the recorded program knew a file of a trace (trace_N/file_7); of a trace: all of them.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/replay.h"
#include "host/text.h"

static int print_files(const char *name, uint64_t id) {
  char dir[PATH_MAX];
  struct fault f;
  struct replay_session r;
  bool found = false;
  if (trace_dir_find(name, dir, sizeof dir, &f) || replay_open(dir, &r, &f)) return fault_say(&f);
  for (uint32_t i = 0; i < r.kept.count; i++) {
    if (id && r.kept.files[i].id != id) continue;
    if (id) printf("%s\n", r.kept.files[i].path);
    else printf("file_%u\t%s\n", r.kept.files[i].id, r.kept.files[i].path);
    found = true;
  }
  replay_close(&r);
  if (found || !id) return 0;
  say_error("filename: %s keeps no file_%llu", dir, (unsigned long long)id);
  return EXIT_BAD_TRACE;
}

static int print_of(struct cli *c, const char *path) {
  char dir[PATH_MAX];
  uint64_t id = 0;
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  if (trace_dir_is(path)) return print_files(path, 0);
  if (strncmp(base, "file_", 5) || !parse_number(base + 5, &id) || !id) return cli_error(c, "`%s` is neither a trace nor a file of one (trace_N/file_M)", path);
  snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
  return print_files(slash == path ? "/" : dir, id);
}

static int run(struct cli *c) {
  int code = 0, words = 0;
  for (int o; (o = cli_next(c)) != CLI_END; words++) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    int r = print_of(c, c->value);
    if (r) code = r;
  }
  return words ? code : print_files(NULL, 0);
}

const struct command cmd_filename = { .name = "filename", .summary = "print what the files that a trace keeps were called", .usage = "filename [TRACE | TRACE/file_N]...", .run = run };
