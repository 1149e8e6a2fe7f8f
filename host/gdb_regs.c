// One row a group of registers: its feature in the target description, names, type, and where it lies in what the engine
// gives. The names and the order inside a feature are gdb's (gdb manual, "Standard Target Features", i386).
#include "host/gdb_regs.h"
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/text.h"

enum where { GENERAL, SEGMENT, BASE, ST, X87, SSE, MXCSR, HIGH_YMM, OPMASK, HIGH_ZMM, HI16_XMM, HI16_YMMH, HI16_ZMMH };
enum feature { CORE, SSE_F, LINUX, SEGMENTS, AVX, AVX512, FEATURES };
static const char *const feature_names[FEATURES] = { "core", "sse", "linux", "segments", "avx", "avx512" };

// XSAVE components (Intel SDM volume 1, 13.1): bits of XCR0 and XSTATE_BV.
enum { XC_X87 = 0, XC_SSE = 1, XC_AVX = 2, XC_OPMASK = 5, XC_ZMM_HI256 = 6, XC_HI16_ZMM = 7 };

struct row {
  enum feature feature;
  const char *names;   // "a b c", or "xmm%d" with first and count
  int first, count;
  size_t size;
  const char *type, *group;
  enum where where;
  uint8_t index[16];   // GENERAL: of regs[]; X87: offset of the value in the FXSAVE area
};

static const struct row rows[] = {
  { CORE, "rax rbx rcx rdx rsi rdi", 0, 6, 8, "int64", NULL, GENERAL, { R_RAX, R_RBX, R_RCX, R_RDX, R_RSI, R_RDI } },
  { CORE, "rbp rsp", 0, 2, 8, "data_ptr", NULL, GENERAL, { R_RBP, R_RSP } },
  { CORE, "r%d", 8, 8, 8, "int64", NULL, GENERAL, { R_R8, R_R9, R_R10, R_R11, R_R12, R_R13, R_R14, R_R15 } },
  { CORE, "rip", 0, 1, 8, "code_ptr", NULL, GENERAL, { R_RIP } },
  { CORE, "eflags", 0, 1, 4, "i386_eflags", NULL, GENERAL, { R_RFLAGS } },
  { CORE, "cs ss ds es fs gs", 0, 6, 4, "int32", NULL, SEGMENT, { 0, 1, 2, 3, 4, 5 } },
  { CORE, "st%d", 0, 8, 10, "i387_ext", NULL, ST, { 0 } },
  { CORE, "fctrl fstat ftag fiseg fioff foseg fooff fop", 0, 8, 4, "int", "float", X87, { 0, 2, 4, 12, 8, 20, 16, 6 } },
  { SSE_F, "xmm%d", 0, 16, 16, "vec128", NULL, SSE, { 0 } },
  { SSE_F, "mxcsr", 0, 1, 4, "i386_mxcsr", "vector", MXCSR, { 0 } },
  { LINUX, "orig_rax", 0, 1, 8, "int", "system", BASE, { 2 } },
  { SEGMENTS, "fs_base gs_base", 0, 2, 8, "int", NULL, BASE, { 0, 1 } },
  { AVX, "ymm%dh", 0, 16, 16, "uint128", NULL, HIGH_YMM, { 0 } },
  { AVX512, "xmm%d", 16, 16, 16, "vec128", NULL, HI16_XMM, { 0 } },
  { AVX512, "ymm%dh", 16, 16, 16, "uint128", NULL, HI16_YMMH, { 0 } },
  { AVX512, "k%d", 0, 8, 8, "uint64", NULL, OPMASK, { 0 } },
  { AVX512, "zmm%dh", 0, 16, 32, "v2ui128", NULL, HIGH_ZMM, { 0 } },
  { AVX512, "zmm%dh", 16, 16, 32, "v2ui128", NULL, HI16_ZMMH, { 0 } },
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool has_feature(uint64_t xcr0, enum feature f) {
  if (f == AVX) return xcr0 >> XC_AVX & 1;
  if (f == AVX512) return (xcr0 >> XC_OPMASK & 7) == 7 && xcr0 >> XC_AVX & 1;
  return true;
}

static const struct row *row_of(uint64_t xcr0, size_t n, size_t *in_row) {
  for (int i = 0; i < ROWS; i++) {
    if (!has_feature(xcr0, rows[i].feature)) continue;
    if (n < (size_t)rows[i].count) return *in_row = n, &rows[i];
    n -= (size_t)rows[i].count;
  }
  return NULL;
}

size_t gdb_regs_count(uint64_t xcr0) {
  size_t n = 0;
  for (int i = 0; i < ROWS; i++)
    if (has_feature(xcr0, rows[i].feature)) n += (size_t)rows[i].count;
  return n;
}

size_t gdb_reg_size(uint64_t xcr0, size_t n) {
  size_t k;
  const struct row *row = row_of(xcr0, n, &k);
  return row ? row->size : 0;
}

// Where a component lies in the standard format of this CPU (Intel SDM volume 1, 13.4.3); the engine runs on the same one.
static size_t component_offset(int component) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(0xd, (unsigned)component, &a, &b, &c, &d)) return 0;
  return b;
}

static void from_component(const struct target_regs *r, int component, size_t at, size_t size, uint8_t *value) {
  uint64_t present;
  memcpy(&present, r->xsave + 512, sizeof present); // XSTATE_BV; a component that is not there has its initial value, 0
  size_t offset = component_offset(component) + at;
  if (!(present >> component & 1) || offset + size > sizeof r->xsave) return;
  memcpy(value, r->xsave + offset, size);
}

// The full tag word from the abridged one (Intel SDM volume 1, 8.1.7 and 10.5.1.1).
static uint32_t full_tags(const uint8_t *fx) {
  uint32_t tags = 0, top = fx[3] >> 3 & 7;
  for (uint32_t i = 0; i < 8; i++) { // physical register i is ST(i - top)
    uint32_t tag = 3;
    if (fx[4] >> i & 1) {
      const uint8_t *v = fx + 32 + 16 * ((i - top) & 7);
      uint64_t fraction;
      memcpy(&fraction, v, sizeof fraction);
      uint32_t exponent = (v[8] | (uint32_t)v[9] << 8) & 0x7fff;
      if (exponent == 0) tag = fraction ? 2 : 1;
      else tag = exponent == 0x7fff || !(fraction >> 63) ? 2 : 0;
    }
    tags |= tag << 2 * i;
  }
  return tags;
}

static void x87_control(const struct target_regs *r, size_t k, uint8_t offset, uint8_t *value) {
  uint64_t present;
  uint32_t v = 0;
  memcpy(&present, r->xsave + 512, sizeof present);
  if (!(present & 1)) { // initial state (Intel SDM volume 1, 8.1.5): control word 0x37f, all empty
    v = k == 0 ? 0x37f : k == 2 ? 0xffff : 0;
  } else if (k == 2) {
    v = full_tags(r->xsave);
  } else {
    size_t size = k == 4 || k == 6 ? 4 : 2;
    memcpy(&v, r->xsave + offset, size);
    if (k == 7) v &= 0x7ff;
  }
  memcpy(value, &v, 4);
}

size_t gdb_reg_get(const struct target_regs *r, size_t n, uint8_t value[GDB_REG_MAX]) {
  size_t k;
  const struct row *row = row_of(r->r.xcr0, n, &k);
  if (!row) return 0;
  memset(value, 0, GDB_REG_MAX);
  const uint64_t bases[3] = { r->r.fs_base, r->r.gs_base, r->r.orig_rax };
  const uint16_t selectors[6] = { r->r.cs, r->r.ss, r->r.ds, r->r.es, r->r.fs, r->r.gs };
  switch (row->where) {
  case GENERAL: memcpy(value, &r->r.regs[row->index[k]], row->size); break;
  case SEGMENT: memcpy(value, &selectors[row->index[k]], 2); break;
  case BASE: memcpy(value, &bases[row->index[k]], 8); break;
  case ST:
    if (r->xsave[512] & 1) memcpy(value, r->xsave + 32 + 16 * k, 10);
    break;
  case X87: x87_control(r, k, row->index[k], value); break;
  case SSE:
    if (r->xsave[512] & 2) memcpy(value, r->xsave + 160 + 16 * k, 16);
    break;
  case MXCSR: memcpy(value, r->xsave + 24, 4); break;
  case HIGH_YMM: from_component(r, XC_AVX, 16 * k, 16, value); break;
  case OPMASK: from_component(r, XC_OPMASK, 8 * k, 8, value); break;
  case HIGH_ZMM: from_component(r, XC_ZMM_HI256, 32 * k, 32, value); break;
  case HI16_XMM: from_component(r, XC_HI16_ZMM, 64 * k, 16, value); break;
  case HI16_YMMH: from_component(r, XC_HI16_ZMM, 64 * k + 16, 16, value); break;
  case HI16_ZMMH: from_component(r, XC_HI16_ZMM, 64 * k + 32, 32, value); break;
  }
  return row->size;
}

static void to_component(struct target_regs *r, int component, size_t at, size_t size, const uint8_t *value) {
  uint64_t present;
  size_t offset = component < 2 ? at : component_offset(component) + at;
  if (offset + size > sizeof r->xsave) return;
  memcpy(&present, r->xsave + 512, sizeof present);
  if (component == XC_X87 && !(present & 1)) { // it had its initial value
    memset(r->xsave, 0, 24);
    memset(r->xsave + 32, 0, 128);
    r->xsave[0] = 0x7f, r->xsave[1] = 3;
  }
  present |= 1ul << component;
  memcpy(r->xsave + 512, &present, sizeof present);
  memcpy(r->xsave + offset, value, size);
}

static void set_x87_control(struct target_regs *r, size_t k, uint8_t offset, const uint8_t *value) {
  uint8_t tags = 0, old[GDB_REG_MAX] = { 0 };
  x87_control(r, k, offset, old);
  if (!memcmp(old, value, 4)) return;
  for (int i = 0; k == 2 && i < 8; i++)
    if ((value[i / 4] >> i % 4 * 2 & 3) != 3) tags |= (uint8_t)(1 << i);
  to_component(r, XC_X87, offset, k == 2 ? 1 : k == 4 || k == 6 ? 4 : 2, k == 2 ? &tags : value);
}

size_t gdb_reg_set(struct target_regs *r, size_t n, const uint8_t *value) {
  size_t k;
  const struct row *row = row_of(r->r.xcr0, n, &k);
  if (!row) return 0;
  uint64_t *bases[3] = { &r->r.fs_base, &r->r.gs_base, &r->r.orig_rax };
  switch (row->where) {
  case GENERAL: memcpy(&r->r.regs[row->index[k]], value, row->size); break;
  case SEGMENT: break; // they have one value each
  case BASE: memcpy(bases[row->index[k]], value, 8); break;
  case ST: to_component(r, XC_X87, 32 + 16 * k, 10, value); break;
  case X87: set_x87_control(r, k, row->index[k], value); break;
  case SSE: to_component(r, XC_SSE, 160 + 16 * k, 16, value); break;
  case MXCSR: to_component(r, XC_SSE, 24, 4, value); break;
  case HIGH_YMM: to_component(r, XC_AVX, 16 * k, 16, value); break;
  case OPMASK: to_component(r, XC_OPMASK, 8 * k, 8, value); break;
  case HIGH_ZMM: to_component(r, XC_ZMM_HI256, 32 * k, 32, value); break;
  case HI16_XMM: to_component(r, XC_HI16_ZMM, 64 * k, 16, value); break;
  case HI16_YMMH: to_component(r, XC_HI16_ZMM, 64 * k + 16, 16, value); break;
  case HI16_ZMMH: to_component(r, XC_HI16_ZMM, 64 * k + 32, 32, value); break;
  }
  return row->size;
}

static void add_flags(struct text *t, const char *id, const char *const *names) {
  text_add(t, "<flags id=\"%s\" size=\"4\">", id);
  for (int bit = 0; names[bit]; bit++)
    if (*names[bit]) text_add(t, "<field name=\"%s\" start=\"%d\" end=\"%d\"/>", names[bit], bit, bit);
  text_add(t, "</flags>");
}

static void add_vector_types(struct text *t) {
  static const struct { const char *id, *type; int count; } vectors[] = {
    { "v4f", "ieee_single", 4 }, { "v2d", "ieee_double", 2 }, { "v16i8", "int8", 16 }, { "v8i16", "int16", 8 }, { "v4i32", "int32", 4 }, { "v2i64", "int64", 2 },
  };
  static const char *const fields[] = { "v4_float", "v2_double", "v16_int8", "v8_int16", "v4_int32", "v2_int64" };
  for (int i = 0; i < 6; i++) text_add(t, "<vector id=\"%s\" type=\"%s\" count=\"%d\"/>", vectors[i].id, vectors[i].type, vectors[i].count);
  text_add(t, "<union id=\"vec128\">");
  for (int i = 0; i < 6; i++) text_add(t, "<field name=\"%s\" type=\"%s\"/>", fields[i], vectors[i].id);
  text_add(t, "<field name=\"uint128\" type=\"uint128\"/></union>");
}

static void add_types(struct text *t, enum feature f) {
  static const char *const eflags[] = { "CF", "", "PF", "", "AF", "", "ZF", "SF", "TF", "IF", "DF", "OF", "", "", "NT", "", "RF", "VM", "AC", "VIF", "VIP", "ID", NULL };
  static const char *const mxcsr[] = { "IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM", "", "", "FZ", NULL };
  if (f == CORE) add_flags(t, "i386_eflags", eflags);
  if (f == SSE_F || f == AVX512) add_vector_types(t);
  if (f == SSE_F) add_flags(t, "i386_mxcsr", mxcsr);
  if (f == AVX512) text_add(t, "<vector id=\"v2ui128\" type=\"uint128\" count=\"2\"/>");
}

static void add_row(struct text *t, const struct row *row) {
  const char *names = row->names;
  for (int k = 0; k < row->count; k++) {
    char name[16];
    int len = (int)strcspn(names, " ");
    snprintf(name, sizeof name, "%.*s", len, names);
    char *digit = strstr(name, "%d");
    if (digit) snprintf(digit, sizeof name - (size_t)(digit - name), "%d%s", row->first + k, names + (digit - name) + 2);
    else names += len + (names[len] == ' ');
    text_add(t, "<reg name=\"%s\" bitsize=\"%zu\" type=\"%s\"", name, row->size * 8, row->type);
    if (row->group) text_add(t, " group=\"%s\"", row->group);
    text_add(t, "/>");
  }
}

char *gdb_regs_xml(uint64_t xcr0) {
  struct text t = { 0 };
  text_add(&t, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target><architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>");
  for (enum feature f = 0; f < FEATURES; f++) {
    if (!has_feature(xcr0, f)) continue;
    text_add(&t, "<feature name=\"org.gnu.gdb.i386.%s\">", feature_names[f]);
    add_types(&t, f);
    for (int i = 0; i < ROWS; i++)
      if (rows[i].feature == f) add_row(&t, &rows[i]);
    text_add(&t, "</feature>");
  }
  text_add(&t, "</target>");
  if (t.failed) return free(t.data), NULL;
  return t.data;
}
