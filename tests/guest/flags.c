// Flags live across calls, returns, branches, loops and special instructions: pushf/popf, lahf/sahf, adc chains, DF.
#include "guest/t.h"
static __attribute__((naked, noinline)) void nothing(void) { __asm__("ret"); }
static void (*volatile fp)(void) = nothing;
#define STATUS 0x8d5ul
static unsigned long set_get(unsigned long f, int how) {
  unsigned long r;
  switch (how) {
  case 0:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n call nothing_\n pushfq\n pop %0\n add $128,%%rsp" : "=r"(r) : "r"(f) : "cc", "memory");
    break;
  case 1:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n call *%2\n pushfq\n pop %0\n add $128,%%rsp" : "=&r"(r) : "r"(f), "r"(fp) : "cc", "memory");
    break;
  case 2:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n jmp 1f\n2: jmp 3f\n1: jmp 2b\n3: pushfq\n pop %0\n add $128,%%rsp"
                     : "=r"(r)
                     : "r"(f)
                     : "cc", "memory");
    break;
  case 3:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n mov $39,%%eax\n syscall\n pushfq\n pop %0\n add $128,%%rsp"
                     : "=&r"(r)
                     : "r"(f)
                     : "rax", "rcx", "r11", "cc", "memory");
    break;
  case 4:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n rdtsc\n pushfq\n pop %0\n add $128,%%rsp"
                     : "=&r"(r)
                     : "r"(f)
                     : "rax", "rdx", "cc", "memory");
    break;
  case 5:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n xor %%ecx,%%ecx\n push %1\n popfq\n mov $0,%%eax\n cpuid\n pushfq\n pop %0\n add $128,%%rsp"
                     : "=&r"(r)
                     : "r"(f)
                     : "rax", "rbx", "rcx", "rdx", "cc", "memory");
    break;
  case 6:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n mov $20,%%rcx\n1: lea 1(%%rcx),%%rax\n loop 1b\n pushfq\n pop %0\n add $128,%%rsp"
                     : "=&r"(r)
                     : "r"(f)
                     : "rax", "rcx", "cc", "memory");
    break;
  case 7:
    __asm__ volatile(
        "sub $128,%%rsp\n push %1\n popfq\n mov $1000,%%rcx\n2: lea -1(%%rcx),%%rcx\n jrcxz 1f\n jmp 2b\n1: pushfq\n pop %0\n add $128,%%rsp"
        : "=&r"(r)
        : "r"(f)
        : "rax", "rcx", "cc", "memory");
    break;
  case 8:
    __asm__ volatile("sub $128,%%rsp\n push %1\n popfq\n xgetbv\n pushfq\n pop %0\n add $128,%%rsp"
                     : "=&r"(r)
                     : "r"(f), "c"(0)
                     : "rax", "rdx", "cc", "memory");
    break;
  default: r = f;
  }
  return r;
}
__asm__(".text\nnothing_: jmp 1f\n nop\n1: ret");
int main(void) {
  for (int how = 0; how < 9; how++)
    for (unsigned m = 0; m < 128; m++) {
      unsigned long f = 0x202 | (m & 1) | (m & 2 ? 4 : 0) | (m & 4 ? 16 : 0) | (m & 8 ? 64 : 0) | (m & 16 ? 128 : 0) | (m & 32 ? 2048 : 0);
      if (m & 64) f |= 1 << 21; // ID can be changed by a program
      unsigned long r = set_get(f, how);
      if ((r & STATUS) != (f & STATUS)) {
        fprintf(stderr, "how %d: %lx became %lx\n", how, f, r);
        return 1;
      }
      CHECK_EQ(r & 0x202, 0x202);
      CHECK_EQ(r >> 21 & 1, f >> 21 & 1);
      CHECK_EQ(r & 0x500, 0);
    }
  // 1024-bit addition by an adc chain round a loop whose counter is kept by lea/jrcxz
  uint64_t a[16], b[16], s[16];
  for (int i = 0; i < 16; i++) {
    a[i] = ~0ul - (uint64_t)i % 3;
    b[i] = i ? (uint64_t)i & 1 : 9;
  }
  __asm__ volatile("xor %%eax,%%eax\n xor %%r8d,%%r8d\n mov $16,%%ecx\n1: mov (%0,%%r8,8),%%rax\n adc (%1,%%r8,8),%%rax\n mov %%rax,(%2,%%r8,8)\n "
                   "lea 1(%%r8),%%r8\n lea -1(%%rcx),%%rcx\n jrcxz 2f\n jmp 1b\n2:" ::"r"(a),
                   "r"(b), "r"(s)
                   : "rax", "rcx", "r8", "cc", "memory");
  unsigned __int128 c = 0;
  for (int i = 0; i < 16; i++) {
    c += (unsigned __int128)a[i] + b[i];
    CHECK_EQ(s[i], (uint64_t)c);
    c >>= 64;
  }
  // lahf/sahf
  unsigned ah;
  __asm__ volatile("mov $0xd5,%%ah\n sahf\n lahf\n movzbl %%ah,%0" : "=r"(ah)::"rax", "cc");
  CHECK_EQ(ah, 0xd7);
  // DF over a call and a system call; a handler is entered with DF clear and leaves it as it was
  unsigned long r;
  __asm__ volatile("sub $128,%%rsp\n std\n call nothing_\n mov $39,%%eax\n syscall\n pushfq\n pop %0\n cld\n add $128,%%rsp"
                   : "=&r"(r)::"rax", "rcx", "r11", "cc", "memory");
  CHECK_EQ(r >> 10 & 1, 1);
  // r11 after a system call holds the flags, rcx the address behind it
  unsigned long r11, rcx, next;
  __asm__ volatile("stc\n lea 1f(%%rip),%2\n mov $39,%%eax\n syscall\n1: mov %%r11,%0\n mov %%rcx,%1"
                   : "=&r"(r11), "=&r"(rcx), "=&r"(next)::"rax", "rcx", "r11", "cc");
  CHECK_EQ(r11 & 1, 1);
  CHECK_EQ(rcx, next);
  // inc/dec keep carry; shifts by zero keep everything; rcl through a branch
  __asm__ volatile("stc\n inc %%eax\n dec %%eax\n mov $0,%%cl\n shl %%cl,%%eax\n jmp 1f\n1: setc %b0\n movzbl %b0,%k0"
                   : "=&q"(r)::"rax", "rcx", "cc");
  CHECK_EQ(r, 1);
  __asm__ volatile("mov $0,%k0\n mov $64,%%ecx\n stc\n1: rcl $1,%0\n stc\n loop 1b" : "=&r"(r)::"rcx", "cc");
  CHECK_EQ(r, ~0ul);
  puts("ok");
  return 0;
}
