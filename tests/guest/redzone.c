// The 128 bytes below rsp belong to the function: nothing may write there, whatever transfers happen in between.
#include "guest/t.h"
#define FILL "movq $0x1111,-8(%%rsp)\n movq $0x2222,-64(%%rsp)\n movq $0x3333,-128(%%rsp)\n"
#define SUM(r) "movq -8(%%rsp),%0\n addq -64(%%rsp),%0\n addq -128(%%rsp),%0\n"
static void handler(int s) {
  (void)s;
  volatile char b[3000];
  for (size_t i = 0; i < sizeof b; i++) b[i] = 9;
}
int main(void) {
  long r, want = 0x6666;
  __asm__ volatile(FILL "mov $100000,%%ecx\n1: dec %%ecx\n jnz 1b\n" SUM(0) : "=r"(r)::"rcx", "memory");
  CHECK_EQ(r, want);
  __asm__ volatile(FILL "lea 1f(%%rip),%%rax\n jmp *%%rax\n1:" SUM(0) : "=r"(r)::"rax", "memory");
  CHECK_EQ(r, want);
  __asm__ volatile(FILL "mov $1000,%%rcx\n1: loop 1b\n jrcxz 2f\n ud2\n2:" SUM(0) : "=r"(r)::"rcx", "memory");
  CHECK_EQ(r, want);
  __asm__ volatile(FILL "mov $39,%%eax\n syscall\n" SUM(0) : "=r"(r)::"rax", "rcx", "r11", "memory");
  CHECK_EQ(r, want);
  __asm__ volatile(FILL "xor %%eax,%%eax\n xor %%ecx,%%ecx\n cpuid\n rdtsc\n" SUM(0) : "=r"(r)::"rax", "rbx", "rcx", "rdx", "memory");
  CHECK_EQ(r, want);
  signal(SIGUSR1, handler);
  pid_t me = getpid();
  for (int i = 0; i < 50; i++) {
    __asm__ volatile(FILL "mov $62,%%eax\n syscall\n" SUM(0) : "=&r"(r) : "D"(me), "S"(SIGUSR1) : "rax", "rcx", "r11", "memory");
    CHECK_EQ(r, want);
  }
  puts("ok");
  return 0;
}
