// rr traceinfo [TRACE]: what a trace says about itself, as JSON. Keys that other tools read: environ, xcr0, cpuidRecords.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/replay.h"
#include "host/text.h"

static void add_strings(struct text *t, const struct manifest *m, const char *key, const char *json) {
  const char *value, *comma = "";
  text_add(t, "  \"%s\": [", json);
  for (size_t i = 0; (value = manifest_each(m, key, &i)); comma = ",") {
    text_add(t, "%s\n    ", comma);
    text_json(t, value);
  }
  text_add(t, "\n  ],\n");
}

static void add_string(struct text *t, const char *json, const char *value) {
  text_add(t, "  \"%s\": ", json);
  text_json(t, value ? value : "");
  text_add(t, ",\n");
}

static void add_cpuid(struct text *t, const struct manifest *m) {
  const char *value, *comma = "";
  unsigned v[6];
  text_add(t, "  \"cpuidRecords\": [");
  for (size_t i = 0; (value = manifest_each(m, "cpuid", &i));) {
    if (sscanf(value, "%x %x %x %x %x %x", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) != 6) continue;
    text_add(t, "%s\n    [%u, %u, %u, %u, %u, %u]", comma, v[0], v[1], v[2], v[3], v[4], v[5]);
    comma = ",";
  }
  text_add(t, "\n  ],\n");
}

static void add_files(struct text *t, const struct kept_files *k) {
  text_add(t, "  \"files\": [");
  for (uint32_t i = 0; i < k->count; i++) {
    text_add(t, "%s\n    { \"name\": \"file_%u\", \"size\": %llu, \"path\": ", i ? "," : "", k->files[i].id, (unsigned long long)k->files[i].size);
    text_json(t, k->files[i].path);
    text_add(t, " }");
  }
  text_add(t, "\n  ]\n}\n");
}

static void print(const struct replay_session *r) {
  const struct trace *trace = r->trace;
  const struct manifest *m = &trace->manifest;
  struct text t = { 0 };
  uint64_t events = 0, size = 0;
  for (uint32_t i = 0; i < trace->count; i++) events += trace->entries[i].events, size += trace->entries[i].size;
  text_add(&t, "{\n  \"traceFormat\": %d,\n", TRACE_FORMAT);
  add_string(&t, "rrVersion", manifest_get(m, "rr"));
  add_string(&t, "path", trace->path);
  text_add(&t, "  \"complete\": %s,\n", trace->complete ? "true" : "false");
  if (!trace->complete) add_string(&t, "incompleteBecause", trace->incomplete_why);
  if (manifest_get(m, "stopped")) add_string(&t, "stoppedBecause", manifest_get(m, "stopped"));
  text_add(&t, "  \"timeNs\": %llu,\n", (unsigned long long)manifest_number(m, "time_ns", 0));
  if (manifest_get(m, "status")) text_add(&t, "  \"status\": %llu,\n", (unsigned long long)manifest_number(m, "status", 0));
  if (manifest_get(m, "seed")) text_add(&t, "  \"chaosSeed\": %llu,\n", (unsigned long long)manifest_number(m, "seed", 0));
  text_add(&t, "  \"pid\": %llu,\n", (unsigned long long)manifest_number(m, "pid", 0));
  add_string(&t, "program", manifest_get(m, "program"));
  add_strings(&t, m, "arg", "argv");
  add_string(&t, "cwd", manifest_get(m, "cwd"));
  add_strings(&t, m, "env", "environ");
  text_add(&t, "  \"streams\": %u,\n  \"frames\": %u,\n  \"events\": %llu,\n", trace->stream_count, trace->count, (unsigned long long)events);
  text_add(&t, "  \"packedBytes\": %llu,\n  \"unpackedBytes\": %llu,\n", (unsigned long long)trace->frames_bytes, (unsigned long long)size);
  add_string(&t, "cpu", manifest_get(m, "cpu"));
  text_add(&t, "  \"xcr0\": %llu,\n", (unsigned long long)manifest_number(m, "xcr0", 0));
  add_cpuid(&t, m);
  add_files(&t, &r->kept);
  fwrite(t.data, 1, t.size, stdout);
  free(t.data);
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

const struct command cmd_traceinfo = { .name = "traceinfo", .summary = "what a trace says about itself, as JSON", .usage = "traceinfo [TRACE]", .run = run };
