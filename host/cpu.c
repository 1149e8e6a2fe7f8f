// CPUID and XCR0 into the manifest.
#include "host/cpu.h"
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

struct leaf { uint32_t leaf, subleaf, a, b, c, d; };

static struct leaf cpuid(uint32_t leaf, uint32_t subleaf) {
  struct leaf l = { .leaf = leaf, .subleaf = subleaf };
  __cpuid_count(leaf, subleaf, l.a, l.b, l.c, l.d);
  return l;
}

// The leaves that say what the CPU can do, and how many subleaves of each are noted (Intel SDM volume 2, CPUID; AMD APM
// volume 3, appendix E). Each costs a VM exit of a few microseconds, so what only describes caches and power is left out.
static const struct { uint32_t leaf, subleaves; } noted[] = {
  { 0, 1 }, { 1, 1 }, { 4, 4 }, { 6, 1 }, { 7, 3 }, { 0xd, 3 }, { 0x14, 1 }, { 0x15, 1 }, { 0x16, 1 }, { 0x19, 1 }, { 0x1d, 2 }, { 0x24, 1 },
  { 0x80000000, 1 }, { 0x80000001, 1 }, { 0x80000002, 1 }, { 0x80000003, 1 }, { 0x80000004, 1 }, { 0x80000007, 1 }, { 0x80000008, 1 }, { 0x8000000a, 1 },
  { 0x8000001d, 4 }, { 0x8000001e, 1 }, { 0x80000021, 1 },
};

static uint64_t xcr0(void) {
  uint32_t low, high;
  if (!(cpuid(1, 0).c & 1u << 27)) return 0; // OSXSAVE
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

void cpu_note(struct manifest *m) {
  char brand[49] = "";
  uint32_t last[2] = { cpuid(0, 0).a, cpuid(0x80000000, 0).a };
  for (size_t k = 0; k < sizeof noted / sizeof *noted; k++)
    for (uint32_t i = 0; i < noted[k].subleaves && noted[k].leaf <= last[noted[k].leaf >> 31]; i++) {
      struct leaf l = cpuid(noted[k].leaf, i);
      manifest_add(m, "cpuid", "%x %x %x %x %x %x", l.leaf, l.subleaf, l.a, l.b, l.c, l.d);
      if (l.leaf - 0x80000002u < 3) memcpy(brand + 16 * (l.leaf - 0x80000002u), &l.a, 16);
    }
  manifest_add(m, "cpu", "%s", brand);
  manifest_add(m, "xcr0", "0x%llx", (unsigned long long)xcr0());
}

static int recorded(const struct manifest *m, uint32_t leaf, struct leaf *l) {
  const char *text;
  for (size_t i = 0; (text = manifest_each(m, "cpuid", &i));)
    if (sscanf(text, "%x %x %x %x %x %x", &l->leaf, &l->subleaf, &l->a, &l->b, &l->c, &l->d) == 6 && l->leaf == leaf && !l->subleaf) return 1;
  return 0;
}

void cpu_compare(const struct manifest *m) {
  struct leaf then, now;
  if (recorded(m, 0, &then)) {
    now = cpuid(0, 0);
    if (then.b != now.b || then.c != now.c || then.d != now.d)
      say_warn("the trace was recorded on a CPU of another vendor: results of approximate floating point instructions may differ");
  }
  uint32_t missing = 0;
  if (recorded(m, 1, &then)) {
    now = cpuid(1, 0);
    missing |= then.c & ~now.c & ~(1u << 31 | 1u << 27); // not the hypervisor bit nor OSXSAVE
    missing |= then.d & ~now.d;
  }
  if (recorded(m, 7, &then)) missing |= then.b & ~cpuid(7, 0).b;
  if (missing || manifest_number(m, "xcr0", 0) & ~xcr0())
    say_warn("the trace was recorded on a CPU with features that this one lacks (%s): programs that use them will not replay",
      manifest_get(m, "cpu") ? manifest_get(m, "cpu") : "unknown");
}
