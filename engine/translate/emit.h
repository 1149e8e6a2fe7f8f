// Bytes of machine code. Each macro-like function appends to the builder's hot region.
#pragma once
#include "engine/translate/internal.h"

static inline void e8(struct builder *b, u8 v) { *b->hot++ = v; }
static inline void e32(struct builder *b, u32 v) { __builtin_memcpy(b->hot, &v, 4); b->hot += 4; }
static inline void e64(struct builder *b, u64 v) { __builtin_memcpy(b->hot, &v, 8); b->hot += 8; }
static inline void ebytes(struct builder *b, const void *p, u32 n) { memcpy(b->hot, p, n); b->hot += n; }
#define CODE(b, ...) do { static const u8 code_[] = { __VA_ARGS__ }; ebytes(b, code_, sizeof code_); } while (0)

#define CTX_AT(field) ((u32)(RR_CTX + offsetof(struct rr_ctx, field)))
static inline u32 spill_at(int reg) { return CTX_AT(spill) + 8 * (u32)reg; } // rax, rcx, rdx

// mov [abs32], reg / mov reg, [abs32] with reg of rax, rcx, rdx (SDM 2.1.5: SIB 25h is disp32 without base)
static inline void e_spill(struct builder *b, int reg) { e8(b, 0x48); e8(b, 0x89); e8(b, (u8)(0x04 | reg << 3)); e8(b, 0x25); e32(b, spill_at(reg)); }
static inline void e_reload(struct builder *b, int reg) { e8(b, 0x48); e8(b, 0x8b); e8(b, (u8)(0x04 | reg << 3)); e8(b, 0x25); e32(b, spill_at(reg)); }
static inline void e_spill_r11(struct builder *b) { CODE(b, 0x4c, 0x89, 0x1c, 0x25); e32(b, spill_at(2)); }
static inline void e_reload_r11(struct builder *b) { CODE(b, 0x4c, 0x8b, 0x1c, 0x25); e32(b, spill_at(2)); }
static inline void e_jmp_abs(struct builder *b, u32 at) { e8(b, 0xff); e8(b, 0x24); e8(b, 0x25); e32(b, at); } // jmp [abs32]
static inline void e_save_flags(struct builder *b) { CODE(b, 0x9f, 0x0f, 0x90, 0xc0); }       // lahf; seto al
static inline void e_restore_flags(struct builder *b) { CODE(b, 0x04, 0x7f, 0x9e); }          // add al, 0x7f; sahf
static inline void e_imm(struct builder *b, int reg, u64 v) { // mov reg, imm: rax, rcx, rdx
  if (v <= 0xffffffff) { e8(b, (u8)(0xb8 | reg)); e32(b, (u32)v); }
  else if ((s64)v == (s32)v) { e8(b, 0x48); e8(b, 0xc7); e8(b, (u8)(0xc0 | reg)); e32(b, (u32)v); }
  else { e8(b, 0x48); e8(b, (u8)(0xb8 | reg)); e64(b, v); }
}
static inline bool fits32(s64 v) { return v == (s32)v; }
