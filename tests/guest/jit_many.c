// A small JIT: thousands of functions written into a growing RWX area, calling each other, most of them overwritten later.
#include "guest/t.h"
typedef long (*fn)(long);
static unsigned char *area;
static size_t used;
static fn emit(long add, fn next) { // lea add(%rdi),%rdi; [mov $next,%rax; jmp *%rax | mov %rdi,%rax; ret]
  unsigned char *s = area + used, *p = s;
  int a = (int)add;
  *p++ = 0x48;
  *p++ = 0x8d;
  *p++ = 0xbf;
  memcpy(p, &a, 4);
  p += 4;
  if (next) {
    *p++ = 0x48;
    *p++ = 0xb8;
    memcpy(p, &next, 8);
    p += 8;
    *p++ = 0xff;
    *p++ = 0xe0;
  } else {
    *p++ = 0x48;
    *p++ = 0x89;
    *p++ = 0xf8;
    *p++ = 0xc3;
  }
  used += (size_t)(p - s);
  return (fn)(void *)s;
}
int main(void) {
  area = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  long sum = 0;
  for (int round = 0; round < 3; round++) {
    used = 0;
    for (int chain = 0; chain < 60; chain++) {
      fn f = NULL;
      long want = 0;
      for (int i = 0; i < 20; i++) {
        f = emit(i * 3 + chain + round, f);
        want += i * 3 + chain + round;
      }
      CHECK_EQ(f(5), want + 5);
      sum += f(1);
    }
  }
  printf("%ld\n", sum);
  return 0;
}
