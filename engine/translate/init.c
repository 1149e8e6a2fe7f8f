// Start of the translator in an address space, and the checks that tie the assembly to the layouts.
#include "engine/cpuid.h"
#include "engine/log.h"
#include "engine/translate/internal.h"

#define SAME(field, offset) _Static_assert(offsetof(struct rr_ctx, field) == (offset), "gate.S knows the offset of " #field)
SAME(regs, 0);
SAME(spill, 144);
SAME(exit_record, 176);
SAME(exit_kind, 184);
SAME(exit_target, 192);
SAME(engine_rsp, 200);
SAME(ibl_second_mask, 232);
_Static_assert(offsetof(struct exit_record, kind) == 20 && sizeof(struct exit_record) == 24, "gate.S knows the exit record");
_Static_assert(EXIT_INDIRECT == 2 && EXIT_FAULT == 6 && EXIT_TICK == 1 && RR_CTX == 0x71f00000, "gate.S knows the exit kinds");

static void cpu_features(void) {
  u32 r[4], max;
  cpuid(0, 0, r);
  max = r[CPUID_EAX];
  cpu_amd = r[CPUID_EBX] == 0x68747541 || r[CPUID_EBX] == 0x6f677948; // AuthenticAMD, HygonGenuine
  cpuid(1, 0, r);
  u32 family = (r[CPUID_EAX] >> 8 & 15) + ((r[CPUID_EAX] >> 8 & 15) == 15 ? r[CPUID_EAX] >> 20 & 255 : 0);
  if (max < 7) return;
  cpuid(7, 0, r);
  // pext is microcode before Zen 3.
  cpu_fast_pext = (r[CPUID_EBX] >> 8 & 1) && !(cpu_amd && family < 0x19);
}

void translate_init(void) {
  static bool done;
  ctx.gate_exit = (u64)gate_exit;
  if (!done) cpu_features();
  ctx.gate_ibl_miss = (u64)(cpu_fast_pext ? gate_ibl_wrong : gate_ibl_slow);
  ctx.ibl_second_mask = IBL_SECOND_MASK;
  if (done) return; // a fork child: the tables came with it
  done = true;
  decode_init();
  debug_flags = session->opt.debug;
  last_fragment = session->opt.last_fragment;
  ibl_reset();
}
