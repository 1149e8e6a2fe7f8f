// Instructions that the engine executes for the guest: those whose result comes from outside (logged), and those whose native
// result would show the engine (flags, saved pcs, state components that are hidden).
#include <asm/prctl.h>
#include <linux/signal.h>
#include "engine/cpuid.h"
#include "engine/run.h"
#include "engine/special.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/signal.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

#define RFLAGS_STATUS 0x8d5ul

static bool decode(struct operands *d) {
  static ZydisDecoder decoder;
  static bool ready;
  u8 bytes[15];
  if (!ready) ready = ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
  size_t n = copyin(bytes, ctx.regs[R_RIP], sizeof bytes);
  return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, n, &d->i, d->o));
}

u64 special_register(ZydisRegister r) {
  if (r == ZYDIS_REGISTER_NONE) return 0;
  if (r == ZYDIS_REGISTER_RIP) return ctx.regs[R_RIP];
  return ctx.regs[ZydisRegisterGetId(r) & 15];
}

// The running guest thread's bases are live in the host's registers.
static u64 segment_base(ZydisRegister segment) {
  u64 base = 0;
  if (segment == ZYDIS_REGISTER_FS) sys(__NR_arch_prctl, ARCH_GET_FS, &base);
  if (segment == ZYDIS_REGISTER_GS) sys(__NR_arch_prctl, ARCH_GET_GS, &base);
  return base;
}

u64 special_address(const struct operands *d, const ZydisDecodedOperand *o) {
  u64 a = special_register(o->mem.base) + special_register(o->mem.index) * o->mem.scale + (u64)o->mem.disp.value;
  if (o->mem.base == ZYDIS_REGISTER_RIP) a += d->i.length;
  if (d->i.address_width == 32) a = (u32)a;
  return a + segment_base(o->mem.segment);
}

const ZydisDecodedOperand *special_memory(const struct operands *d) {
  for (int i = 0; i < d->i.operand_count; i++)
    if (d->o[i].type == ZYDIS_OPERAND_TYPE_MEMORY) return &d->o[i];
  return NULL;
}

// A write to a general register of 16, 32 or 64 bits.
void special_set_register(ZydisRegister r, u32 bits, u64 v) {
  u64 *d = &ctx.regs[ZydisRegisterGetId(r) & 15];
  *d = bits == 64 ? v : bits == 32 ? (u32)v : (*d & ~0xfffful) | (v & 0xffff);
}

static void set_status(u64 flags) { ctx.regs[R_RFLAGS] = (ctx.regs[R_RFLAGS] & ~RFLAGS_STATUS) | flags; }

void special_gp(void) { signal_raise_fault(SIGSEGV, SI_KERNEL, 0, 13, 0); }
void special_pf(u64 addr, bool write) { signal_raise_fault(SIGSEGV, map_find(addr) ? SEGV_ACCERR : SEGV_MAPERR, addr, 14, (write ? 6 : 4) | (map_find(addr) ? 1 : 0)); }

static void do_rdtsc(bool p) {
  u32 a = 0, d = 0, c = 0;
  u64 v[2];
  if (!replaying) __asm__ volatile("rdtscp" : "=a"(a), "=d"(d), "=c"(c));
  v[0] = a | (u64)d << 32;
  v[1] = c;
  log_nondet(p ? RR_ND_RDTSCP : RR_ND_RDTSC, v, p ? 2 : 1);
  ctx.regs[R_RAX] = (u32)v[0];
  ctx.regs[R_RDX] = v[0] >> 32;
  if (p) ctx.regs[R_RCX] = (u32)v[1];
}

// What the guest does not see: state that the engine can't make deterministic or does not carry (design, part 5).
static const struct { u32 leaf, sub, reg; } words[] = {
#define CPUID_WORD(leaf, sub, reg, ...) { leaf, sub, reg },
#include "abi/cpuid.def"
};

static void hide_features(u32 leaf, u32 sub, u32 r[4]) {
  if (leaf == 1) r[2] &= ~(1u << 3 | 1u << 5 | 1u << 15 | 1u << 24);       // MONITOR, VMX, PDCM, TSC deadline
  if (leaf == 7 && sub == 0) {
    r[1] &= ~(1u << 4 | 1u << 11 | 1u << 14);                                // HLE, RTM, MPX
    r[2] &= ~(1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 23 | 1u << 29);    // PKU, OSPKE, WAITPKG, CET_SS, KL, ENQCMD
    r[3] &= ~(1u << 5 | 1u << 11 | 1u << 13 | 1u << 16 | 1u << 20 | 1u << 22 | 1u << 24 | 1u << 25); // UINTR, RTM, TSX, TSXLDTRK, IBT, AMX
  }
  if (leaf == 7 && sub == 1) r[0] &= ~(1u << 21 | 1u << 22);                  // AMX
  for (u32 i = 0; i < ARRAY_SIZE(words); i++)
    if (words[i].leaf == leaf && (words[i].sub == sub || leaf == 1 || leaf >= 0x80000000)) r[words[i].reg] &= session->opt.cpu_keep[i];
  if (leaf == 0xd && sub == 0) { r[0] = (u32)xsave_mask; r[1] = r[2] = xsave_bytes; r[3] = (u32)(xsave_mask >> 32); }
  if (leaf == 0xd && sub == 1) r[0] &= ~0x1fu;                               // XSAVEOPT, XSAVEC, XGETBV1, XSAVES, XFD
  if (leaf == 0xd && sub > 1 && (sub > 63 || !(xsave_mask >> sub & 1))) r[0] = r[1] = r[2] = r[3] = 0;
  if (leaf == 0x80000001) r[2] &= ~(1u << 29);                               // MONITORX
  if (leaf == 0x80000008) r[1] &= ~(1u << 4);                                // RDPRU
}

static void do_cpuid(void) {
  u32 r[4], leaf = (u32)ctx.regs[R_RAX], sub = (u32)ctx.regs[R_RCX];
  u64 v[2];
  if (!replaying) {
    cpuid(leaf, sub, r);
    hide_features(leaf, sub, r);
    v[0] = r[0] | (u64)r[1] << 32;
    v[1] = r[2] | (u64)r[3] << 32;
  }
  log_nondet(RR_ND_CPUID, v, 2);
  ctx.regs[R_RAX] = (u32)v[0];
  ctx.regs[R_RBX] = v[0] >> 32;
  ctx.regs[R_RCX] = (u32)v[1];
  ctx.regs[R_RDX] = v[1] >> 32;
}

static void do_random(const struct operands *d, bool seed) {
  u64 v[2] = { 0, 0 };
  u8 ok = 0;
  if (!replaying) {
    if (seed) __asm__ volatile("rdseed %0; setc %1" : "=r"(v[0]), "=qm"(ok));
    else __asm__ volatile("rdrand %0; setc %1" : "=r"(v[0]), "=qm"(ok));
    v[1] = ok;
  }
  log_nondet(seed ? RR_ND_RDSEED : RR_ND_RDRAND, v, 2);
  special_set_register(d->o[0].reg.value, d->i.operand_width, v[1] ? v[0] : 0);
  set_status(v[1] ? 1 : 0);
}

static void do_rdpid(const struct operands *d) {
  u64 v = 0;
  u32 c = 0;
  if (!replaying) { __asm__ volatile("rdtscp" : "=c"(c) : : "rax", "rdx"); v = c; }
  log_nondet(RR_ND_RDPID, &v, 1);
  special_set_register(d->o[0].reg.value, 64, v);
}

static bool do_xgetbv(void) {
  u64 v = 0;
  if ((u32)ctx.regs[R_RCX] > 1) { special_gp(); return false; }
  if (!replaying) v = xsave_mask; // XINUSE (ecx 1) depends on what the kernel did: everything counts as in use
  log_nondet(RR_ND_XGETBV, &v, 1);
  ctx.regs[R_RAX] = (u32)v;
  ctx.regs[R_RDX] = v >> 32;
  return true;
}

static u64 visible_flags(void) { return ctx.regs[R_RFLAGS] | 0x202; }

static bool do_pushf(const struct operands *d) {
  u32 n = d->i.operand_width / 8;
  u64 v = visible_flags(), to = ctx.regs[R_RSP] - n;
  if (!put_guest(to, &v, n)) { special_pf(to, true); return false; }
  ctx.regs[R_RSP] = to;
  return true;
}

void special_set_flags(u64 v, u64 mask) {
  ctx.regs[R_RFLAGS] = (ctx.regs[R_RFLAGS] & ~mask) | (v & mask) | 0x202;
}

static bool do_popf(const struct operands *d) {
  u32 n = d->i.operand_width / 8;
  u64 v = 0;
  if (!get_guest(&v, ctx.regs[R_RSP], n)) { special_pf(ctx.regs[R_RSP], false); return false; }
  special_set_flags(v, n == 2 ? RFLAGS_USER & 0xffff : RFLAGS_USER);
  ctx.regs[R_RSP] += n;
  return true;
}

// --- extended state ---

static u8 area[16384] __attribute__((aligned(64)));

static u64 requested(void) { return ((u32)ctx.regs[R_RAX] | ctx.regs[R_RDX] << 32) & xsave_mask; }

static void component(u32 n, u32 *offset, u32 *size) {
  u32 r[4];
  cpuid(0xd, n, r);
  *size = r[CPUID_EAX];
  *offset = r[CPUID_EBX];
}

static void clear_fip(u8 *legacy) { memset(legacy + 8, 0, 16); memset(legacy + 6, 0, 2); } // FOP, FIP/FCS, FDP/FDS

static bool do_xsave(const struct operands *d) {
  u64 to = special_address(d, special_memory(d)), mask = requested(), bv;
  if (to & 63) { special_gp(); return false; }
  memset(area, 0, sizeof area);
  __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
  clear_fip(area);
  bool ok = get_guest(&bv, to + 512, 8);
  bv = (bv & ~mask) | mask;
  if (mask & 1) ok = ok && put_guest(to, area, 24) && put_guest(to + 32, area + 32, 128);
  if (mask & 6) ok = ok && put_guest(to + 24, area + 24, 8);
  if (mask & 2) ok = ok && put_guest(to + 160, area + 160, 256);
  for (u32 n = 2; n < 63 && ok; n++) {
    u32 offset, size;
    if (!(mask >> n & 1)) continue;
    component(n, &offset, &size);
    ok = offset + size <= sizeof area && put_guest(to + offset, area + offset, size);
  }
  if (!ok || !put_guest(to + 512, &bv, 8)) { special_pf(to, true); return false; }
  return true;
}

static bool do_xrstor(const struct operands *d) {
  u64 from = special_address(d, special_memory(d)), mask = requested(), header[3];
  if (from & 63) { special_gp(); return false; }
  memset(area, 0, sizeof area);
  if (!get_guest(area, from, 576)) { special_pf(from, false); return false; }
  memcpy(header, area + 512, sizeof header);
  u32 mxcsr = *(u32 *)(area + 24);
  if (header[1] || header[2] || header[0] & ~xsave_mask || (mask & 6 && mxcsr & ~0xffffu)) { special_gp(); return false; }
  for (u32 n = 2; n < 63; n++) {
    u32 offset, size;
    if (!(mask & header[0] & 1ul << n)) continue;
    component(n, &offset, &size);
    if (offset + size > sizeof area || !get_guest(area + offset, from + offset, size)) { special_pf(from + offset, false); return false; }
  }
  __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
  return true;
}

static bool do_fxsave(const struct operands *d) {
  u64 to = special_address(d, special_memory(d));
  u32 size = 512;
  memset(area, 0, 512);
  switch (d->i.mnemonic) {
  case ZYDIS_MNEMONIC_FXSAVE: case ZYDIS_MNEMONIC_FXSAVE64:
    if (to & 15) { special_gp(); return false; }
    if (!get_guest(area, to, 512)) { special_pf(to, true); return false; } // bytes that the instruction leaves alone
    __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
    clear_fip(area);
    break;
  case ZYDIS_MNEMONIC_FNSTENV: case ZYDIS_MNEMONIC_FNSAVE: {
    bool save = d->i.mnemonic == ZYDIS_MNEMONIC_FNSAVE;
    if (d->i.operand_width == 16) stop(STOP_REFUSED, "a 16-bit fnstenv or fnsave at 0x%lx can't be recorded", ctx.regs[R_RIP]);
    if (save) __asm__ volatile("fnsave (%0)" : : "r"(area) : "memory");
    else __asm__ volatile("fnstenv (%0)" : : "r"(area) : "memory");
    memset(area + 12, 0, 16); // FIP, FCS and FOP, FDP, FDS
    size = save ? 108 : 28;
    break;
  }
  default: return false;
  }
  if (!put_guest(to, area, size)) { special_pf(to, true); return false; }
  return true;
}

// lsl, lar, verr, verw: descriptors of the kernel; lsl of the per-CPU segment tells the CPU number.
static void do_segment(const struct operands *d) {
  u64 v[2] = { 0, 0 };
  u64 selector = 0;
  const ZydisDecodedOperand *s = &d->o[d->i.operand_count_visible > 1 ? 1 : 0];
  if (s->type == ZYDIS_OPERAND_TYPE_MEMORY) { if (!get_guest(&selector, special_address(d, s), 2)) { special_pf(special_address(d, s), false); return; } }
  else selector = special_register(s->reg.value) & 0xffff;
  if (!replaying) {
    u8 z = 0;
    switch (d->i.mnemonic) {
    case ZYDIS_MNEMONIC_LSL: __asm__ volatile("lsl %2, %0; setz %1" : "+r"(v[0]), "=qm"(z) : "r"(selector) : "cc"); break;
    case ZYDIS_MNEMONIC_LAR: __asm__ volatile("lar %2, %0; setz %1" : "+r"(v[0]), "=qm"(z) : "r"(selector) : "cc"); break;
    case ZYDIS_MNEMONIC_VERR: __asm__ volatile("verr %w1; setz %0" : "=qm"(z) : "r"(selector) : "cc"); break;
    case ZYDIS_MNEMONIC_VERW: __asm__ volatile("verw %w1; setz %0" : "=qm"(z) : "r"(selector) : "cc"); break;
    default: stop(STOP_REFUSED, "%s at 0x%lx can't be recorded", "lss", ctx.regs[R_RIP]);
    }
    v[1] = z;
  }
  log_nondet(RR_ND_OTHER, v, 2);
  if (v[1] && d->i.operand_count_visible > 1) special_set_register(d->o[0].reg.value, d->i.operand_width, v[0]);
  ctx.regs[R_RFLAGS] = (ctx.regs[R_RFLAGS] & ~0x40ul) | (v[1] ? 0x40 : 0);
  ctx.regs[R_RIP] += d->i.length;
}

static NORETURN void refuse(const struct operands *d) {
  stop(STOP_REFUSED, "the instruction %s at 0x%lx can't be recorded", ZydisMnemonicGetString(d->i.mnemonic), ctx.regs[R_RIP]);
}

void special_execute(u8 what, u8 length) {
  static struct operands d;
  u64 pc = ctx.regs[R_RIP];
  bool done = true;
  bool decoded = decode(&d);
  switch (what) {
  case SP_RDTSC: case SP_RDTSCP:
    if (unlikely(current->tsc_traps)) { special_gp(); return; }
    do_rdtsc(what == SP_RDTSCP);
    break;
  case SP_CPUID:
    if (unlikely(current->cpuid_traps)) { special_gp(); return; }
    do_cpuid();
    break;
  case SP_RDRAND: do_random(&d, false); break;
  case SP_RDSEED: do_random(&d, true); break;
  case SP_RDPID: do_rdpid(&d); break;
  case SP_XGETBV: done = do_xgetbv(); break;
  case SP_RDPMC: case SP_HLT_PRIV: special_gp(); return;
  case SP_PUSHF: done = do_pushf(&d); break;
  case SP_POPF: done = do_popf(&d); break;
  case SP_IRET: far_iret(&d); return;
  case SP_FAR: far_transfer(&d); return;
  case SP_STORE_TABLE: done = table_store(&d); break;
  case SP_SYSENTER: signal_raise_fault(SIGILL, ILL_ILLOPN, pc, 6, 0); return; // AMD: not in 64-bit mode; Intel: a kernel without 32-bit calls
  case SP_XSAVE: done = do_xsave(&d); break;
  case SP_XRSTOR: done = do_xrstor(&d); break;
  case SP_FXSAVE_FIP: done = do_fxsave(&d); break;
  case SP_SEGMENT: do_segment(&d); return;
  case SP_XBEGIN: // the abort path at once: no reason bits, so that nobody retries
    ctx.regs[R_RAX] &= ~0xfffffffful;
    ctx.regs[R_RIP] = pc + length + (u64)d.o[0].imm.value.s;
    if (ctx.regs[R_RIP] <= pc) tick_count();
    return;
  case SP_INT3:
    ctx.regs[R_RIP] = pc + length;
    signal_raise_fault(SIGTRAP, SI_KERNEL, 0, 3, 0);
    return;
  case SP_INT1:
    ctx.regs[R_RIP] = pc + length;
    signal_raise_fault(SIGTRAP, TRAP_BRKPT, pc + length, 1, 0);
    return;
  case SP_INTO_INT:
    if (decoded && d.i.mnemonic == ZYDIS_MNEMONIC_INT && d.o[0].imm.value.u == 0x80) { syscall_guest_32(); return; }
    if (decoded && d.o[0].imm.value.u == 3) { // its gate is open to user code, as that of vector 4 (arch/x86/kernel/idt.c)
      ctx.regs[R_RIP] = pc + length;
      signal_raise_fault(SIGTRAP, SI_KERNEL, 0, 3, 0);
      return;
    }
    if (decoded && d.o[0].imm.value.u == 4) {
      ctx.regs[R_RIP] = pc + length;
      signal_raise_fault(SIGSEGV, SI_KERNEL, 0, 4, 0);
      return;
    }
    signal_raise_fault(SIGSEGV, SI_KERNEL, 0, 13, decoded ? d.o[0].imm.value.u * 8 + 2 : 0);
    return;
  case SP_UD: signal_raise_fault(SIGILL, ILL_ILLOPN, pc, 6, 0); return;
  default:
    if (!decoded) { signal_raise_fault(SIGILL, ILL_ILLOPN, pc, 6, 0); return; }
    refuse(&d);
  }
  if (done) ctx.regs[R_RIP] = pc + length;
}
