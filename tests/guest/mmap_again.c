// A file is mapped twice, written through both views, and unmapped; then a new one, perhaps with the same inode number, is
// mapped: what was there before must not shine through its pages of zeros.
#include "guest/t.h"
static void round_of(int fill, size_t size) {
  char name[] = "fileXXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, (off_t)size), 0);
  char *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(a != MAP_FAILED && b != MAP_FAILED);
  unsigned long sum = 0;
  for (size_t i = 0; i < size; i += 4096) sum += (unsigned char)a[i] + (unsigned char)b[i + 7];
  printf("%d: %lu\n", fill, sum);
  for (size_t i = 0; i < size; i++) (i % 2 ? a : b)[i] = (char)fill;
  for (size_t i = 0; i < size; i++) CHECK_EQ(a[i], b[i]);
  char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0); // a third, of its own
  CHECK(p != MAP_FAILED);
  CHECK_EQ(p[4096], fill);
  munmap(a, size);
  munmap(b, size);
  munmap(p, size);
  CHECK_EQ(unlink(name), 0);
  close(fd);
}
int main(void) {
  for (int i = 1; i < 6; i++) round_of(i, 4096 * (size_t)(i + 1));
  // the same file, emptied and made again while it is not mapped
  int fd = open("same", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(ftruncate(fd, 0), 0);
    CHECK_EQ(ftruncate(fd, 8192), 0);
    char *a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *b = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_EQ(a[5000], 0);
    a[5000] = (char)(i + 1);
    CHECK_EQ(b[5000], i + 1);
    munmap(a, 8192);
    munmap(b, 8192);
  }
  puts("end");
  return 0;
}
