// rr sources [TRACE]: the binaries of a recording, where their debug information lies, and the source files that it names; JSON.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
#include "host/commands.h"
#include "host/elf.h"
#include "host/files.h"
#include "host/paths.h"
#include "host/replay.h"
#include "host/source_files.h"
#include "host/text.h"

#define IMAGE_MAX (4ul << 30)
struct paths { char **list; size_t count; };

static void add_path(void *to, const char *path) {
  struct paths *p = to;
  if (!(p->count & (p->count - 1))) p->list = realloc(p->list, (p->count ? 2 * p->count : 1) * sizeof *p->list);
  if (!p->list || !(p->list[p->count++] = strdup(path))) abort();
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void print_list(struct text *t, const char *key, struct paths *p, const char *end) {
  const char *comma = "";
  if (p->count) qsort(p->list, p->count, sizeof *p->list, by_name);
  text_add(t, "  \"%s\": [", key);
  for (size_t i = 0; i < p->count; i++) {
    if (i && !strcmp(p->list[i], p->list[i - 1])) continue;
    text_add(t, "%s\n    ", comma);
    text_json(t, p->list[i]);
    comma = ",";
  }
  text_add(t, "\n  ]%s\n", end);
  for (size_t i = 0; i < p->count; i++) free(p->list[i]);
  free(p->list);
}

// Debug information in a file of its own is found by the build id, where distributions put it.
static void look_beside(struct text *t, const char *id, const char **comma, struct paths *sources) {
  char path[PATH_MAX];
  size_t size;
  if (strlen(id) < 3) return;
  snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
  char *image = read_file_at(AT_FDCWD, path, IMAGE_MAX, &size);
  if (!image) return;
  text_add(t, "%s\n    { \"path\": ", *comma);
  text_json(t, path);
  text_add(t, ", \"build_id\": \"%s\", \"type\": \"build_id\" }", id);
  *comma = ",";
  if (source_files((const uint8_t *)image, size, add_path, sources)) say_warn("%s: not all of its line tables could be read", path);
  free(image);
}

static void print(const struct replay_session *r) {
  struct text t = { 0 }, beside = { 0 };
  struct paths binaries = { 0 }, sources = { 0 };
  const char *comma = "";
  for (uint32_t i = 0; i < r->kept.count; i++) {
    char name[32], id[128] = "";
    size_t size;
    snprintf(name, sizeof name, "file_%u", r->kept.files[i].id);
    char *image = read_file_at(r->trace->dir, name, IMAGE_MAX, &size);
    if (image && elf_kind((const uint8_t *)image, size) == ELF_X86_64) {
      add_path(&binaries, r->kept.files[i].path);
      if (source_files((const uint8_t *)image, size, add_path, &sources)) say_warn("%s: not all of its line tables could be read", r->kept.files[i].path);
      elf_build_id((const uint8_t *)image, size, id, sizeof id);
      look_beside(&beside, id, &comma, &sources);
    }
    free(image);
  }
  text_add(&t, "{\n");
  print_list(&t, "relevant_binaries", &binaries, ",");
  text_add(&t, "  \"external_debug_info\": [");
  if (beside.data) text_add_bytes(&t, beside.data, beside.size);
  text_add(&t, "\n  ],\n  \"dwos\": [],\n  \"symlinks\": [],\n");
  print_list(&t, "files", &sources, "");
  text_add(&t, "}\n");
  fwrite(t.data, 1, t.size, stdout);
  free(t.data);
  free(beside.data);
}

static int run(struct cli *c) {
  char dir[PATH_MAX];
  const char *name = NULL;
  struct fault f;
  struct replay_session r;
  for (int o; (o = cli_next(c)) != CLI_END; name = c->value)
    if (o == CLI_ERROR || name) return o == CLI_ERROR ? EXIT_USAGE : cli_error(c, "one trace at a time: `%s` is too many", c->value);
  if (trace_dir_find(name, dir, sizeof dir, &f) || replay_open(dir, &r, &f)) return fault_say(&f);
  print(&r);
  replay_close(&r);
  return 0;
}

const struct command cmd_sources = { .name = "sources", .summary = "list the binaries of a recording and their source files, as JSON", .usage = "sources [TRACE]", .run = run };
