// Reading and verifying the table of kept files.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>
#include "host/files.h"
#include "host/keep.h"
#include "host/text.h"

static bool parse_line(const char *line, size_t n, struct kept_file *file) {
  unsigned long long dev, ino, size, mtime, ctime;
  char sum[32];
  int path = 0;
  *file = (struct kept_file){ 0 };
  if (n < 18) return false;
  snprintf(sum, sizeof sum, "%016llx ", (unsigned long long)XXH3_64bits(line + 17, n - 17));
  if (memcmp(line, sum, 17)) return false;
  line += 17;
  if (sscanf(line, "%u %llu %llu %llu %llu %llu %32s %n", &file->id, &dev, &ino, &size, &mtime, &ctime, file->hash, &path) < 7 || !path) return false;
  file->dev = dev;
  file->ino = ino;
  file->size = size;
  file->mtime_ns = mtime;
  file->ctime_ns = ctime;
  file->path = strdup(line + path);
  return file->path && text_unescape(file->path);
}

int kept_files_parse(char *text, size_t size, struct kept_files *k, struct fault *f) {
  *k = (struct kept_files){ 0 };
  uint32_t room = 0;
  for (char *line = text, *end; line < text + size; line = end + 1) {
    end = memchr(line, '\n', (size_t)(text + size - line));
    if (!end) break; // torn: the recorder died; the caller compares the count
    *end = 0;
    if (k->count == room) {
      room = room ? room * 2 : 16;
      k->files = realloc(k->files, room * sizeof *k->files);
      if (!k->files) abort();
    }
    struct kept_file *file = &k->files[k->count];
    bool good = parse_line(line, (size_t)(end - line), file);
    k->count++;
    if (!good || !file->id) return kept_files_free(k), fault_set(f, EXIT_BAD_TRACE, "the table of kept files is damaged");
  }
  return 0;
}

int kept_files_read(int trace_dir, uint32_t expected, struct kept_files *k, struct fault *f) {
  size_t size;
  *k = (struct kept_files){ 0 };
  char *text = read_file_at(trace_dir, "files", 256u << 20, &size);
  if (!text) return fault_set(f, EXIT_BAD_TRACE, "the table of kept files cannot be read: %s", strerror(errno));
  int r = kept_files_parse(text, size, k, f);
  free(text);
  if (!r && expected != ~0u && k->count != expected) r = fault_set(f, EXIT_BAD_TRACE, "the table of kept files has %u of %u lines", k->count, expected);
  if (r) kept_files_free(k);
  return r;
}

void kept_files_free(struct kept_files *k) {
  for (uint32_t i = 0; i < k->count; i++) free(k->files[i].path);
  free(k->files);
  *k = (struct kept_files){ 0 };
}

static bool content_good(int fd, const struct kept_file *file) {
  if (!file->size) return true;
  void *data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (data == MAP_FAILED) return false;
  XXH128_hash_t h = XXH3_128bits(data, file->size);
  munmap(data, file->size);
  char hash[33];
  snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
  return !strcmp(hash, file->hash);
}

int kept_files_verify(int trace_dir, const struct kept_files *k, struct fault *f) {
  for (uint32_t i = 0; i < k->count; i++) {
    const struct kept_file *file = &k->files[i];
    char name[32];
    struct stat st;
    snprintf(name, sizeof name, "file_%u", file->id);
    int fd = openat(trace_dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fault_set(f, EXIT_BAD_TRACE, "the kept file %s (%s) cannot be read: %s", name, file->path, strerror(errno));
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == file->size && content_good(fd, file);
    close(fd);
    if (!good) return fault_set(f, EXIT_BAD_TRACE, "the kept file %s (%s) is damaged", name, file->path);
  }
  return 0;
}
