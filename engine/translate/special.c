// Which instructions are not copied: the table. What is in no row and belongs to a category that is not plainly copyable
// stops by name when it is executed (SP_OTHER).
#include <Zydis/Zydis.h>
#include "engine/translate/internal.h"

#define M(name) ZYDIS_MNEMONIC_##name
static const struct special_row rows[] = {
  // transfers
  { M(JMP), I_JMP, 0 }, { M(CALL), I_CALL, 0 }, { M(RET), I_RET, 0 },
  { M(JB), I_JCC, 0 }, { M(JBE), I_JCC, 0 }, { M(JL), I_JCC, 0 }, { M(JLE), I_JCC, 0 }, { M(JNB), I_JCC, 0 }, { M(JNBE), I_JCC, 0 },
  { M(JNL), I_JCC, 0 }, { M(JNLE), I_JCC, 0 }, { M(JNO), I_JCC, 0 }, { M(JNP), I_JCC, 0 }, { M(JNS), I_JCC, 0 }, { M(JNZ), I_JCC, 0 },
  { M(JO), I_JCC, 0 }, { M(JP), I_JCC, 0 }, { M(JS), I_JCC, 0 }, { M(JZ), I_JCC, 0 },
  { M(JRCXZ), I_LOOP, 0 }, { M(JECXZ), I_LOOP, 0 }, { M(JCXZ), I_LOOP, 0 }, { M(LOOP), I_LOOP, 0 }, { M(LOOPE), I_LOOP, 0 }, { M(LOOPNE), I_LOOP, 0 },
  // system calls
  { M(SYSCALL), I_SPECIAL, SP_SYSCALL }, { M(SYSENTER), I_END, SP_SYSENTER }, { M(INT), I_END, SP_INTO_INT },
  { M(INT3), I_END, SP_INT3 }, { M(INT1), I_END, SP_INT1 },
  // values from outside
  { M(RDTSC), I_SPECIAL, SP_RDTSC }, { M(RDTSCP), I_SPECIAL, SP_RDTSCP }, { M(RDPID), I_SPECIAL, SP_RDPID }, { M(RDPMC), I_SPECIAL, SP_RDPMC },
  { M(CPUID), I_SPECIAL, SP_CPUID }, { M(XGETBV), I_SPECIAL, SP_XGETBV }, { M(RDRAND), I_SPECIAL, SP_RDRAND }, { M(RDSEED), I_SPECIAL, SP_RDSEED },
  // undefined and privileged (the CPU raises #UD or #GP)
  { M(UD0), I_END, SP_UD }, { M(UD1), I_END, SP_UD }, { M(UD2), I_END, SP_UD },
  { M(SYSRET), I_END, SP_HLT_PRIV }, { M(SYSEXIT), I_END, SP_HLT_PRIV },
  { M(HLT), I_END, SP_HLT_PRIV }, { M(CLI), I_END, SP_HLT_PRIV }, { M(STI), I_END, SP_HLT_PRIV }, { M(IN), I_END, SP_HLT_PRIV }, { M(OUT), I_END, SP_HLT_PRIV },
  { M(INSB), I_END, SP_HLT_PRIV }, { M(INSW), I_END, SP_HLT_PRIV }, { M(INSD), I_END, SP_HLT_PRIV },
  { M(OUTSB), I_END, SP_HLT_PRIV }, { M(OUTSW), I_END, SP_HLT_PRIV }, { M(OUTSD), I_END, SP_HLT_PRIV },
  { M(CLTS), I_END, SP_HLT_PRIV }, { M(INVD), I_END, SP_HLT_PRIV }, { M(WBINVD), I_END, SP_HLT_PRIV },
  { M(INVLPG), I_END, SP_HLT_PRIV }, { M(LGDT), I_END, SP_HLT_PRIV }, { M(LIDT), I_END, SP_HLT_PRIV }, { M(LLDT), I_END, SP_HLT_PRIV }, { M(LTR), I_END, SP_HLT_PRIV },
  { M(LMSW), I_END, SP_HLT_PRIV }, { M(RDMSR), I_END, SP_HLT_PRIV }, { M(WRMSR), I_END, SP_HLT_PRIV }, { M(SWAPGS), I_END, SP_HLT_PRIV }, { M(XSETBV), I_END, SP_HLT_PRIV },
  { M(CLAC), I_END, SP_UD }, { M(STAC), I_END, SP_UD },
  // flags that the host must not hold, far transfers
  { M(POPF), I_SPECIAL, SP_POPF }, { M(POPFD), I_SPECIAL, SP_POPF }, { M(POPFQ), I_SPECIAL, SP_POPF },
  { M(PUSHF), I_SPECIAL, SP_PUSHF }, { M(PUSHFD), I_SPECIAL, SP_PUSHF }, { M(PUSHFQ), I_SPECIAL, SP_PUSHF },
  { M(IRET), I_END, SP_IRET }, { M(IRETD), I_END, SP_IRET }, { M(IRETQ), I_END, SP_IRET },
  // extended state: canonical contents
  { M(XSAVE), I_SPECIAL, SP_XSAVE }, { M(XSAVE64), I_SPECIAL, SP_XSAVE }, { M(XSAVEOPT), I_SPECIAL, SP_XSAVE }, { M(XSAVEOPT64), I_SPECIAL, SP_XSAVE },
  { M(XSAVEC), I_SPECIAL, SP_XSAVE }, { M(XSAVEC64), I_SPECIAL, SP_XSAVE }, { M(XSAVES), I_END, SP_HLT_PRIV }, { M(XSAVES64), I_END, SP_HLT_PRIV },
  { M(XRSTOR), I_SPECIAL, SP_XRSTOR }, { M(XRSTOR64), I_SPECIAL, SP_XRSTOR }, { M(XRSTORS), I_END, SP_HLT_PRIV }, { M(XRSTORS64), I_END, SP_HLT_PRIV },
  { M(FXSAVE), I_SPECIAL, SP_FXSAVE_FIP }, { M(FXSAVE64), I_SPECIAL, SP_FXSAVE_FIP }, { M(FNSTENV), I_SPECIAL, SP_FXSAVE_FIP }, { M(FNSAVE), I_SPECIAL, SP_FXSAVE_FIP },
  { M(FXRSTOR), I_COPY, 0 }, { M(FXRSTOR64), I_COPY, 0 },
  // segments and tables
  { M(LSL), I_SPECIAL, SP_SEGMENT }, { M(LAR), I_SPECIAL, SP_SEGMENT }, { M(VERR), I_SPECIAL, SP_SEGMENT }, { M(VERW), I_SPECIAL, SP_SEGMENT }, { M(LSS), I_SPECIAL, SP_SEGMENT },
  { M(SGDT), I_SPECIAL, SP_STORE_TABLE }, { M(SIDT), I_SPECIAL, SP_STORE_TABLE }, { M(SLDT), I_SPECIAL, SP_STORE_TABLE }, { M(STR), I_SPECIAL, SP_STORE_TABLE }, { M(SMSW), I_SPECIAL, SP_STORE_TABLE },
  { M(RDFSBASE), I_COPY, 0 }, { M(RDGSBASE), I_COPY, 0 }, { M(WRFSBASE), I_COPY, 0 }, { M(WRGSBASE), I_COPY, 0 },
  // transactions abort at once; their other instructions do outside of one what the manual says
  { M(XBEGIN), I_END, SP_XBEGIN }, { M(XEND), I_COPY, 0 }, { M(XTEST), I_COPY, 0 }, { M(XABORT), I_COPY, 0 },
  { M(MONITOR), I_END, SP_OTHER }, { M(MWAIT), I_END, SP_OTHER }, { M(MONITORX), I_END, SP_OTHER }, { M(MWAITX), I_END, SP_OTHER },
  // ordering, hints, cache control: nothing that depends on where the code lies
  { M(SERIALIZE), I_COPY, 0 }, { M(CLZERO), I_COPY, 0 }, { M(CLFLUSH), I_COPY, 0 }, { M(CLD), I_COPY, 0 }, { M(STD), I_COPY, 0 },
  { M(RDSSPD), I_COPY, 0 }, { M(RDSSPQ), I_COPY, 0 }, { M(ENDBR32), I_COPY, 0 }, { M(ENDBR64), I_COPY, 0 }, // hints while shadow stacks are off
  { M(INCSSPD), I_END, SP_UD }, { M(INCSSPQ), I_END, SP_UD }, { M(SAVEPREVSSP), I_END, SP_UD }, { M(RSTORSSP), I_END, SP_UD },
  { M(WRSSD), I_END, SP_UD }, { M(WRSSQ), I_END, SP_UD }, { M(SETSSBSY), I_END, SP_UD }, { M(CLRSSBSY), I_END, SP_UD },
  { M(LDMXCSR), I_COPY, 0 }, { M(STMXCSR), I_COPY, 0 }, { M(VLDMXCSR), I_COPY, 0 }, { M(VSTMXCSR), I_COPY, 0 }, { M(EMMS), I_COPY, 0 },
  { M(LFENCE), I_COPY, 0 }, { M(MFENCE), I_COPY, 0 }, { M(SFENCE), I_COPY, 0 }, { M(PAUSE), I_COPY, 0 }, { M(NOP), I_COPY, 0 },
  { M(RDPKRU), I_END, SP_UD }, { M(WRPKRU), I_END, SP_UD }, // protection keys are hidden: CR4.PKE reads as clear
};

#define C(name) ZYDIS_CATEGORY_##name
// MPX is gone from every CPU: its instructions are hints.
static const u8 not_copyable[] = {
  C(INVALID), C(AMX_TILE), C(CET), C(ENQCMD), C(HRESET), C(INTERRUPT), C(IO), C(IOSTRINGOP), C(KEYLOCKER), C(KEYLOCKER_WIDE), C(KNC), C(KNCMASK),
  C(KNCSCALAR), C(PADLOCK), C(PCONFIG), C(PKU), C(PT), C(RDPID), C(RDPRU), C(RDRAND), C(RDSEED), C(SGX), C(SMAP), C(SYSCALL), C(SYSRET), C(SYSTEM),
  C(TSX_LDTRK), C(UINTR), C(VTX), C(WAITPKG), C(XSAVE), C(XSAVEOPT),
};

static u8 row_of[ZYDIS_MNEMONIC_MAX_VALUE + 1]; // index + 1
static u64 copyable[(ZYDIS_CATEGORY_MAX_VALUE + 64) / 64];

void special_init(void) {
  _Static_assert(ARRAY_SIZE(rows) < 255, "row numbers are bytes");
  for (u32 i = 0; i < ARRAY_SIZE(rows); i++) row_of[rows[i].mnemonic] = (u8)(i + 1);
  memset(copyable, 0xff, sizeof copyable);
  for (u32 i = 0; i < ARRAY_SIZE(not_copyable); i++) copyable[not_copyable[i] / 64] &= ~(1ul << not_copyable[i] % 64);
}

const struct special_row *special_find(u16 mnemonic) {
  u8 r = row_of[mnemonic];
  return r ? &rows[r - 1] : NULL;
}

bool special_copyable(u8 category) { return copyable[category / 64] >> category % 64 & 1; }
