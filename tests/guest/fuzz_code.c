// Random code: sequences of arithmetic, flag users, jumps, little loops, calls, stack traffic and vector moves are generated from a fixed seed,
// run, and all registers and flags hashed. The recorded run must give the native hash.
// rr-test: name=1 args=1
// rr-test: name=2 args=2
// rr-test: name=3 args=3
// rr-test: name=4 args=4
#include "guest/t.h"
static uint64_t state;
static unsigned rnd(unsigned n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)(state >> 33) % n;
}
static unsigned char *p, *area;
static void b(unsigned v) { *p++ = (unsigned char)v; }
static void d32(unsigned v) {
  memcpy(p, &v, 4);
  p += 4;
}
// General registers in use: all but rsp (4), rbp (5: the frame) and r15 (loop counts).
static unsigned reg(void) {
  static const unsigned char r[] = { 0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
  return r[rnd(sizeof r)];
}
static void rr_op(unsigned op, int wide, unsigned r, unsigned m) { // op r, r/m
  b(0x40 | (unsigned)wide << 3 | (r >> 3) << 2 | m >> 3);
  b(op);
  b(0xc0 | (r & 7) << 3 | (m & 7));
}
static void simple(void) {
  static const unsigned char alu[] = { 0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39, 0x03, 0x0b, 0x13, 0x1b, 0x23, 0x2b, 0x33, 0x3b, 0x85, 0x89,
    0x00, 0x10, 0x18, 0x28, 0x38, 0x84 };
  unsigned r = reg(), m = reg();
  switch (rnd(20)) {
  default: rr_op(alu[rnd(sizeof alu)], (int)rnd(2), r, m); break;
  case 8: // op imm
    b(0x48 | m >> 3), b(0x81), b(0xc0 | rnd(8) << 3 | (m & 7)), d32(rnd(1u << 31));
    break;
  case 9: // shift or rotate by a constant
    b(0x40 | rnd(2) << 3 | m >> 3), b(0xc1), b(0xc0 | (unsigned[]){ 0, 1, 2, 3, 4, 5, 7 }[rnd(7)] << 3 | (m & 7)), b(rnd(70));
    break;
  case 10: // shift by cl
    b(0x40 | rnd(2) << 3 | m >> 3), b(0xd3), b(0xc0 | (unsigned[]){ 0, 1, 2, 3, 4, 5, 7 }[rnd(7)] << 3 | (m & 7));
    break;
  case 11: // setcc, cmovcc
    if (rnd(2)) b(0x40 | m >> 3), b(0x0f), b(0x90 | rnd(16)), b(0xc0 | (m & 7));
    else b(0x48 | (r >> 3) << 2 | m >> 3), b(0x0f), b(0x40 | rnd(16)), b(0xc0 | (r & 7) << 3 | (m & 7));
    break;
  case 12: // inc, dec, not, neg
    b(0x48 | m >> 3), b(rnd(2) ? 0xff : 0xf7), b(0xc0 | (p[-1] == 0xff ? rnd(2) : 2 + rnd(2)) << 3 | (m & 7));
    break;
  case 13: // lea, bt, bswap
    if (rnd(2)) b(0x48 | (r >> 3) << 2 | m >> 3), b(0x8d), b(0x80 | (r & 7) << 3 | ((m & 7) == 4 ? 3 : (m & 7))), d32(rnd(1u << 31));
    else b(0x48 | m >> 3), b(0x0f), b(0xba), b(0xe0 | rnd(4) << 3 | (m & 7)), b(rnd(64));
    break;
  case 14: // carry and direction-free flag instructions
    b((unsigned[]){ 0xf8, 0xf9, 0xf5, 0x9f, 0x9e }[rnd(5)]);
    break;
  case 15: // push and pop
    b(0x40 | r >> 3), b(0x50 | (r & 7)), b(0x40 | m >> 3), b(0x58 | (m & 7));
    break;
  case 16: // to the frame and back, also below rsp (red zone)
    b(0x48 | (r >> 3) << 2), b(0x89), b(0x44 | (r & 7) << 3), b(0x24), b((unsigned)(-8 * (int)(1 + rnd(15))) & 255);
    b(0x48 | (m >> 3) << 2), b(0x8b), b(0x45 | (m & 7) << 3), b((unsigned)(8 * rnd(8)));
    break;
  case 17: { // rip-relative load, add or store in the pool at the end of the area
    static const unsigned char op[] = { 0x8b, 0x03, 0x89, 0x3b, 0x13 };
    b(0x48 | (r >> 3) << 2), b(op[rnd(sizeof op)]), b(0x05 | (r & 7) << 3);
    long at = area + 60000 + 8 * rnd(32) - (p + 4);
    d32((unsigned)at);
    break;
  }
  case 18: // pushf, mask what is not arithmetic, pop
    b(0x9c), b(0x48), b(0x81), b(0x24), b(0x24), d32(0x8d5), b(0x40 | m >> 3), b(0x58 | (m & 7));
    break;
  case 19: // vector: movq xmm, r; paddq; movq r, xmm
    b(0x66), b(0x48 | r >> 3), b(0x0f), b(0x6e), b(0xc0 | rnd(8) << 3 | (r & 7));
    b(0x66), b(0x0f), b(0xd4), b(0xc0 | rnd(64));
    b(0x66), b(0x48 | m >> 3), b(0x0f), b(0x7e), b(0xc0 | rnd(8) << 3 | (m & 7));
    break;
  }
}
static void piece(int depth) {
  switch (rnd(12)) {
  default: simple(); break;
  case 7: { // a conditional jump over some code
    unsigned cc = rnd(16);
    int far = (int)rnd(2);
    if (far) b(0x0f), b(0x80 | cc), d32(0);
    else b(0x70 | cc), b(0);
    unsigned char *from = p;
    for (unsigned n = rnd(5); n--;) simple();
    if (far) {
      unsigned o = (unsigned)(p - from);
      memcpy(from - 4, &o, 4);
    } else from[-1] = (unsigned char)(p - from);
    break;
  }
  case 8: { // a small loop by dec/jnz, sub/jns, or loop-like with live flags: lea r15,-1; jrcxz forms are in branches.c
    if (depth) break;
    unsigned n = 1 + rnd(40);
    b(0x41), b(0xbf), d32(n); // mov n, r15d
    unsigned char *top = p;
    for (unsigned k = rnd(6); k--;) simple();
    int kind = (int)rnd(3);
    if (kind == 0) b(0x49), b(0xff), b(0xcf), b(0x0f), b(0x85), d32((unsigned)(top - (p + 4))); // dec r15; jnz
    else if (kind == 1) b(0x49), b(0x83), b(0xef), b(1), b(0x0f), b(0x89), d32((unsigned)(top - (p + 4))); // sub 1, r15; jns
    else b(0x49), b(0x83), b(0xff), b(1), b(0x4d), b(0x8d), b(0x7f), b(0xff), b(0x0f), b(0x87), d32((unsigned)(top - (p + 4))); // cmp 1; lea -1; ja
    break;
  }
  case 9: { // a jump, and a call of a leaf that stands behind it
    b(0xe9), d32(0);
    unsigned char *leaf = p;
    for (unsigned k = rnd(4); k--;) simple();
    b(0xc3);
    unsigned o = (unsigned)(p - leaf);
    memcpy(leaf - 4, &o, 4);
    b(0xe8), d32((unsigned)(leaf - (p + 4)));
    if (rnd(2)) b(0xe8), d32((unsigned)(leaf - (p + 4)));
    break;
  }
  case 10: { // an indirect jump and an indirect call through a register
    unsigned r = reg();
    b(0x48 | (r >> 3) << 2), b(0x8d), b(0x05 | (r & 7) << 3), d32(0); // lea to
    unsigned char *from = p;
    b(0x40 | r >> 3), b(0xff), b(0xe0 | (r & 7));
    for (unsigned k = rnd(3); k--;) simple();
    unsigned o = (unsigned)(p - from);
    memcpy(from - 4, &o, 4);
    break;
  }
  case 11: b(0x90); break;
  }
}
struct regs {
  uint64_t r[16], flags;
};
static struct regs in, out;
static void *volatile target;
static __attribute__((noinline)) void enter(void) {
  __asm__ volatile(
      "push %%rbp\n push %%rbx\n push %%r12\n push %%r13\n push %%r14\n push %%r15\n sub $1024,%%rsp\n lea 512(%%rsp),%%rbp\n"
      "mov %0,%%rsi\n .irp o,0,1,2,3,4,5,6,7\n mov \\o*8(%%rsi),%%rax\n mov %%rax,\\o*8(%%rbp)\n .endr\n"
      "mov 0(%%rsi),%%rax\n mov 8(%%rsi),%%rcx\n mov 16(%%rsi),%%rdx\n mov 24(%%rsi),%%rbx\n mov 56(%%rsi),%%rdi\n mov 64(%%rsi),%%r8\n mov "
      "72(%%rsi),%%r9\n"
      "mov 80(%%rsi),%%r10\n mov 88(%%rsi),%%r11\n mov 96(%%rsi),%%r12\n mov 104(%%rsi),%%r13\n mov 112(%%rsi),%%r14\n mov 48(%%rsi),%%rsi\n"
      ".irp o,0,1,2,3,4,5,6,7\n pxor %%xmm\\o,%%xmm\\o\n .endr\n xor %%r15d,%%r15d\n"
      "call *target(%%rip)\n"
      "mov %%rax,out(%%rip)\n pushfq\n popq out+128(%%rip)\n mov %%rcx,out+8(%%rip)\n mov %%rdx,out+16(%%rip)\n mov %%rbx,out+24(%%rip)\n mov "
      "%%rsi,out+48(%%rip)\n"
      "mov %%rdi,out+56(%%rip)\n mov %%r8,out+64(%%rip)\n mov %%r9,out+72(%%rip)\n mov %%r10,out+80(%%rip)\n mov %%r11,out+88(%%rip)\n mov "
      "%%r12,out+96(%%rip)\n"
      "mov %%r13,out+104(%%rip)\n mov %%r14,out+112(%%rip)\n mov %%r15,out+120(%%rip)\n"
      "add $1024,%%rsp\n pop %%r15\n pop %%r14\n pop %%r13\n pop %%r12\n pop %%rbx\n pop %%rbp" ::"r"(&in)
      : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}
int main(int argc, char **argv) {
  state = 0x9e3779b97f4a7c15ull * (uint64_t)atoi(argv[argc - 1]);
  area = mmap((void *)0x41000000, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(area == (void *)0x41000000);
  uint64_t all = 0;
  for (int round = 0; round < 150; round++) {
    memset(area, 0xcc, 60000);
    for (int i = 0; i < 32; i++) ((uint64_t *)(area + 60000))[i] = (uint64_t)rnd(1u << 31) << 33 ^ rnd(1u << 31);
    p = area + rnd(4096);
    target = p;
    int n = 3 + (int)rnd(60);
    for (int i = 0; i < n; i++) piece(0);
    b(0xc3);
    CHECK(p < area + 60000);
    for (int k = 0; k < 3; k++) {
      for (int i = 0; i < 16; i++) in.r[i] = rnd(3) ? (uint64_t)rnd(1u << 31) << rnd(34) : rnd(3) - 1u;
      memset(&out, 0, sizeof out);
      enter();
      out.flags &= 0x8d5;
      uint64_t h = t_hash(&out, sizeof out) ^ t_hash(area + 60000, 256);
      all = all * 31 + h;
    }
    if (round % 10 == 9) printf("%d %016lx\n", round, (unsigned long)all);
  }
  return 0;
}
