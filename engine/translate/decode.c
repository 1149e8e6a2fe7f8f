// Guest bytes into struct insn: fetching through copyin with the guest's NX semantics, Zydis, and a cache of what was
// decoded during the present call of the translator (look-ahead and runs overlap).
#include <asm/errno.h>
#include <Zydis/Zydis.h>
#include "engine/map.h"
#include "engine/translate/internal.h"

#define CACHE 256u
#define WINDOW 256u
#define INSN_MAX 15u
struct window { u64 start; u32 len; u8 b[WINDOW + 16]; };
static struct { struct insn insn; u64 generation; } cache[CACHE];
static u64 generation = 1;
static struct window window;
static u64 last_page;              // page whose state is known
static enum code_page last_state;
static ZydisDecoder decoder;
bool cpu_amd, cpu_fast_pext;

void decode_init(void) {
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  special_init();
}

void decode_forget(void) {
  generation++;
  window.len = 0;
  last_page = 1;
}

enum code_page decode_page_state(u64 pc) {
  u64 page = ALIGN_DOWN(pc, RR_PAGE);
  if (page != last_page) {
    switch (smc_code_page(page)) {
    case SMC_FILE: last_state = PAGE_FILE; break;
    case SMC_RO: last_state = PAGE_RO; break;
    case SMC_CHECKED: last_state = PAGE_CHECKED; break;
    }
    last_page = page;
  }
  return last_state;
}

// Fills w from pc. It reaches into the next page only for an instruction that may lie across the border, so that no page is
// protected without need.
static u32 fill(struct window *w, u64 pc, bool protect) {
  u64 end = map_exec_end(pc), border = ALIGN_DOWN(pc, RR_PAGE) + RR_PAGE;
  w->start = pc;
  w->len = 0;
  if (!end) return 0;
  u64 n = border - pc < WINDOW ? border - pc : WINDOW;
  if (n < INSN_MAX && end > border) n = INSN_MAX;
  if (n > end - pc) n = end - pc;
  if (protect) {
    decode_page_state(pc);
    if (pc + n > border) decode_page_state(border);
  }
  w->len = (u32)copyin(w->b, pc, n);
  return w->len;
}

static const u8 *fetch(struct window *w, u64 pc, u32 *n, bool protect) {
  u64 off = pc - w->start;
  if (off >= w->len || w->len - off < INSN_MAX) {
    fill(w, pc, protect);
    off = 0;
  }
  *n = (u32)(w->len - off < INSN_MAX ? w->len - off : INSN_MAX);
  return w->b + off;
}

// The manual's flag columns, made cautious: a flag counts as written only if it surely is.
static void flags_of(struct insn *i, const ZydisDecodedInstruction *z) {
  const ZydisAccessedFlags *f = z->cpu_flags;
  u32 reads = f ? f->tested : 0, writes = f ? f->modified | f->set_0 | f->set_1 : 0;
  switch (z->mnemonic) {
  case ZYDIS_MNEMONIC_AND: case ZYDIS_MNEMONIC_OR: case ZYDIS_MNEMONIC_XOR: case ZYDIS_MNEMONIC_TEST:
    writes = FLAGS_STATUS; // AF: undefined in the manual, cleared by every CPU
    break;
  case ZYDIS_MNEMONIC_SHL: case ZYDIS_MNEMONIC_SHR: case ZYDIS_MNEMONIC_SAR: {
    bool by_one = (z->opcode & 0xfe) == 0xd0, by_imm = (z->opcode & 0xfe) == 0xc0;
    u64 n = by_imm ? z->raw.imm[0].value.u & (z->operand_width == 64 ? 63 : 31) : by_one;
    writes = !n ? 0 : FLAG_CF | FLAG_PF | FLAG_ZF | FLAG_SF | (n == 1 ? FLAG_OF : 0);
    break;
  }
  case ZYDIS_MNEMONIC_ROL: case ZYDIS_MNEMONIC_ROR: case ZYDIS_MNEMONIC_SHLD: case ZYDIS_MNEMONIC_SHRD:
  case ZYDIS_MNEMONIC_RCL: case ZYDIS_MNEMONIC_RCR:
    writes = 0; // a count of zero writes nothing
    break;
  case ZYDIS_MNEMONIC_LZCNT: case ZYDIS_MNEMONIC_TZCNT:
    writes = FLAG_ZF; // where the CPU takes them for bsr and bsf
    break;
  case ZYDIS_MNEMONIC_FCOMI: case ZYDIS_MNEMONIC_FCOMIP: case ZYDIS_MNEMONIC_FUCOMI: case ZYDIS_MNEMONIC_FUCOMIP:
    writes = FLAG_CF | FLAG_PF | FLAG_ZF; // Intel clears the others, AMD leaves them
    break;
  case ZYDIS_MNEMONIC_PUSHF: case ZYDIS_MNEMONIC_PUSHFD: case ZYDIS_MNEMONIC_PUSHFQ: reads = FLAGS_STATUS; break;
  default: break;
  }
  if (z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) writes = 0; // no iteration, no flags
  i->reads = (u16)(reads & FLAGS_STATUS);
  i->writes = (u16)(writes & FLAGS_STATUS);
}

static void layout_of(struct insn *i, const ZydisDecodedInstruction *z) {
  i->encoding = z->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ? ENC_VEX : z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ? ENC_EVEX :
    z->encoding == ZYDIS_INSTRUCTION_ENCODING_XOP ? ENC_XOP : z->encoding == ZYDIS_INSTRUCTION_ENCODING_3DNOW ? ENC_3DNOW : ENC_LEGACY;
  i->opcode = z->opcode;
  i->rex_at = 0xff;
  i->addr32 = z->address_width == 32;
  if (z->attributes & ZYDIS_ATTRIB_HAS_REX) i->rex_at = z->raw.rex.offset;
  if (i->encoding == ENC_VEX) i->rex_at = z->raw.vex.offset;
  if (i->encoding == ENC_EVEX) i->rex_at = z->raw.evex.offset;
  if (i->encoding == ENC_XOP) i->rex_at = z->raw.xop.offset;
  if (z->attributes & ZYDIS_ATTRIB_HAS_MODRM) {
    i->modrm_at = z->raw.modrm.offset;
    i->op_at = i->modrm_at - 1;
    if (z->raw.modrm.mod == 0 && z->raw.modrm.rm == 5) {
      i->rip_at = z->raw.disp.offset;
      i->target = i->pc + i->len + (u64)z->raw.disp.value;
      if (i->addr32) i->target = (u32)i->target;
    }
  }
}

static bool has_operand_size_prefix(const ZydisDecodedInstruction *z) {
  for (u32 k = 0; k < z->raw.prefix_count; k++)
    if (z->raw.prefixes[k].value == 0x66) return true;
  return false;
}

static void classify(struct insn *i, const ZydisDecodedInstruction *z) {
  const struct special_row *row = special_find((u16)z->mnemonic);
  i->kind = row ? row->kind : I_COPY;
  i->special = row ? row->special : 0;
  if (!row && !special_copyable((u8)z->meta.category)) { i->kind = I_END; i->special = SP_OTHER; }
  if (z->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) { i->kind = I_END; i->special = SP_HLT_PRIV; }
  if (i->special == SP_INTO_INT && z->raw.imm[0].value.u == 0x80) { i->kind = I_SPECIAL; i->special = SP_INT80; }
  if (z->mnemonic == ZYDIS_MNEMONIC_MOV && z->opcode == 0x8e && z->raw.modrm.reg == 2 && z->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT) {
    i->kind = I_SPECIAL; // mov ss
    i->special = SP_SEGMENT;
  }
  if (i->kind < I_JMP || i->kind > I_CALL_IND) return;
  if (z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) { i->kind = I_END; i->special = SP_FAR; return; }
  if (i->kind == I_RET) {
    i->imm16 = z->raw.imm[0].size == 16;
    i->target = i->imm16 ? z->raw.imm[0].value.u & 0xffff : 0;
  } else if (z->raw.imm[0].is_relative) {
    i->target = i->pc + i->len + (u64)z->raw.imm[0].value.s;
  } else {
    i->kind = i->kind == I_CALL ? I_CALL_IND : I_JMP_IND;
  }
  // AMD64 Architecture Programmer's Manual 3, "Jcc", "CALL", "RET": with 66 the target is truncated to 16 bits; Intel ignores it.
  bool rex_w = i->rex_at != 0xff && i->encoding == ENC_LEGACY && (i->bytes[i->rex_at] & 8);
  if (cpu_amd && !rex_w && i->kind != I_LOOP && has_operand_size_prefix(z)) { i->kind = I_END; i->special = SP_OTHER; }
}

// Opcodes that 64-bit mode leaves undefined (SDM 2, appendix A): #UD, not an unknown instruction.
static bool surely_undefined(const u8 *b, u32 n) {
  static const u8 one[] = { 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea };
  u32 k = 0;
  while (k < n && (b[k] == 0x66 || b[k] == 0x67 || b[k] == 0xf0 || b[k] == 0xf2 || b[k] == 0xf3 || (b[k] & 0xe7) == 0x26 || (b[k] & 0xfe) == 0x64)) k++;
  if (k < n && (b[k] & 0xf0) == 0x40) k++;
  for (u32 j = 0; k < n && j < ARRAY_SIZE(one); j++)
    if (b[k] == one[j]) return true;
  return false;
}

static int decode(struct window *w, u64 pc, struct insn *i, u64 *fault, bool protect) {
  u32 n;
  const u8 *b = fetch(w, pc, &n, protect);
  if (!n) { *fault = pc; return -EFAULT; }
  if (decode_fast(b, n, pc, i)) return 0;
  return decode_slow(b, n, pc, i, fault);
}

int decode_slow(const u8 *b, u32 n, u64 pc, struct insn *i, u64 *fault) {
  memset(i, 0, sizeof *i);
  i->pc = pc;
  ZydisDecodedInstruction z;
  ZyanStatus s = ZydisDecoderDecodeInstruction(&decoder, NULL, b, n, &z);
  if (s == ZYDIS_STATUS_NO_MORE_DATA && n < INSN_MAX) { *fault = pc + n; return -EFAULT; }
  memcpy(i->bytes, b, n);
  if (!ZYAN_SUCCESS(s)) { // a prefix too many raises #GP, a lock where none may be #UD
    i->len = 1;
    i->kind = I_END;
    i->special = s == ZYDIS_STATUS_ILLEGAL_LOCK || surely_undefined(b, n) ? SP_UD : s == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? SP_HLT_PRIV : SP_OTHER;
    return 0;
  }
  i->len = z.length;
  layout_of(i, &z);
  flags_of(i, &z);
  classify(i, &z);
  decode_learn(b, n, i, (z.raw.imm[0].size + z.raw.imm[1].size) / 8u, (u8)z.opcode_map);
  return 0;
}

int decode_at(u64 pc, const struct insn **insn, u64 *fault) {
  u32 k = (u32)(pc ^ pc >> 8) % CACHE;
  *insn = &cache[k].insn;
  if (cache[k].generation == generation && cache[k].insn.pc == pc) return 0;
  cache[k].generation = 0;
  int r = decode(&window, pc, &cache[k].insn, fault, true);
  if (!r) cache[k].generation = generation;
  return r;
}

int decode_uncached(u64 pc, struct insn *insn, u64 *fault) {
  struct window w;
  w.len = 0;
  w.start = 0;
  return decode(&w, pc, insn, fault, false);
}

bool decode_writes_memory(const struct insn *i) {
  ZydisDecodedInstruction z;
  ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, i->bytes, i->len, &z, op))) return true;
  for (u32 k = 0; k < z.operand_count; k++)
    if (op[k].type == ZYDIS_OPERAND_TYPE_MEMORY && op[k].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) return true;
  return false;
}

u64 decode_general_registers(const struct insn *i) {
  ZydisDecodedInstruction z;
  ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
  u64 mask = 1ul << R_RSP;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, i->bytes, i->len, &z, op))) return ~0ul;
  for (u32 k = 0; k < z.operand_count; k++) {
    ZydisRegister r[3] = { 0 };
    if (op[k].type == ZYDIS_OPERAND_TYPE_REGISTER) r[0] = op[k].reg.value;
    if (op[k].type == ZYDIS_OPERAND_TYPE_MEMORY) { r[0] = op[k].mem.base; r[1] = op[k].mem.index; }
    for (u32 j = 0; j < 2; j++) {
      ZydisRegister full = r[j] ? ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r[j]) : 0;
      if (full >= ZYDIS_REGISTER_RAX && full <= ZYDIS_REGISTER_R15) mask |= 1ul << (full - ZYDIS_REGISTER_RAX);
    }
  }
  return mask;
}
