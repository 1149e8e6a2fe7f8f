// Kept files: copied once, linked from then on; damage in the table and in the files is noticed.
#include "host/keep.h"
#include "tests/unit/unit.h"

static void write_text(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  expect(f && fputs(text, f) >= 0);
  fclose(f);
}

static uint32_t keep_in(const char *dir, const char *cache, const char *file) {
  struct keeper *k;
  struct fault f;
  struct stat st;
  mkdir(dir, 0777);
  int d = open(dir, O_PATH | O_DIRECTORY), fd = open(file, O_RDONLY);
  expect(d >= 0 && fd >= 0 && !keeper_open(d, cache, &k, &f));
  expect(!keeper_keep(k, fd, file, 1, &st, &f));
  expect(keeper_count(k) == 1);
  keeper_free(k);
  close(fd);
  return (uint32_t)d;
}

static uint64_t inode(const char *path) {
  struct stat st;
  expect(stat(path, &st) == 0);
  return st.st_ino;
}

static int verify(int dir) {
  struct kept_files k;
  struct fault f;
  int r = kept_files_read(dir, 1, &k, &f);
  if (!r) r = kept_files_verify(dir, &k, &f);
  kept_files_free(&k);
  return r;
}

static void flips(int dir, const char *path) {
  FILE *f = fopen(path, "r+");
  struct stat st;
  expect(f && fstat(fileno(f), &st) == 0);
  for (long at = 0; at < st.st_size; at++)
    for (int bit = 0; bit < 8; bit++) {
      fseek(f, at, SEEK_SET);
      int c = fgetc(f);
      for (int round = 0; round < 2; round++) {
        fseek(f, at, SEEK_SET);
        fputc(round ? c : c ^ 1 << bit, f);
        fflush(f);
        expect(round ? !verify(dir) : verify(dir) == EXIT_BAD_TRACE);
      }
    }
  fclose(f);
}

int main(void) {
  unit_begin();
  char cache[128];
  snprintf(cache, sizeof cache, "%s/cache", unit_dir);
  expect(mkdir(cache, 0700) == 0);
  write_text("original \n\\", "some content\n");
  int a = (int)keep_in("a", cache, "original \n\\"), b = (int)keep_in("b", cache, "original \n\\"), c = (int)keep_in("c", "", "original \n\\");
  expect(inode("a/file_1") == inode("b/file_1") && inode("a/file_1") != inode("c/file_1") && inode("a/file_1") != inode("original \n\\"));
  write_text("original \n\\", "other content\n"); // in place: the kept ones stay
  expect(!verify(a) && !verify(b) && !verify(c));
  int d = (int)keep_in("d", cache, "original \n\\");
  expect(inode("d/file_1") != inode("a/file_1") && !verify(d));
  struct kept_files k;
  struct fault f;
  expect(!kept_files_read(a, 1, &k, &f) && k.count == 1 && !strcmp(k.files[0].path, "original \n\\") && k.files[0].size == 13);
  kept_files_free(&k);
  expect(kept_files_read(a, 2, &k, &f) == EXIT_BAD_TRACE);
  expect(fchmodat(c, "file_1", 0644, 0) == 0);
  flips(c, "c/file_1");
  flips(c, "c/files");
  expect(truncate("c/file_1", 5) == 0 && verify(c) == EXIT_BAD_TRACE);
  expect(unlink("c/file_1") == 0 && verify(c) == EXIT_BAD_TRACE);
  expect(unlink("a/file_1") == 0 && unlink("b/file_1") == 0 && keep_store_prune(cache) == 1 && !verify(d));
  return 0;
}
