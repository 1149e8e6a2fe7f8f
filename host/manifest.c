// Lines of key=value, escaped as in C, between a first line that names the format and a last one with a checksum of all before.
#include "host/manifest.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "host/files.h"
#include "host/text.h"
#include "host/trace_format.h"

#define MANIFEST_MAX (64u << 20)

static struct manifest_pair *pair_new(struct manifest *m) {
  if (m->count == m->room) {
    m->room = m->room ? m->room * 2 : 64;
    m->pairs = realloc(m->pairs, m->room * sizeof *m->pairs);
    if (!m->pairs) abort();
  }
  return &m->pairs[m->count++];
}

void manifest_add(struct manifest *m, const char *key, const char *f, ...) {
  struct manifest_pair *p = pair_new(m);
  va_list ap;
  va_start(ap, f);
  p->key = strdup(key);
  if (vasprintf(&p->value, f, ap) < 0 || !p->key) abort();
  va_end(ap);
}

void manifest_set(struct manifest *m, const char *key, const char *f, ...) {
  struct manifest_pair *p = NULL;
  for (size_t i = 0; i < m->count && !p; i++)
    if (!strcmp(m->pairs[i].key, key)) p = &m->pairs[i];
  if (p) {
    free(p->value);
  } else {
    p = pair_new(m);
    p->key = strdup(key);
  }
  va_list ap;
  va_start(ap, f);
  if (vasprintf(&p->value, f, ap) < 0 || !p->key) abort();
  va_end(ap);
}

const char *manifest_each(const struct manifest *m, const char *key, size_t *i) {
  while (*i < m->count) {
    const struct manifest_pair *p = &m->pairs[(*i)++];
    if (!strcmp(p->key, key)) return p->value;
  }
  return NULL;
}

const char *manifest_get(const struct manifest *m, const char *key) {
  size_t i = 0;
  return manifest_each(m, key, &i);
}

uint64_t manifest_number(const struct manifest *m, const char *key, uint64_t missing) {
  const char *v = manifest_get(m, key);
  char *end;
  if (!v || !*v) return missing;
  uint64_t n = strtoull(v, &end, 0);
  return *end ? missing : n;
}

void manifest_free(struct manifest *m) {
  for (size_t i = 0; i < m->count; i++) {
    free(m->pairs[i].key);
    free(m->pairs[i].value);
  }
  free(m->pairs);
  *m = (struct manifest){ 0 };
}

int manifest_write(int dir, const struct manifest *m, struct fault *f) {
  struct text t = { 0 };
  text_add(&t, TRACE_FIRST_LINE "%d\n", TRACE_FORMAT);
  for (size_t i = 0; i < m->count; i++) {
    text_add(&t, "%s=", m->pairs[i].key);
    text_escape(&t, m->pairs[i].value);
    text_add_bytes(&t, "\n", 1);
  }
  text_add(&t, "sum=%016llx\n", (unsigned long long)XXH3_64bits(t.data, t.size));
  int r = t.failed ? -1 : write_file_at(dir, "manifest", t.data, t.size);
  int error = t.failed ? ENOMEM : errno;
  free(t.data);
  return r < 0 ? fault_set(f, 1, "cannot write the trace's manifest: %s", strerror(error)) : 0;
}

static int check_first_line(const char *text, size_t size, struct fault *f) {
  size_t n = sizeof TRACE_FIRST_LINE - 1;
  if (size < n || memcmp(text, TRACE_FIRST_LINE, n)) return fault_set(f, EXIT_BAD_TRACE, "the manifest is damaged, or this is not a trace of rr");
  char *end;
  unsigned long format = strtoul(text + n, &end, 10);
  if (*end != '\n' || end == text + n) return fault_set(f, EXIT_BAD_TRACE, "the manifest is damaged in its first line");
  if (format != TRACE_FORMAT)
    return fault_set(f, EXIT_BAD_TRACE, "the trace has format %lu and this rr reads format %d: replay it with the rr that recorded it", format, TRACE_FORMAT);
  return 0;
}

int manifest_parse(const char *text, size_t size, struct manifest *m, struct fault *f) {
  *m = (struct manifest){ 0 };
  if (check_first_line(text, size, f)) return f->code;
  const size_t sum_line = 4 + 16 + 1;
  char expected[32];
  if (size > sum_line) snprintf(expected, sizeof expected, "sum=%016llx\n", (unsigned long long)XXH3_64bits(text, size - sum_line));
  if (size <= sum_line || memcmp(text + size - sum_line, expected, sum_line) || memchr(text, 0, size))
    return fault_set(f, EXIT_BAD_TRACE, "the manifest is damaged (its checksum does not fit)");
  for (const char *line = memchr(text, '\n', size), *stop = text + size - sum_line; line && line + 1 < stop;) {
    line++;
    const char *end = memchr(line, '\n', (size_t)(stop - line)), *equal = end ? memchr(line, '=', (size_t)(end - line)) : NULL;
    if (!equal) break;
    struct manifest_pair *p = pair_new(m);
    p->key = strndup(line, (size_t)(equal - line));
    p->value = strndup(equal + 1, (size_t)(end - equal - 1));
    if (!p->key || !p->value) abort();
    if (!text_unescape(p->value)) return fault_set(f, EXIT_BAD_TRACE, "the manifest has a line that is not one");
    line = end;
  }
  return 0;
}

int manifest_read(int dir, struct manifest *m, struct fault *f) {
  size_t size;
  *m = (struct manifest){ 0 };
  char *text = read_file_at(dir, "manifest", MANIFEST_MAX, &size);
  if (!text) return fault_set(f, EXIT_BAD_TRACE, errno == ENOENT ? "there is no manifest: not a trace of rr" : "the manifest cannot be read: %s", strerror(errno));
  int r = manifest_parse(text, size, m, f);
  free(text);
  if (r) manifest_free(m);
  return r;
}
