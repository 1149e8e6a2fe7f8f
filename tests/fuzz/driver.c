// Runs a fuzz target over the files of a directory and over simple mutations of them, so that it is exercised without libFuzzer.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)
#define MUTATIONS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t random_state = 88172645463325252u;
static uint32_t random_below(uint32_t n) { // xorshift
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 11) % n;
}

// A copy of exactly the input's size, so that the sanitizer sees every byte read beyond it.
static void run(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy) abort();
  memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void mutate(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size + 1);
  if (!copy) abort();
  for (int i = 0; i < MUTATIONS && size; i++) {
    memcpy(copy, data, size);
    for (uint32_t n = 1 + random_below(4); n > 0; n--) {
      uint32_t at = random_below((uint32_t)size);
      copy[at] = random_below(2) ? (uint8_t)random_below(256) : (uint8_t)(copy[at] ^ 1 << random_below(8));
    }
    run(copy, random_below(8) ? size : random_below((uint32_t)size + 1));
  }
  free(copy);
}

static void run_file(const char *path) {
  FILE *f = fopen(path, "r");
  uint8_t *data = malloc(INPUT_MAX);
  if (!f || !data) {
    fprintf(stderr, "%s cannot be read\n", path);
    exit(1);
  }
  size_t size = fread(data, 1, INPUT_MAX, f);
  fclose(f);
  run(data, size);
  mutate(data, size);
  free(data);
}

int main(int argc, char **argv) {
  run((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) {
    DIR *d = opendir(argv[i]);
    for (struct dirent *e; d && (e = readdir(d));) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
      if (e->d_name[0] != '.') run_file(path);
    }
    if (d) closedir(d);
    else run_file(argv[i]);
  }
  return 0;
}
