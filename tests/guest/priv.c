// Instructions a program may not execute: each is a signal with Linux's number, code and address, and the program goes on.
#include "guest/t.h"
#include <setjmp.h>
#include <ucontext.h>
static sigjmp_buf back;
static volatile int sig, code;
static void *volatile addr;
static volatile unsigned long rip, trap, err;
static void h(int s, siginfo_t *i, void *u) {
  sig = s;
  code = i->si_code;
  addr = i->si_addr;
  rip = (unsigned long)((ucontext_t *)u)->uc_mcontext.gregs[REG_RIP];
  trap = (unsigned long)((ucontext_t *)u)->uc_mcontext.gregs[REG_TRAPNO];
  err = (unsigned long)((ucontext_t *)u)->uc_mcontext.gregs[REG_ERR];
  siglongjmp(back, 1);
}
#define TRY(name, text) \
  do { \
    void *at; \
    if (!sigsetjmp(back, 1)) { \
      __asm__ volatile("lea 1f(%%rip),%0\n mov %0,%1\n1: " text : "=&r"((long){ 0 }), "=m"(where)::"rax", "rcx", "rdx", "memory", "cc"); \
      printf("%s: went on\n", name); \
    } else { \
      at = where; \
      printf("%s: signal %d code %d trap %lu err %lx addr %s rip %+ld\n", name, sig, code, trap, err, \
          addr == at ? "=rip" \
          : addr     ? "other" \
                     : "0", \
          (long)(rip - (unsigned long)at)); \
    } \
  } while (0)
static void *volatile where;
int main(void) {
  struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
  for (int s = 1; s < 32; s++)
    if (s == SIGILL || s == SIGTRAP || s == SIGBUS || s == SIGFPE || s == SIGSEGV) sigaction(s, &a, NULL);
  TRY("ud2", "ud2");
  TRY("undefined", ".byte 0x0f,0xff,0xc0");
  TRY("bad in 64 bit", ".byte 0x06");
  TRY("hlt", "hlt");
  TRY("cli", "cli");
  TRY("in", "in %%dx,%%al");
  TRY("out", "outb %%al,$0x80");
  TRY("wrmsr", "wrmsr");
  TRY("mov cr0", "mov %%cr0,%%rax");
  TRY("lgdt", "lgdt where(%%rip)");
  TRY("int3", "int3");
  TRY("int 3 long form", ".byte 0xcd,3");
  TRY("int 0x30", "int $0x30");
  TRY("divide by zero", "xor %%ecx,%%ecx\n xor %%edx,%%edx\n div %%ecx");
  TRY("non-canonical", "mov $0x8000000000000000,%%rax\n mov (%%rax),%%rax");
  TRY("null", "xor %%eax,%%eax\n mov (%%rax),%%rax");
  TRY("write to text", "lea main(%%rip),%%rax\n movb $0,(%%rax)");
  TRY("misaligned sse", "lea where+1(%%rip),%%rax\n movaps (%%rax),%%xmm0");
  TRY("lock on register form", ".byte 0xf0,0x01,0xc0");
  TRY("nop after all", "nop");
  return 0;
}
