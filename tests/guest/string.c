// String instructions: all sizes, both directions, repeated over pages, rep cmps/scas ends, counts of zero, overlap.
#include "guest/t.h"
int main(void) {
  unsigned char *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  for (int i = 0; i < 3 * 4096; i++) p[i] = (unsigned char)(i * 7 + i / 256);
  unsigned char *d = p + 4 * 4096;
  void *di, *si;
  unsigned long c;
#define REP(ins, D, S, C, A) __asm__ volatile(ins : "=D"(di), "=S"(si), "=c"(c) : "0"(D), "1"(S), "2"(C), "a"(A) : "memory", "cc")
  REP("rep movsb", d + 1, p + 3, 10000ul, 0);
  CHECK(!memcmp(d + 1, p + 3, 10000));
  CHECK_EQ(c, 0);
  CHECK((unsigned char *)di == d + 10001 && (unsigned char *)si == p + 10003);
  REP("rep movsq", d + 5, p + 2, 1000ul, 0);
  CHECK(!memcmp(d + 5, p + 2, 8000));
  REP("rep movsl", d, p, 0ul, 0);
  CHECK((unsigned char *)di == d);
  REP("rep movsw", d, p + 1, 2049ul, 0);
  CHECK(!memcmp(d, p + 1, 4098));
  REP("std\n rep movsb\n cld", d + 9999, p + 9999, 10000ul, 0);
  CHECK(!memcmp(d, p, 10000));
  CHECK((unsigned char *)di == d - 1);
  REP("std\n rep movsq\n cld", d + 800, p + 808, 100ul, 0);
  CHECK(!memcmp(d + 8, p + 16, 800));
  REP("rep stosl", d, p, 2500ul, 0x01020304);
  for (int i = 0; i < 10000; i += 4) CHECK(!memcmp(d + i, "\4\3\2\1", 4));
  REP("std\n rep stosw\n cld", d + 400, p, 100ul, 0xabcd);
  CHECK_EQ(d[400], 0xcd);
  CHECK_EQ(d[202], 0xcd);
  CHECK_EQ(d[201], 3);
  memset(d, 0, 9000);
  d[8191] = 'x';
  REP("repne scasb", d, p, 9000ul, 'x');
  CHECK_EQ((unsigned char *)di - d, 8192);
  CHECK_EQ(c, 9000 - 8192);
  REP("repe scasb", d, p, 9000ul, 0);
  CHECK_EQ((unsigned char *)di - d, 8192);
  memcpy(d, p, 9000);
  d[5000] ^= 1;
  REP("repe cmpsb", d, p, 9000ul, 0);
  CHECK_EQ((unsigned char *)di - d, 5001);
  REP("repne cmpsb", d, p + 1, 3ul, 0);
  REP("repe cmpsq", d, p, 625ul, 0);
  CHECK_EQ(c, 0);
  // overlap: a pattern spreads
  memset(d, 0, 100);
  d[0] = 1;
  d[1] = 2;
  d[2] = 3;
  REP("rep movsb", d + 3, d, 30ul, 0);
  for (int i = 0; i < 33; i++) CHECK_EQ(d[i], i % 3 + 1);
  // single ones, lods
  unsigned long a;
  __asm__ volatile("lodsb" : "=a"(a), "=S"(si) : "0"(0), "1"(p + 9));
  CHECK_EQ(a & 255, p[9]);
  CHECK((unsigned char *)si == p + 10);
  __asm__ volatile("std\n lodsq\n cld" : "=a"(a), "=S"(si) : "0"(0), "1"(p + 16));
  CHECK(!memcmp(&a, p + 16, 8));
  CHECK((unsigned char *)si == p + 8);
  // 32-bit addresses need low memory
  unsigned char *low = mmap((void *)0x20000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(low == (void *)0x20000000);
  memcpy(low, p, 100);
  REP("addr32 rep movsb", 0x20001000ul | 0xffff00000000ul << 16, 0x20000000ul, 100ul, 0);
  CHECK(!memcmp(low + 4096, p, 100));
  // fs-relative source
  unsigned long t;
  __asm__ volatile("mov %%fs:0,%0" : "=r"(t));
  __asm__ volatile("fs lodsq" : "=a"(a), "=S"(si) : "1"(0l));
  CHECK_EQ(a, t);
  uint64_t h = t_hash(p, 16 * 4096);
  printf("%016lx\n", (unsigned long)h);
  return 0;
}
