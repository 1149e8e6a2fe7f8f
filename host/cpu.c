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

static void note(struct manifest *m, uint32_t leaf, uint32_t subleaf) {
  struct leaf l = cpuid(leaf, subleaf);
  manifest_add(m, "cpuid", "%x %x %x %x %x %x", leaf, subleaf, l.a, l.b, l.c, l.d);
}

// The leaves that have subleaves (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E).
static uint32_t subleaves(uint32_t leaf) {
  switch (leaf) {
  case 4: case 0x8000001d: return 4;
  case 7: return cpuid(7, 0).a + 1;
  case 0xb: return 2;
  case 0xd: return 10;
  default: return 1;
  }
}

static uint64_t xcr0(void) {
  uint32_t low, high;
  if (!(cpuid(1, 0).c & 1u << 27)) return 0; // OSXSAVE
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

void cpu_note(struct manifest *m) {
  char brand[49] = "";
  for (uint32_t i = 0; i < 3 && cpuid(0x80000000, 0).a >= 0x80000004; i++) {
    struct leaf l = cpuid(0x80000002 + i, 0);
    memcpy(brand + 16 * i, &l.a, 16);
  }
  brand[48] = 0;
  manifest_add(m, "cpu", "%s", brand);
  manifest_add(m, "xcr0", "0x%llx", (unsigned long long)xcr0());
  for (int extended = 0; extended < 2; extended++) {
    uint32_t base = extended ? 0x80000000 : 0, last = cpuid(base, 0).a;
    for (uint32_t leaf = base; leaf <= last && leaf - base < 0x30; leaf++)
      for (uint32_t i = 0, n = subleaves(leaf); i < n && i < 16; i++) note(m, leaf, i);
  }
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
