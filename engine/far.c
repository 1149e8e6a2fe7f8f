// Far transfers inside 64-bit code, and the instructions that store descriptor tables, which the kernel emulates.
#include <linux/signal.h>
#include "engine/special.h"
#include "engine/copy.h"
#include "engine/map.h"
#include "engine/signal.h"
#include "engine/translate.h"
#include "engine/translate/internal.h"

#define USER_CS 0x33u    // arch/x86/include/asm/segment.h
#define USER_CS32 0x23u
#define USER_DS 0x2bu

// Code of 64 bits goes on; to 32-bit code there is no way here.
static bool code_segment(u64 cs) {
  if ((u16)cs == USER_CS) return true;
  if ((u16)cs == USER_CS32) stop(STOP_REFUSED, "a far transfer to 32-bit code at 0x%lx can't be recorded", ctx.regs[R_RIP]);
  signal_raise_fault(SIGSEGV, SI_KERNEL, 0, 13, cs & 0xfffc);
  return false;
}

static bool stack_read(u64 at, u32 n, u32 count, u64 *v) {
  for (u32 i = 0; i < count; i++) {
    v[i] = 0;
    if (!get_guest(&v[i], at + i * n, n)) { special_pf(at + i * n, false); return false; }
  }
  return true;
}

// A transfer; a budget that ends here is seen at the next tick.
static void go(u64 to) {
  ctx.regs[R_RIP] = to;
  tick_count();
}

void far_iret(const struct operands *d) {
  u64 f[5];
  u32 n = d->i.operand_width / 8;
  if (!stack_read(ctx.regs[R_RSP], n, 5, f) || !code_segment(f[1])) return;
  if ((u16)f[4] != USER_DS && (u16)f[4]) { signal_raise_fault(SIGSEGV, SI_KERNEL, 0, 13, f[4] & 0xfffc); return; }
  special_set_flags(f[2], n == 2 ? RFLAGS_USER & 0xffff : RFLAGS_USER);
  ctx.regs[R_RSP] = f[3];
  go(f[0]);
}

static void far_ret(const struct operands *d) {
  u64 f[2];
  u32 n = d->i.operand_width / 8;
  u64 drop = d->i.raw.imm[0].size == 16 ? d->i.raw.imm[0].value.u & 0xffff : 0;
  if (!stack_read(ctx.regs[R_RSP], n, 2, f) || !code_segment(f[1])) return;
  ctx.regs[R_RSP] += 2 * n + drop;
  go(f[0]);
}

void far_transfer(const struct operands *d) {
  if (d->i.mnemonic == ZYDIS_MNEMONIC_RET) { far_ret(d); return; }
  const ZydisDecodedOperand *m = special_memory(d);
  u32 n = cpu_amd && d->i.operand_width == 64 ? 4 : d->i.operand_width / 8; // AMD knows no far pointer of 64 bits
  u64 at = m ? special_address(d, m) : 0, f[2] = { 0, 0 };
  if (!get_guest(&f[0], at, n)) { special_pf(at, false); return; }
  if (!get_guest(&f[1], at + n, 2)) { special_pf(at + n, false); return; }
  if (!code_segment(f[1])) return;
  if (d->i.mnemonic == ZYDIS_MNEMONIC_CALL) {
    u64 sp = ctx.regs[R_RSP] - 2 * n, next = ctx.regs[R_RIP] + d->i.length, cs = USER_CS;
    if (!put_guest(sp, &next, n) || !put_guest(sp + n, &cs, n)) { special_pf(sp, true); return; }
    ctx.regs[R_RSP] = sp;
  }
  go(f[0]);
}

// As the kernel emulates them where the CPU has UMIP (arch/x86/kernel/umip.c): constants, not where the tables are.
bool table_store(const struct operands *d) {
  u64 value = 0;
  u8 table[10] = { 0 };
  const ZydisDecodedOperand *m = special_memory(d);
  u64 at = m ? special_address(d, m) : 0;
  switch (d->i.mnemonic) {
  case ZYDIS_MNEMONIC_SGDT: case ZYDIS_MNEMONIC_SIDT: {
    u64 base = d->i.mnemonic == ZYDIS_MNEMONIC_SGDT ? 0xfffffffffffe0000ul : 0xffffffffffff0000ul;
    memcpy(table + 2, &base, 8);
    if (put_guest(at, table, sizeof table)) return true;
    special_pf(at, true);
    return false;
  }
  case ZYDIS_MNEMONIC_SMSW: value = 0x80050033; break; // CR0_STATE
  case ZYDIS_MNEMONIC_STR: value = 0x40; break;        // GDT_ENTRY_TSS * 8
  default: break;                                      // sldt: no LDT
  }
  if (!m) special_set_register(d->o[0].reg.value, d->i.operand_width, value);
  else if (!put_guest(at, &value, 2)) { special_pf(at, true); return false; }
  return true;
}
