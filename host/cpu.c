// CPUID and XCR0 into the manifest.
#include "host/cpu.h"
#include <cpuid.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static const struct { uint32_t leaf, subleaf, reg, level[3]; } words[] = {
#define CPUID_WORD(leaf, subleaf, reg, v2, v3, v4) { leaf, subleaf, reg, { v2, v3, v4 } },
#include "abi/cpuid.def"
};
#define XCR0_AVX 0xe4u           // and AVX-512, which needs it
#define XCR0_AVX512 0xe0u
#define XCR0_NEVER 0x60200ull    // protection keys, AMX: never shown (engine/thread.c)

bool cpu_level(struct rr_options *o, const char *name) {
  static const char *const levels[] = { "x86-64-v2", "x86-64-v3", "x86-64-v4" };
  for (size_t l = 0; l < 3; l++) {
    if (strcasecmp(name, levels[l])) continue;
    for (size_t i = 0; i < RR_CPUID_WORDS; i++) o->cpu_keep[i] &= words[i].level[l];
    return true;
  }
  return false;
}

bool cpu_hide(struct rr_options *o, const char *list, unsigned first, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    char *end;
    if (!isxdigit((unsigned char)*list)) return false;
    unsigned long bits = strtoul(list, &end, 0);
    if (bits > ~0u || (*end && *end != ',')) return false;
    o->cpu_keep[first + i] &= ~(uint32_t)bits;
    if (!*end) return true;
    list = end + 1;
  }
  return false;
}

void cpu_state(struct rr_options *o) {
  if (!(o->cpu_keep[CPU_WORDS_EXT] & 1u << 16)) o->xsave_mask &= ~(uint64_t)XCR0_AVX512;
  if (!(o->cpu_keep[CPU_WORDS_BASIC] & 1u << 28)) o->xsave_mask &= ~(uint64_t)XCR0_AVX;
  if (!(o->cpu_keep[CPU_WORDS_BASIC] & 1u << 26)) o->xsave_mask &= 3;
}

static struct leaf shown(const struct rr_options *o, uint32_t leaf, uint32_t subleaf) {
  struct leaf l = cpuid(leaf, subleaf);
  uint32_t *r[4] = { &l.a, &l.b, &l.c, &l.d };
  for (size_t i = 0; i < RR_CPUID_WORDS; i++)
    if (words[i].leaf == leaf && words[i].subleaf == subleaf) *r[words[i].reg] &= o->cpu_keep[i];
  return l;
}

static uint64_t xcr0(void) {
  uint32_t low, high;
  if (!(cpuid(1, 0).c & 1u << 27)) return 0; // OSXSAVE
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

void cpu_note(struct manifest *m, const struct rr_options *o) {
  char brand[49] = "";
  uint32_t last[2] = { cpuid(0, 0).a, cpuid(0x80000000, 0).a };
  for (size_t k = 0; k < sizeof noted / sizeof *noted; k++)
    for (uint32_t i = 0; i < noted[k].subleaves && noted[k].leaf <= last[noted[k].leaf >> 31]; i++) {
      struct leaf l = shown(o, noted[k].leaf, i);
      manifest_add(m, "cpuid", "%x %x %x %x %x %x", l.leaf, l.subleaf, l.a, l.b, l.c, l.d);
      if (l.leaf - 0x80000002u < 3) memcpy(brand + 16 * (l.leaf - 0x80000002u), &l.a, 16);
    }
  manifest_add(m, "cpu", "%s", brand);
  unsigned long long state = xcr0() & ~XCR0_NEVER & o->xsave_mask;
  manifest_add(m, "xcr0", "0x%llx", state);
  manifest_add(m, "xsave", "0x%llx", state);
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
  if (recorded(m, 7, &then)) missing |= (then.b & ~cpuid(7, 0).b) | (then.c & ~cpuid(7, 0).c);
  if (recorded(m, 0x80000001, &then)) missing |= then.c & ~cpuid(0x80000001, 0).c;
  if (missing || manifest_number(m, "xcr0", 0) & ~xcr0())
    say_warn("the trace was recorded on a CPU with features that this one lacks (%s): programs that use them will not replay",
      manifest_get(m, "cpu") ? manifest_get(m, "cpu") : "unknown");
}
