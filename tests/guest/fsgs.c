// FS and GS base: arch_prctl, the fsgsbase instructions where the kernel allows them, addressing by gs.
#include "guest/t.h"
#include <sys/auxv.h>
#include <asm/prctl.h>
static long area[8] = { 11, 22, 33, 44 };
int main(void) {
  unsigned long fs, fs2, gs, v;
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_FS, &fs), 0);
  __asm__("mov %%fs:0,%0" : "=r"(fs2));
  CHECK_EQ(fs, fs2);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_SET_GS, area), 0);
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_GET_GS, &gs), 0);
  CHECK_EQ(gs, (unsigned long)area);
  __asm__ volatile("mov %%gs:8,%0" : "=r"(v));
  CHECK_EQ(v, 22);
  __asm__ volatile("movq $77,%%gs:16" ::: "memory");
  CHECK_EQ(area[2], 77);
  CHECK_EQ(SYS1(SYS_getpid, 0), getpid());
  __asm__ volatile("mov %%gs:8,%0" : "=r"(v));
  CHECK_EQ(v, 22);
  if (getauxval(AT_HWCAP2) & 2) {
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    CHECK_EQ(v, fs);
    __asm__ volatile("wrgsbase %0" ::"r"(area + 1));
    __asm__ volatile("mov %%gs:8,%0" : "=r"(v));
    CHECK_EQ(v, 77);
    __asm__ volatile("rdgsbase %0" : "=r"(v));
    CHECK_EQ(v, (unsigned long)(area + 1));
    __asm__ volatile("wrgsbase %0" ::"r"(0l));
  }
  CHECK_EQ(SYS2(SYS_arch_prctl, ARCH_SET_FS, 1ul << 60), -EPERM);
  CHECK_EQ(SYS2(SYS_arch_prctl, 0x7777, 0), -EINVAL);
  puts("ok");
  return 0;
}
