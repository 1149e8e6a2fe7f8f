// Instructions that a translator may get wrong: rip-relative operands of many forms, cmpxchg16b, bmi, xchg, bts in memory, enter/leave,
// lock prefixes, movbe-like shifts, push/pop of memory by rsp, 16-bit operands, long nops, xlat, cwd and friends.
#include "guest/t.h"
static long cell[8] __attribute__((aligned(64))) = { 5, 6, 7, 8, 9, 10, 11, 12 };
static unsigned char bits[64];
int main(void) {
  long r, s;
  __asm__ volatile("mov cell(%%rip),%0\n add cell+8(%%rip),%0\n imul $3,cell+16(%%rip),%1\n cmpq $8,cell+24(%%rip)\n sete %b1"
                   : "=&r"(r), "=&r"(s)::"cc");
  CHECK_EQ(r, 11);
  CHECK_EQ(s & 255, 1);
  __asm__ volatile("movq $123,cell(%%rip)\n movb $1,cell+1(%%rip)\n movw $258,cell+2(%%rip)" ::: "memory");
  CHECK_EQ(cell[0], 0x0102017b);
  __asm__ volatile("lock addq $5,cell(%%rip)\n lock xaddq %0,cell+8(%%rip)" : "=r"(r) : "0"(100l) : "memory", "cc");
  CHECK_EQ(r, 6);
  CHECK_EQ(cell[1], 106);
  unsigned char ok;
  __asm__ volatile("lock cmpxchg16b cell+32(%%rip)\n sete %0" : "=q"(ok) : "a"(9l), "d"(10l), "b"(1l), "c"(2l) : "memory", "cc");
  CHECK_EQ(ok, 1);
  CHECK_EQ(cell[4], 1);
  CHECK_EQ(cell[5], 2);
  __asm__ volatile("xchg %0,cell+48(%%rip)" : "=r"(r) : "0"(55l) : "memory");
  CHECK_EQ(r, 11);
  CHECK_EQ(cell[6], 55);
  __asm__ volatile("bts %1,%0\n setc %2" : "+m"(bits), "+r"((long){ 300 }), "=q"(ok)::"cc", "memory");
  CHECK_EQ(bits[300 / 8], 1 << (300 % 8));
  CHECK_EQ(ok, 0);
  __asm__ volatile("sub $128,%%rsp\n enter $32,$0\n movq $9,-8(%%rbp)\n mov -8(%%rbp),%0\n leave\n add $128,%%rsp" : "=&r"(r)::"memory", "cc");
  CHECK_EQ(r, 9);
  __asm__ volatile("sub $128,%%rsp\n push $77\n pushq (%%rsp)\n popq 8(%%rsp)\n pop %0\n add $128,%%rsp" : "=&r"(r)::"memory", "cc");
  CHECK_EQ(r, 77);
  __asm__ volatile("sub $128,%%rsp\n mov %%rsp,%1\n push %%rsp\n pop %0\n sub %1,%0\n add $128,%%rsp" : "=&r"(r), "=&r"(s)::"memory", "cc");
  CHECK_EQ(r, 0);
  __asm__ volatile("sub $128,%%rsp\n mov %%rsp,%1\n pushw $7\n popw %w0\n sub %%rsp,%1\n movzwl %w0,%k0\n add $128,%%rsp"
                   : "=&r"(r), "=&r"(s)::"memory", "cc");
  CHECK_EQ(r, 7);
  CHECK_EQ(s, 0);
  __asm__ volatile(".byte 0x66,0x66,0x2e,0x0f,0x1f,0x84,0,0,0,0,0\n .byte 0xf3,0x90\n nopw 512(%%rax,%%rax,1)\n endbr64" ::: "memory");
  unsigned char table[256];
  for (int i = 0; i < 256; i++) table[i] = (unsigned char)(255 - i);
  __asm__ volatile("xlatb" : "=a"(r) : "0"(0x1234500cl), "b"(table) : "memory");
  CHECK_EQ(r, 0x123450f3);
  __asm__ volatile("mov $-5,%%eax\n cltq\n mov %%rax,%0\n cqto\n mov %%rdx,%1\n mov $3,%%ecx\n idiv %%rcx"
                   : "=&r"(r), "=&r"(s)::"rax", "rcx", "rdx", "cc");
  CHECK_EQ(r, -5);
  CHECK_EQ(s, -1);
  __asm__ volatile("mov $0x1234,%%ax\n mov %%al,%%bh\n xchg %%ah,%%al\n movzwl %%ax,%k0" : "=r"(r)::"rax", "rbx");
  CHECK_EQ(r, 0x3412);
  // rip-relative operand and an immediate, and a rip-relative vector load and store
  __asm__ volatile("movups cell+16(%%rip),%%xmm9\n paddq %%xmm9,%%xmm9\n movups %%xmm9,cell+32(%%rip)\n testb $0x70,cell(%%rip)\n setne %b0\n shll "
                   "$3,cell+16(%%rip)"
                   : "=&q"(r)::"memory", "cc", "xmm9");
  CHECK_EQ(cell[4], 14);
  CHECK_EQ(cell[2], 56);
  CHECK_EQ(r & 255, 0 != (cell[0] & 0x70));
  __asm__ volatile("lea cell+8(%%rip),%0\n cmpxchg8b cell+40(%%rip)" : "=&r"(r) : "a"(16l), "d"(0l), "b"(1l), "c"(3l) : "memory", "cc");
  CHECK_EQ(r, (long)&cell[1]);
  CHECK_EQ(cell[5], 1 | 3l << 32);
  // segment registers and far pointers of no effect
  unsigned short cs, ss, ds;
  __asm__ volatile("mov %%cs,%0\n mov %%ss,%1\n mov %%ds,%2" : "=r"(cs), "=r"(ss), "=r"(ds));
  CHECK_EQ(cs, 0x33);
  CHECK_EQ(ss, 0x2b);
  CHECK_EQ(ds, 0);
  // crc32, popcnt, bsf of zero leaves the destination on all CPUs we run on
  __asm__ volatile("crc32q %1,%0" : "=r"(r) : "r"(0x1122334455667788l), "0"(0l));
  CHECK(r != 0);
  printf("%lx\n", r);
  __asm__ volatile("mov $3,%%ecx\n mov $1,%%eax\n shld %%cl,%%rcx,%%rax\n mov %%rax,%0" : "=r"(r)::"rax", "rcx", "cc");
  CHECK_EQ(r, 8);
  return 0;
}
