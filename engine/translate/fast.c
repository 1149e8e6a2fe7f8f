// A quick way through the decoder: what Zydis said about an instruction's opcode is remembered, the rest (length, offsets of
// its parts, branch targets) is read off the bytes. Cold code is decoded three times as fast.
//
// The memory is keyed by everything that kind, flags and immediate size can depend on: prefixes 66, F2, F3, REX.W, map,
// opcode, and with a modrm byte its reg field and whether it names a register. Opcodes where rm, an immediate or another
// prefix matters too are left to Zydis (leave_to_zydis).
#include "engine/translate/internal.h"

struct memo { u32 key; u16 reads, writes; u8 kind, special, imm, valid; }; // imm: bytes of immediates
#define MEMOS 2048u
static struct memo memos[MEMOS];
static u8 has_modrm[4][256];   // 0: not known yet, 1: no, 2: yes

struct parts { u32 key; u8 len, op_at, modrm_at, rex_at, map, opcode; bool p66; };

static bool leave_to_zydis(u8 map, u8 op, u8 modrm, bool with_modrm, u8 rep) {
  bool reg_form = with_modrm && modrm >> 6 == 3;
  if (map == 0) {
    if (op == 0xc4 || op == 0xc5 || op == 0x62 || op == 0x8f || op == 0xcd) return true;  // VEX, EVEX, XOP, int n
    if (op == 0xc0 || op == 0xc1) return true;                     // shifts: the count decides on the flags
    if (op >= 0xa0 && op <= 0xa3) return true;                     // 64-bit offsets
    if ((op & 0xf8) == 0xd8) return reg_form;                      // x87: rm is part of the opcode
    if (op == 0xc6 || op == 0xc7) return (modrm >> 3 & 7) != 0;    // xabort, xbegin
    return op == 0x90 || op == 0x9b;                               // nop, pause, xchg; fwait
  }
  if (map == 1) {
    if (op <= 0x01 || op == 0x0f || op == 0xc7 || op == 0xae || op == 0x04 || op == 0xa6 || op == 0xa7 || (op >= 0x20 && op <= 0x27) || op == 0x1a || op == 0x1b) return true;
    if (op >= 0x18 && op <= 0x1f) return reg_form || rep;          // endbr, rdssp, MPX
    return false;
  }
  return false;
}

// Splits the bytes; false: not a form for this path.
static bool split(const u8 *b, u32 n, struct parts *p) {
  u32 i = 0;
  u8 rep = 0, rex = 0;
  *p = (struct parts){ .rex_at = 0xff };
  for (; i < 4; i++) {
    if (b[i] == 0x66) p->p66 = true;
    else if (b[i] == 0xf2 || b[i] == 0xf3) { if (rep) return false; rep = b[i]; }
    else if (b[i] != 0x64 && b[i] != 0x65) break;
  }
  if (b[i] == 0x2e || b[i] == 0x36 || b[i] == 0x3e || b[i] == 0x26 || b[i] == 0x67 || b[i] == 0xf0 || i == 4) return false;
  if ((b[i] & 0xf0) == 0x40) { p->rex_at = (u8)i; rex = b[i++]; }
  if (b[i] == 0x0f) {
    p->map = 1;
    i++;
    if (b[i] == 0x38 || b[i] == 0x3a) { p->map = b[i] == 0x38 ? 2 : 3; i++; }
  }
  p->op_at = (u8)i;
  p->opcode = b[i++];
  u8 modrm = 0;
  bool with = p->map >= 2 || has_modrm[p->map][p->opcode] == 2;
  if (p->map < 2 && !has_modrm[p->map][p->opcode]) return false;
  if (with) {
    modrm = b[i];
    p->modrm_at = (u8)i++;
    u8 mod = modrm >> 6, rm = modrm & 7;
    if (mod != 3 && rm == 4) { if (mod == 0 && (b[i] & 7) == 5) i += 4; i++; }
    if (mod == 1) i++;
    if (mod == 2 || (mod == 0 && rm == 5)) i += 4;
  }
  if (leave_to_zydis(p->map, p->opcode, modrm, with, rep)) return false;
  p->key = (u32)p->opcode | (u32)p->map << 8 | (with ? (u32)(modrm >> 3 & 7) << 10 | (modrm >> 6 == 3 ? 1u << 13 : 0) : 0) |
    (rex & 8 ? 1u << 14 : 0) | (p->p66 ? 1u << 15 : 0) | (rep == 0xf2 ? 1u << 16 : rep ? 1u << 17 : 0) | 1u << 18;
  p->len = (u8)i;
  return i <= n;
}

static struct memo *memo_of(u32 key) { return &memos[(key * 0x9e3779b1u) >> 21]; }
_Static_assert(MEMOS == 1u << 11, "memo_of");

bool decode_fast(const u8 *b, u32 n, u64 pc, struct insn *i) {
  struct parts p;
  if (n < 15 || !split(b, n, &p)) return false;
  const struct memo *m = memo_of(p.key);
  u32 len = (u32)p.len + m->imm;
  if (m->key != p.key || len > n) return false;
  *i = (struct insn){ .pc = pc, .reads = m->reads, .writes = m->writes, .len = (u8)len, .kind = m->kind, .special = m->special, .opcode = p.opcode,
    .op_at = p.op_at, .modrm_at = p.modrm_at, .rex_at = p.rex_at, .encoding = ENC_LEGACY };
  __builtin_memcpy(i->bytes, b, 15);
  const u8 *imm = b + p.len;
  if (p.modrm_at && (b[p.modrm_at] & 0xc7) == 5) {
    s32 disp;
    i->rip_at = p.modrm_at + 1;
    __builtin_memcpy(&disp, b + i->rip_at, 4);
    i->target = pc + len + (u64)(s64)disp;
  }
  if (m->kind < I_JMP || m->kind > I_RET) return true;
  if (p.p66) return false;
  s32 rel = 0;
  if (m->imm == 1) rel = (s8)imm[0];
  else if (m->imm == 4) __builtin_memcpy(&rel, imm, 4);
  if (m->kind != I_RET) { i->target = pc + len + (u64)(s64)rel; return true; }
  i->imm16 = m->imm == 2;
  i->target = i->imm16 ? imm[0] | (u32)imm[1] << 8 : 0;
  return true;
}

// Zydis has decoded the instruction to *i, with so many bytes of immediates.
void decode_learn(const u8 *b, u32 n, const struct insn *i, u32 imm_bytes, u8 map) {
  struct parts p;
  if (n < 15 || i->encoding != ENC_LEGACY || i->addr32 || (i->kind >= I_JMP && i->kind <= I_CALL_IND && i->special)) return;
  u32 op_at = i->modrm_at ? i->modrm_at - 1u : i->len - imm_bytes - 1u;
  if (b[op_at] != i->opcode || (!i->modrm_at && (i->opcode & 0xfc) == 0xa0)) return; // 64-bit offsets are no immediates
  if (map < 2) has_modrm[map][b[op_at]] = i->modrm_at ? 2 : 1;
  if (!split(b, n, &p) || p.op_at != op_at || (u32)p.len + imm_bytes != i->len || p.modrm_at != i->modrm_at) return;
  *memo_of(p.key) = (struct memo){ .key = p.key, .reads = i->reads, .writes = i->writes, .kind = i->kind, .special = i->special, .imm = (u8)imm_bytes };
}
