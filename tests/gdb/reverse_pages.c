// One place of memory that changes in every way that there is, with work in between: each change must be found backwards.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 1 << 18 };
volatile unsigned long sink;
char *area;

__attribute__((noinline)) static void work(void) {
  for (unsigned long i = 0; i < 6000000; i++) sink += i ^ sink >> 3;
}

__attribute__((noinline)) void changed(const char *how) { // the tests' breakpoint
  printf("%s: %d\n", how, *area);
  work();
}

static char *map(void *at, int flags, int fd) { return mmap(at, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0); }

int main(void) {
  int private = MAP_PRIVATE | MAP_ANONYMOUS, pipes[2], fd = open("pages.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char bytes[SIZE];
  memset(bytes, 9, sizeof bytes);
  if (write(fd, bytes, SIZE) != SIZE || pipe(pipes)) return 1;
  area = map(NULL, private, -1);
  work();
  *area = 1;
  changed("store");
  if (write(pipes[1], "\2", 1) != 1 || read(pipes[0], area, 1) != 1) return 1;
  changed("read");
  map(area, private | MAP_FIXED, -1);
  changed("mmap over it");
  *area = 3;
  changed("store");
  madvise(area, SIZE, MADV_DONTNEED);
  changed("madvise");
  char *other = map(NULL, private, -1);
  memset(other, 4, SIZE);
  work();
  mremap(other, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, area);
  changed("mremap");
  map(area, MAP_PRIVATE | MAP_FIXED, fd);
  changed("file");
  map(area, MAP_SHARED | MAP_FIXED, fd);
  work();
  *area = 5;
  changed("store to the file");
  munmap(area, SIZE);
  map(area, private | MAP_FIXED, -1);
  changed("munmap");
  memcpy(area, bytes, 100);
  changed("memcpy");
  unlink("pages.data");
  return 0;
}
