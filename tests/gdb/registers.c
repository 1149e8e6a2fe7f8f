// Every register file holds known values at the label `here`. What the CPU lacks is said, not faked.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint8_t values[32][64] __attribute__((aligned(64)));

static void here(void) { __asm__ volatile("nop"); }

__attribute__((target("avx512f,avx512bw"))) static void zmm(void) {
  __asm__ volatile("vmovdqu64 %0, %%zmm0; vmovdqu64 %1, %%zmm17; vmovdqu64 %2, %%zmm31; kmovq %3, %%k1; kmovq %4, %%k7; call here_asm"
                   : : "m"(values[0]), "m"(values[17]), "m"(values[31]), "r"(0x1122334455667788ul), "r"(7ul) : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0");
}

__attribute__((target("avx"))) static void ymm(void) {
  __asm__ volatile("vmovdqu %0, %%ymm3; vmovdqu %1, %%ymm15; call here_asm" : : "m"(values[3]), "m"(values[15]) : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm3", "xmm15");
}

static void xmm_and_x87(void) {
  static const float four[4] = { 1.5f, -2.25f, 1e10f, 0 };
  static const double pi = 3.25;
  __asm__ volatile("movups %0, %%xmm7; finit; fld1; fldl %1; fldz; call here_asm; finit" : : "m"(four), "m"(pi)
                   : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm7");
}

static void general(void) {
  __asm__ volatile("mov $0x1111, %%rax; mov $0x2222, %%rbx; mov $0x3333, %%rcx; mov $0xdddd, %%r13; mov $0xffffffffffffffff, %%r14; call here_asm"
                   : : : "memory", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r13", "r14");
}

__asm__(".globl here_asm\nhere_asm: .cfi_startproc\nnop\nret\n.cfi_endproc");

int main(void) {
  for (int i = 0; i < 32; i++)
    for (int k = 0; k < 64; k++) values[i][k] = (uint8_t)(i * 7 + k);
  here();
  general();
  xmm_and_x87();
  if (__builtin_cpu_supports("avx")) ymm();
  if (__builtin_cpu_supports("avx512bw")) zmm();
  puts("done");
  return 0;
}
