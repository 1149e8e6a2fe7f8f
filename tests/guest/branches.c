// Every kind of near branch, taken and not, forwards and backwards, with the flags that it reads and those it must leave.
#include "guest/t.h"
static long jcc_all(unsigned long flags) { // a bit for each of the 16 conditions
  long r = 0;
#define J(n, cc) \
  { \
    long t; \
    __asm__ volatile("push %1\n popfq\n mov $1,%k0\n j" cc " 1f\n mov $0,%k0\n1:" : "=&r"(t) : "r"(flags) : "cc", "memory"); \
    r |= t << n; \
  }
  J(0, "o")
  J(1, "no")
  J(2, "b") J(3, "ae") J(4, "e") J(5, "ne") J(6, "be") J(7, "a") J(8, "s") J(9, "ns") J(10, "p") J(11, "np") J(12, "l") J(13, "ge") J(14, "le")
      J(15, "g") return r;
}
static long model(unsigned long f) {
  bool o = f >> 11 & 1, s = f >> 7 & 1, z = f >> 6 & 1, p = f >> 2 & 1, c = f & 1;
  bool v[16] = { o, !o, c, !c, z, !z, c || z, !(c || z), s, !s, p, !p, s != o, s == o, z || s != o, !(z || s != o) };
  long r = 0;
  for (int i = 0; i < 16; i++) r |= (long)v[i] << i;
  return r;
}
static __attribute__((noinline)) long table(long k) {
  switch (k) {
  case 0: return 3;
  case 1: return 17;
  case 2: return k * 5;
  case 3: return 2;
  case 4: return 90;
  case 5: return -1;
  case 6: return 44;
  case 7: return 8;
  default: return 1000 + k;
  }
}
int main(void) {
  for (unsigned m = 0; m < 64; m++) {
    unsigned long f = 0x202 | (m & 1) | (m & 2 ? 4 : 0) | (m & 4 ? 16 : 0) | (m & 8 ? 64 : 0) | (m & 16 ? 128 : 0) | (m & 32 ? 2048 : 0);
    CHECK_EQ(jcc_all(f), model(f));
  }
  long r, n;
  // loop, loope, loopne: flags unchanged, rcx counts
  __asm__ volatile("mov $5,%%rcx\n xor %0,%0\n1: inc %0\n loop 1b\n mov %%rcx,%1" : "=&r"(r), "=&r"(n)::"rcx");
  CHECK_EQ(r, 5);
  CHECK_EQ(n, 0);
  __asm__ volatile("mov $9,%%rcx\n xor %0,%0\n1: inc %0\n cmp $3,%0\n loopne 1b\n mov %%rcx,%1" : "=&r"(r), "=&r"(n)::"rcx");
  CHECK_EQ(r, 3);
  CHECK_EQ(n, 6);
  __asm__ volatile("mov $9,%%rcx\n xor %0,%0\n1: inc %0\n cmp $9,%0\n setb %%al\n cmp $1,%%al\n loope 1b\n mov %%rcx,%1"
                   : "=&r"(r), "=&r"(n)::"rcx", "rax");
  CHECK_EQ(r, 9);
  CHECK_EQ(n, 0);
  // loop must not touch carry
  __asm__ volatile("mov $3,%%rcx\n xor %0,%0\n stc\n1: adc $0,%0\n stc\n loop 1b\n sbb %1,%1" : "=&r"(r), "=&r"(n)::"rcx", "cc");
  CHECK_EQ(r, 3);
  CHECK_EQ(n, -1);
  // 32-bit counter forms
  __asm__ volatile("mov $0x100000002,%%rcx\n xor %0,%0\n1: inc %0\n addr32 loop 1b\n mov %%rcx,%1" : "=&r"(r), "=&r"(n)::"rcx");
  CHECK_EQ(r, 2);
  CHECK_EQ(n, 0);
  __asm__ volatile("mov $0x100000000,%%rcx\n mov $1,%0\n jecxz 1f\n mov $0,%0\n1:" : "=&r"(r)::"rcx");
  CHECK_EQ(r, 1);
  __asm__ volatile("mov $0x100000000,%%rcx\n mov $1,%0\n jrcxz 1f\n mov $0,%0\n1:" : "=&r"(r)::"rcx");
  CHECK_EQ(r, 0);
  // backward jrcxz
  __asm__ volatile("xor %0,%0\n mov $1,%%rcx\n jmp 2f\n1: inc %0\n mov $7,%%rcx\n cmp $3,%0\n je 3f\n xor %%ecx,%%ecx\n2: test %0,%0\n jnz 4f\n xor "
                   "%%ecx,%%ecx\n4: jrcxz 1b\n3:"
                   : "=&r"(r)::"rcx", "cc");
  CHECK_EQ(r, 3);
  // ret imm16, call through register and memory, push+ret, jump through memory
  void *target;
  __asm__ volatile("mov %%rsp,%1\n sub $128,%%rsp\n pushq $11\n pushq $22\n call 1f\n jmp 2f\n1: mov 8(%%rsp),%0\n add 16(%%rsp),%0\n ret $16\n2: "
                   "add $128,%%rsp\n sub %%rsp,%1"
                   : "=&r"(r), "=&r"(n)::"memory", "cc");
  CHECK_EQ(r, 33);
  CHECK_EQ(n, 0);
  __asm__ volatile("sub $128,%%rsp\n lea 1f(%%rip),%0\n push %0\n ret\n ud2\n1: mov $4,%k0\n add $128,%%rsp" : "=&r"(r)::"memory", "cc");
  CHECK_EQ(r, 4);
  __asm__ volatile("lea 1f(%%rip),%0\n mov %0,%1\n jmp *%1\n ud2\n1: mov $5,%k0" : "=&r"(r), "=m"(target)::"memory");
  CHECK_EQ(r, 5);
  __asm__ volatile("sub $128,%%rsp\n lea 1f(%%rip),%%rax\n xor %0,%0\n call *%%rax\n add $1,%0\n jmp 2f\n1: add $10,%0\n ret\n2: add $128,%%rsp"
                   : "=&r"(r)::"rax", "memory", "cc");
  CHECK_EQ(r, 11);
  // call *(rsp): the operand is read before the push; pop (rsp) form
  __asm__ volatile("sub $128,%%rsp\n lea 1f(%%rip),%%rax\n push %%rax\n xor %0,%0\n call *(%%rsp)\n jmp 2f\n1: mov $6,%k0\n ret\n2: add $136,%%rsp"
                   : "=&r"(r)::"rax", "memory", "cc");
  CHECK_EQ(r, 6);
  // call next instruction, popping the return address
  __asm__ volatile("sub $128,%%rsp\n call 1f\n1: pop %0\n lea 1b(%%rip),%%rax\n sub %%rax,%0\n add $128,%%rsp" : "=&r"(r)::"rax", "memory", "cc");
  CHECK_EQ(r, 0);
  // a jump to itself plus a way out: the target is the branch itself
  __asm__ volatile("mov $3,%%rcx\n1: loop 1b\n mov %%rcx,%0" : "=r"(r)::"rcx");
  CHECK_EQ(r, 0);
  long s = 0;
  for (int i = 0; i < 100; i++) s += table(i % 11);
  printf("%ld\n", s);
  // jumping into the middle of an instruction: mov imm whose bytes are another instruction
  __asm__ volatile("xor %%eax,%%eax\n jmp 1f+1\n1: .byte 0xb8, 0x90, 0x90, 0xeb, 0x02\n nop\n nop\n add $1,%%eax\n mov %%rax,%0"
                   : "=r"(r)::"rax", "cc");
  CHECK(r == 1 || r == 0x2eb9091);
  printf("%ld\n", r);
  return 0;
}
