// Synchronous signals: exact address, code, registers and pc in the handler; repaired there, the program goes on at the same instruction.
#include "guest/t.h"
#include <ucontext.h>
static volatile int count, lastcode;
static char *volatile lastaddr;
static char *page;
static int mode;
static volatile unsigned long seen[16], seen_rip, seen_err;
static void h(int s, siginfo_t *i, void *v) {
  ucontext_t *u = v;
  greg_t *g = u->uc_mcontext.gregs;
  count++;
  lastcode = i->si_code;
  lastaddr = i->si_addr;
  seen_rip = (unsigned long)g[REG_RIP];
  seen_err = (unsigned long)g[REG_ERR];
  seen[0] = (unsigned long)g[REG_RAX];
  seen[1] = (unsigned long)g[REG_RBX];
  seen[2] = (unsigned long)g[REG_RCX];
  seen[3] = (unsigned long)g[REG_RDX];
  seen[4] = (unsigned long)g[REG_RSI];
  seen[5] = (unsigned long)g[REG_RDI];
  seen[6] = (unsigned long)g[REG_R8];
  seen[7] = (unsigned long)g[REG_R15];
  seen[8] = (unsigned long)g[REG_EFL];
  if (s == SIGSEGV && mode == 0) CHECK_EQ(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
  else if (s == SIGSEGV && mode == 1) g[REG_RIP] = (greg_t)seen[1]; // go on elsewhere
  else if (s == SIGFPE) g[REG_RCX] = 7; // a divisor that is not zero
  else if (s == SIGILL) g[REG_RIP] += 2;
  else if (s == SIGBUS) g[REG_RIP] = (greg_t)seen[1];
}
int main(void) {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  sigaction(SIGSEGV, &a, NULL);
  sigaction(SIGFPE, &a, NULL);
  sigaction(SIGILL, &a, NULL);
  sigaction(SIGBUS, &a, NULL);
  page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  unsigned long rip;
  long r;
  for (int i = 0; i < 30; i++) {
    CHECK_EQ(mprotect(page, 4096, PROT_READ), 0);
    __asm__ volatile("lea 1f(%%rip),%0\n mov $0x1111,%%eax\n mov $0x2222,%%ebx\n mov $0x3333,%%ecx\n mov $0x4444,%%edx\n mov $0x8888,%%r8d\n mov "
                     "$0xffff,%%r15d\n stc\n1: movb $5,(%1)\n setc %%al\n mov %%rax,%%r9"
                     : "=&S"(rip)
                     : "D"(page + 100 + i)
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r15", "memory", "cc");
    CHECK_EQ(lastaddr, page + 100 + i);
    CHECK_EQ(lastcode, SEGV_ACCERR);
    CHECK_EQ(seen_rip, rip);
    CHECK_EQ(seen_err | 1, 7);
    printf("~err %lx\n", seen_err);
    CHECK_EQ(seen[0], 0x1111);
    CHECK_EQ(seen[1], 0x2222);
    CHECK_EQ(seen[2], 0x3333);
    CHECK_EQ(seen[3], 0x4444);
    CHECK_EQ(seen[5], (unsigned long)page + 100 + (unsigned)i);
    CHECK_EQ(seen[6], 0x8888);
    CHECK_EQ(seen[7], 0xffff);
    CHECK_EQ(seen[8] & 1, 1);
    CHECK_EQ(page[100 + i], 5);
  }
  CHECK_EQ(count, 30);
  // every instruction kind that touches memory: push, call, ret, pop, rep movs in the middle, indirect jump and call operands, cmpxchg
  mode = 1;
  char *none = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(none != MAP_FAILED);
  CHECK_EQ(mprotect(none + 4096, 4096, PROT_NONE), 0);
#define FAULT(setup, ins, where, code) \
  do { \
    count = 0; \
    lastaddr = NULL; \
    __asm__ volatile("lea 2f(%%rip),%%rbx\n mov %%rsp,%%r12\n lea 1f(%%rip),%%r13\n " setup "\n1: " ins \
                     "\n mov $1,%%r14d\n2: mov %%r12,%%rsp\n mov %%r13,%0" \
                     : "=r"(rip) \
                     : "D"(none + 4096), "S"(none) \
                     : "rax", "rbx", "rcx", "rdx", "r12", "r13", "r14", "memory", "cc"); \
    if (count != 1 || lastaddr != (char *)(where) || seen_rip != rip || lastcode != (code)) { \
      fprintf(stderr, "%s: count %d addr %p (want %p) rip %lx (want %lx) code %d\n", ins, count, (void *)lastaddr, (void *)(where), seen_rip, rip, \
          lastcode); \
      return 1; \
    } \
  } while (0)
  FAULT("", "mov (%%rdi),%%rax", none + 4096, SEGV_ACCERR);
  FAULT("", "mov %%rax,-4(%%rdi)", none + 4096, SEGV_ACCERR); // crosses into the page
  FAULT("lea 8(%%rdi),%%rsp", "push %%rax", none + 4096, SEGV_ACCERR);
  FAULT("lea 16(%%rdi),%%rsp", "call nowhere_", none + 4096 + 8, SEGV_ACCERR);
  FAULT("lea 16(%%rdi),%%rsp\n lea nowhere_(%%rip),%%rax", "call *%%rax", none + 4096 + 8, SEGV_ACCERR);
  FAULT("mov %%rdi,%%rsp", "ret", none + 4096, SEGV_ACCERR);
  FAULT("mov %%rdi,%%rsp", "ret $32", none + 4096, SEGV_ACCERR);
  FAULT("mov %%rdi,%%rsp", "pop %%rax", none + 4096, SEGV_ACCERR);
  FAULT("", "jmp *8(%%rdi)", none + 4096 + 8, SEGV_ACCERR);
  FAULT("", "call *16(%%rdi)", none + 4096 + 16, SEGV_ACCERR);
  FAULT("", "lock cmpxchg %%rax,(%%rdi)", none + 4096, SEGV_ACCERR);
  FAULT("mov %%rdi,%%rax\n sub $100,%%rdi\n mov $200,%%ecx", "rep stosb", none + 4096, SEGV_ACCERR);
  CHECK_EQ(seen[2], 100);
  CHECK_EQ(seen[5], (unsigned long)none + 4096);
  FAULT("leaq -50(%%rdi),%%rsi\n lea -4096(%%rdi),%%rdi\n mov $80,%%ecx", "rep movsb", none + 4096, SEGV_ACCERR);
  CHECK_EQ(seen[2], 30);
  FAULT("movq $0,%%rax", "mov (%%rax),%%eax", NULL, SEGV_MAPERR);
  FAULT("mov $0x7fffffffffff0000,%%rax", "mov (%%rax),%%eax", NULL, SI_KERNEL);
  FAULT("", "movaps 1(%%rsi),%%xmm0", NULL, SI_KERNEL);
  // arithmetic
  CHECK(sizeof r == 8);
  __asm__ volatile("mov $77,%%eax\n xor %%edx,%%edx\n xor %%ecx,%%ecx\n div %%ecx\n" : "=a"(r)::"rcx", "rdx", "cc");
  CHECK_EQ(r, 11);
  CHECK_EQ(lastcode, FPE_INTDIV);
  __asm__ volatile("mov $1,%0\n ud2\n add $1,%0" : "=&r"(r)::"cc");
  CHECK_EQ(r, 2);
  CHECK_EQ(lastcode, ILL_ILLOPN);
  // file mapping past its end: SIGBUS with the address
  t_write_file("short", "abc", 3);
  int fd = open("short", O_RDWR);
  char *m = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK(m != MAP_FAILED);
  CHECK_EQ(m[0], 'a');
  CHECK_EQ(m[4000], 0);
  count = 0;
  __asm__ volatile("lea 2f(%%rip),%%rbx\n mov 4096(%0),%%al\n2:" ::"r"(m) : "rax", "rbx", "memory");
  CHECK_EQ(count, 1);
  CHECK_EQ(lastaddr, m + 4096);
  CHECK_EQ(lastcode, BUS_ADRERR);
  puts("ok");
  return 0;
}
__asm__(".text\nnowhere_: ud2");
