// What the files that execute instructions for the guest share (nondet.c, far.c): operands and faults of the instruction at R_RIP.
#pragma once
#include <Zydis/Zydis.h>
#include "engine/base.h"

#define RFLAGS_USER 0x254dd5ul   // what popf changes at CPL 3: status, TF, DF, NT, AC, ID (SDM vol. 2, POPF)

struct operands { ZydisDecodedInstruction i; ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT]; };

u64 special_register(ZydisRegister r);
void special_set_register(ZydisRegister r, u32 bits, u64 v);   // 16, 32 or 64
u64 special_address(const struct operands *d, const ZydisDecodedOperand *o);
const ZydisDecodedOperand *special_memory(const struct operands *d);
void special_gp(void);                                          // raises #GP as SIGSEGV
void special_pf(u64 addr, bool write);                          // #PF
void special_set_flags(u64 v, u64 mask);

// far.c. Those without result set R_RIP or raise a fault; false: a fault was raised.
void far_iret(const struct operands *d);
void far_transfer(const struct operands *d);
bool table_store(const struct operands *d);
