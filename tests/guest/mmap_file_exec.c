// Code from files: a shared object mapped by hand and called, patched in private copies, the file replaced under the name, mprotect of text.
#include "guest/t.h"
typedef int (*fn)(void);
int main(void) {
  unsigned char page[8192];
  memset(page, 0xcc, sizeof page);
  memcpy(page, "\xb8\x2a\0\0\0\xc3", 6); // mov $42,%eax; ret
  memcpy(page + 4096, "\xb8\x07\0\0\0\xc3", 6); // mov $7,%eax; ret
  t_write_file("code", page, sizeof page);
  int fd = open("code", O_RDWR);
  unsigned char *x = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  CHECK(x != MAP_FAILED);
  CHECK_EQ(((fn)x)(), 42);
  CHECK_EQ(((fn)(x + 4096))(), 7);
  unsigned char *y = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096);
  CHECK_EQ(((fn)y)(), 7);
  // a private change by W^X
  CHECK_EQ(mprotect(x, 4096, PROT_READ | PROT_WRITE), 0);
  x[1] = 43;
  CHECK_EQ(mprotect(x, 4096, PROT_READ | PROT_EXEC), 0);
  CHECK_EQ(((fn)x)(), 43);
  CHECK_EQ(((fn)y)(), 7);
  // another file takes the name: the mapping stays with the old one
  page[1] = 99;
  t_write_file("code2", page, sizeof page);
  CHECK_EQ(rename("code2", "code"), 0);
  CHECK_EQ(((fn)(x + 4096))(), 7);
  int fd2 = open("code", O_RDONLY);
  unsigned char *z = mmap(x, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd2, 0);
  CHECK(z == x);
  CHECK_EQ(((fn)x)(), 99);
  CHECK_EQ(munmap(x, 8192), 0);
  z = mmap(x, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
  CHECK(z == x);
  CHECK_EQ(((fn)x)(), 42);
  // the program's own text made writable, changed in an unused place, and used
  uintptr_t page_of = (uintptr_t)main & ~4095ul;
  CHECK_EQ(mprotect((void *)page_of, 4096, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
  volatile unsigned char *c = (unsigned char *)page_of;
  c[0] = c[0];
  CHECK_EQ(mprotect((void *)page_of, 4096, PROT_READ | PROT_EXEC), 0);
  puts("ok");
  return 0;
}
