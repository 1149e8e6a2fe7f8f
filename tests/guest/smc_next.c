// Code that changes the very next instruction, in the same straight line, over and over; and code that stores data beside
// itself. Natively the changed bytes are what is executed.
// rr-test:
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(void) {
  unsigned char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return 1;
  // mov [rip+1], dil ; mov eax, imm32 (its low byte is what was stored) ; ret
  static const unsigned char next[] = { 0x40, 0x88, 0x3d, 0x01, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0xc3 };
  memcpy(p, next, sizeof next);
  int (*f)(int) = (int (*)(int))p;
  for (int i = 0; i < 100; i++)
    if (f(i) != i) { printf("next: %d\n", i); return 2; }
  // one-byte first instruction: push rdi ; mov [rip+3], dil ; pop rdx ; mov al, imm8 ; ret   (a short entry is patched over)
  static const unsigned char shorty[] = { 0x57, 0x40, 0x88, 0x3d, 0x02, 0, 0, 0, 0x5a, 0xb0, 0, 0x0f, 0xb6, 0xc0, 0xc3 };
  memcpy(p + 4096, shorty, sizeof shorty);
  f = (int (*)(int))(p + 4096);
  for (int i = 0; i < 100; i++)
    if (f(i) != i) { printf("short: %d\n", i); return 3; }
  // a loop that counts in its own page: mov ecx, edi ; L: inc dword [rip+8] ; dec ecx ; jnz L ; mov eax, [rip+x] ; ret
  static const unsigned char count[] = { 0x89, 0xf9, 0xff, 0x05, 0x12, 0, 0, 0, 0xff, 0xc9, 0x75, 0xf6, 0x8b, 0x05, 0x08, 0, 0, 0, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0, 0, 0, 0 };
  memcpy(p + 2048, count, sizeof count);
  f = (int (*)(int))(p + 2048);
  int want = 0;
  for (int i = 1; i < 60; i++) {
    want += i;
    int got = f(i);
    if (got != want) { printf("count: %d gives %d\n", want, got); return 4; }
  }
  // the tail of one function rewritten between calls, in steps that keep its length
  for (int i = 0; i < 200; i++) {
    unsigned char g[] = { 0xb8, (unsigned char)i, 0, 0, 0, 0x05, (unsigned char)(i * 3), 0, 0, 0, 0xc3 };
    memcpy(p + 1024, g, sizeof g);
    if (((int (*)(void))(p + 1024))() != (i & 255) + (i * 3 & 255)) { printf("rewritten: %d\n", i); return 5; }
  }
  puts("ok");
  return 0;
}
