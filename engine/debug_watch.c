// Watchpoints: any number, any length. An instruction that may touch a watched range is run alone: its memory operands are
// worked out from its bytes and the registers before it, and compared with the ranges after it. Which ones may is found out
// by compiled checks (debug_compile.c), or, with many watchpoints, every instruction is.
//
// A write is reported when it changed the value (what gdb's `watch` means), whoever wrote: an instruction, a system call, a
// signal frame. A read is reported when an instruction read a watched byte.
#include <asm/errno.h>
#include <asm/prctl.h>
#include <Zydis/Zydis.h>
#include "engine/debug_watch.h"
#include "engine/sys.h"

enum { WATCH_MAX = 1 << 20, DECODED = 4096 };

static struct watchpoint *watchpoints;
static struct decoded *decoded;           // direct-mapped by pc
static const struct decoded *running;     // of the instruction between watch_before and watch_after
static bool special;                      // the engine has executed an instruction
static u64 before[R_COUNT], before_events;
static u64 before_segment[3];
static ZydisDecoder decoder;

bool watch_any(void) { return watchpoints != NULL; }

static struct watchpoint *find(u64 addr, u64 len, u32 flags) {
  for (struct watchpoint *w = watchpoints; w; w = w->next)
    if (w->addr == addr && w->len == len && w->flags == flags) return w;
  return NULL;
}

int watch_set(u64 addr, u64 len, u32 flags, const struct rr_dbg_break *d, size_t size) {
  if (!len || len > WATCH_MAX) return -E2BIG;
  struct watchpoint *w = find(addr, len, flags);
  before_events = ctx.events;
  if (!w) {
    w = heap_alloc(sizeof *w);
    *w = (struct watchpoint){ .addr = addr, .len = len, .flags = flags, .next = watchpoints };
    w->old = heap_alloc(2 * len); // the second half is for the comparison
    watchpoints = w;
  }
  debug_read(w->old, addr, len);
  int r = conditions_take(d, size, &w->conditions, &w->conditions_size, &w->conditions_count);
  return r;
}

void watch_clear(u64 addr, u64 len, u32 flags) {
  for (struct watchpoint **p = &watchpoints; *p; p = &(*p)->next) {
    struct watchpoint *w = *p;
    if (w->addr != addr || w->len != len || w->flags != flags) continue;
    *p = w->next;
    if (w->conditions) heap_free(w->conditions, w->conditions_size);
    heap_free(w->old, 2 * w->len);
    heap_free(w, sizeof *w);
    return;
  }
}

void watch_clear_all(void) {
  while (watchpoints) watch_clear(watchpoints->addr, watchpoints->len, watchpoints->flags);
}

static s8 register_index(ZydisRegister r) {
  if (r == ZYDIS_REGISTER_NONE) return -1;
  if (r == ZYDIS_REGISTER_RIP || r == ZYDIS_REGISTER_EIP) return R_RIP;
  return (s8)ZydisRegisterGetId(r); // the hardware's encoding, as ours
}

static bool pushes(ZydisMnemonic m) {
  switch (m) {
  case ZYDIS_MNEMONIC_PUSH: case ZYDIS_MNEMONIC_PUSHF: case ZYDIS_MNEMONIC_PUSHFQ: case ZYDIS_MNEMONIC_CALL: case ZYDIS_MNEMONIC_ENTER: return true;
  default: return false;
  }
}

static bool bit_string(ZydisMnemonic m) {
  return m == ZYDIS_MNEMONIC_BT || m == ZYDIS_MNEMONIC_BTS || m == ZYDIS_MNEMONIC_BTR || m == ZYDIS_MNEMONIC_BTC;
}

// One memory operand. Zydis gives the stack operand of a push as [rsp], which is its end, and an explicit operand of a pop
// that is based on rsp means rsp after the pop (Intel SDM, POP).
static void decode_access(struct decoded *d, const ZydisDecodedInstruction *i, const ZydisDecodedOperand *ops, const ZydisDecodedOperand *o) {
  if (d->count == ACCESS_MAX) return;
  struct access *a = &d->a[d->count++];
  *a = (struct access){ .base = register_index(o->mem.base), .index = register_index(o->mem.index), .scale = o->mem.scale, .bit = -1 };
  if (o->mem.disp.has_displacement) a->disp = o->mem.disp.value;
  if (o->mem.segment == ZYDIS_REGISTER_FS) a->segment = 1;
  if (o->mem.segment == ZYDIS_REGISTER_GS) a->segment = 2;
  if (o->actions & ZYDIS_OPERAND_ACTION_MASK_READ) a->rw |= RR_WATCH_READ;
  if (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) a->rw |= RR_WATCH_WRITE;
  a->size = o->size / 8 ? o->size / 8 : xsave_bytes; // no size: xsave and kin
  if (!(o->size / 8) || i->mnemonic == ZYDIS_MNEMONIC_ENTER) d->odd = true;
  if (o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && pushes(i->mnemonic)) a->how = A_PUSH;
  if (o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT && i->mnemonic == ZYDIS_MNEMONIC_POP && a->base == R_RSP) a->how = A_POP_BASE;
  if (bit_string(i->mnemonic) && ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
    a->how = A_BIT;
    a->bit = register_index(ops[1].reg.value);
  }
}

// Gathers and scatters: index elements are dwords or qwords, as the mnemonic's letter before the data type says.
static void decode_vector(struct decoded *d, const ZydisDecodedInstruction *i, const ZydisDecodedOperand *ops, const ZydisDecodedOperand *o) {
  decode_access(d, i, ops, o);
  struct access *a = &d->a[d->count - 1];
  const char *name = ZydisMnemonicGetString(i->mnemonic), *verb = name + (name[1] == 'p' ? 2 : 1); // v[p]gather, v[p]scatter
  a->index = -1;
  a->size = o->element_size / 8;
  d->vector = 1;
  d->vector_index = (u8)ZydisRegisterGetId(o->mem.index);
  d->vector_bytes = verb[verb[0] == 'g' ? 6 : 7] == 'd' ? 4 : 8;
  u32 wide = a->size > d->vector_bytes ? a->size : d->vector_bytes;
  d->vector_count = (u8)(wide ? i->avx.vector_length / 8 / wide : 0);
  if (!a->size) d->odd = true;
}

static bool masks(const ZydisDecodedInstruction *i) {
  switch (i->mnemonic) {
  case ZYDIS_MNEMONIC_MASKMOVQ: case ZYDIS_MNEMONIC_MASKMOVDQU: case ZYDIS_MNEMONIC_VMASKMOVDQU: case ZYDIS_MNEMONIC_VMASKMOVPS:
  case ZYDIS_MNEMONIC_VMASKMOVPD: case ZYDIS_MNEMONIC_VPMASKMOVD: case ZYDIS_MNEMONIC_VPMASKMOVQ: return true;
  default: return i->avx.mask.reg != ZYDIS_REGISTER_NONE && i->avx.mask.reg != ZYDIS_REGISTER_K0;
  }
}

static void decode(struct decoded *d, u64 pc, const u8 *bytes, size_t n) {
  ZydisDecodedInstruction i;
  ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
  memset(d, 0, sizeof *d);
  d->pc = pc;
  memcpy(d->bytes, bytes, n);
  if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, n, &i, ops))) return;
  d->length = i.length;
  d->narrow = i.address_width == 32;
  d->atomic = i.attributes & ZYDIS_ATTRIB_HAS_LOCK || i.mnemonic == ZYDIS_MNEMONIC_XCHG;
  d->masked = masks(&i);
  d->rep = i.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
  for (u32 k = 0; k < i.operand_count; k++) {
    if (ops[k].type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    if (ops[k].mem.type == ZYDIS_MEMOP_TYPE_VSIB) decode_vector(d, &i, ops, &ops[k]);
    else if (ops[k].mem.type == ZYDIS_MEMOP_TYPE_MEM || ops[k].mem.type == ZYDIS_MEMOP_TYPE_MIB) decode_access(d, &i, ops, &ops[k]);
  }
}

const struct decoded *watch_decode(u64 pc, const u8 *bytes, size_t n) {
  if (!decoded) {
    decoded = heap_pages(DECODED * sizeof *decoded);
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  }
  struct decoded *d = &decoded[(pc ^ pc >> 12) % DECODED];
  if (d->pc != pc || memcmp(d->bytes, bytes, n)) decode(d, pc, bytes, n);
  return d;
}

void watch_before(void) {
  static u8 bytes[16];
  const struct decoded *d = watch_decode(ctx.regs[R_RIP], bytes, debug_read(bytes, ctx.regs[R_RIP], 15));
  memcpy(before, ctx.regs, sizeof before);
  for (u32 i = 0; i < d->count; i++)
    if (d->a[i].segment) sys(__NR_arch_prctl, d->a[i].segment == 1 ? ARCH_GET_FS : ARCH_GET_GS, &before_segment[d->a[i].segment]);
  running = d;
}

u64 access_address(const struct decoded *d, const struct access *a, const u64 regs[R_COUNT], const u64 segments[3]) {
  u64 v = (u64)a->disp;
  if (a->base == R_RIP) v += d->pc + d->length;
  else if (a->base >= 0) v += regs[a->base];
  if (a->index >= 0) v += regs[a->index] * a->scale;
  if (a->how == A_PUSH) v -= a->size;
  if (a->how == A_POP_BASE) v += a->size;
  if (a->how == A_BIT) {
    s64 bit = a->size == 2 ? (s16)regs[a->bit] : a->size == 4 ? (s32)regs[a->bit] : (s64)regs[a->bit];
    s64 bits = (s64)a->size * 8;
    v += (u64)((bit >= 0 ? bit / bits : -((-bit + bits - 1) / bits)) * a->size);
  }
  if (d->narrow && a->how != A_PUSH) v = (u32)v;
  return v + (a->segment ? segments[a->segment] : 0);
}

void access_range(const struct decoded *d, const struct access *a, const u64 regs[R_COUNT], const u64 segments[3], u64 done, u64 *start, u64 *len) {
  *start = access_address(d, a, regs, segments);
  *len = a->size;
  if (!d->rep) return;
  *len = done * a->size;
  if (regs[R_RFLAGS] & 0x400) *start -= (done - 1) * a->size;
}

u64 access_element(const struct decoded *d, u64 at, const u8 vector[64], u32 k) {
  s64 index = d->vector_bytes == 4 ? *(const s32 *)(vector + 4 * k) : *(const s64 *)(vector + 8 * k);
  return at + (u64)index * d->a[0].scale;
}

// The range that an access touched, the iterations of a REP taken together.
static void range_of(const struct decoded *d, const struct access *a, u64 *start, u64 *len) {
  u64 done = d->narrow ? (u32)(before[R_RCX] - ctx.regs[R_RCX]) : before[R_RCX] - ctx.regs[R_RCX];
  access_range(d, a, before, before_segment, done, start, len);
}

// The index vector has not changed: it must differ from the destination. Elements that are masked out count as touched.
static bool vector_touched(const struct decoded *d, const struct watchpoint *w) {
  static u8 area[16384] __attribute__((aligned(64)));
  u64 at = access_address(d, &d->a[0], before, before_segment);
  u8 vector[64];
  debug_vector(area, d->vector_index, vector);
  for (u32 k = 0; k < d->vector_count; k++) {
    u64 start = access_element(d, at, vector, k);
    if (start < w->addr + w->len && w->addr < start + d->a[0].size) return true;
  }
  return false;
}

static u32 touched(const struct decoded *d, const struct watchpoint *w) {
  u32 rw = 0;
  if (d->vector) return vector_touched(d, w) ? d->a[0].rw : 0;
  for (u32 i = 0; i < d->count; i++) {
    u64 start, len;
    range_of(d, &d->a[i], &start, &len);
    if (len && start < w->addr + w->len && w->addr < start + len) rw |= d->a[i].rw;
  }
  return rw;
}

static bool changed(struct watchpoint *w) {
  u8 *now = w->old + w->len;
  memset(now, 0, w->len);
  debug_read(now, w->addr, w->len);
  if (!memcmp(w->old, now, w->len)) return false;
  memcpy(w->old, now, w->len);
  return true;
}

struct watchpoint *watch_after(void) {
  const struct decoded *d = running;
  struct watchpoint *first = NULL;
  bool others = before_events != ctx.events || special; // system calls, frames, what the engine executes: values are compared
  running = NULL;
  special = false;
  before_events = ctx.events;
  if (!d && !others) return NULL;
  for (struct watchpoint *w = watchpoints; w; w = w->next) {
    u32 rw = d ? touched(d, w) : 0;
    bool hit = w->flags & RR_WATCH_READ && rw & RR_WATCH_READ;
    if (rw & RR_WATCH_WRITE || others) {
      bool new_value = changed(w);
      hit |= new_value && w->flags & RR_WATCH_WRITE;
      // An access watchpoint also tells of a write that changed nothing, as the hardware does.
      hit |= w->flags == (RR_WATCH_READ | RR_WATCH_WRITE) && rw & RR_WATCH_WRITE;
    }
    if (hit && conditions_hold(w->conditions, w->conditions_count, ctx.regs) && !first) first = w;
  }
  return first;
}

void watch_special(void) { special = watchpoints != NULL; }

void watch_fault(void) {
  if (running && !running->rep) running = NULL;
}

void watch_cancel(void) { running = NULL; }

struct watchpoint *watch_first(void) { return watchpoints; }
