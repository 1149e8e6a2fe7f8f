// The manifest: what a trace says about itself, as lines `key=value` (docs/trace-format.md lists the keys).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "host/say.h"

struct manifest {
  struct manifest_pair { char *key, *value; } *pairs;
  size_t count, room;
};

void manifest_add(struct manifest *m, const char *key, const char *f, ...) __attribute__((format(printf, 3, 4)));
void manifest_set(struct manifest *m, const char *key, const char *f, ...) __attribute__((format(printf, 3, 4))); // replaces the first
const char *manifest_get(const struct manifest *m, const char *key);            // NULL: not there
const char *manifest_each(const struct manifest *m, const char *key, size_t *i); // all values of a key: *i starts at 0; NULL: no more
uint64_t manifest_number(const struct manifest *m, const char *key, uint64_t missing);
void manifest_free(struct manifest *m);

int manifest_write(int dir, const struct manifest *m, struct fault *f);  // replaces the file at once
int manifest_parse(const char *text, size_t size, struct manifest *m, struct fault *f);
int manifest_read(int dir, struct manifest *m, struct fault *f);
