// The emission of instructions: copies, exit stubs, ticks, direct and indirect transfers.
//
// The hard rule: nothing may change a guest register, flag or byte of memory that the guest did not change, at any
// instruction that can fault. Scratch registers are spilled to the context page, each piece of code says which
// (piece_end); flags are touched only where they are dead or saved.
#include "engine/translate/emit.h"

void piece_end(struct builder *b, u32 guest_len, u32 state) {
  u32 n = (u32)(b->hot - b->piece);
  b->piece = b->hot;
  if (!n) return;
  while (n > 255) { // guest_len 0: the same instruction goes on
    *b->meta++ = 255;
    *b->meta++ = (u8)(state << 4);
    n -= 255;
  }
  *b->meta++ = (u8)n;
  *b->meta++ = (u8)(guest_len | state << 4);
}

// Counters are chosen by a fixed hash of the guest address: neighbouring loop heads and callers should differ.
u32 tick_counter_address(u64 pc) {
  u32 h = (u32)((pc * 0x9e3779b97f4a7c15ul) >> 61);
  return (u32)(RR_CTX + offsetof(struct rr_ctx, counters) + h * sizeof(struct rr_tick_counter));
}

// --- exit stubs --------------------------------------------------------------------------------------------------------

// mov [spill0], rax; lea rax, [rip + record]; jmp [gate_exit]; record
u8 *stub(struct builder *b, u8 kind, u8 flags, const struct insn *i, u64 target, u64 resume, u8 *site) {
  b->cold = (u8 *)ALIGN_UP((u64)b->cold, 8);
  u8 *at = b->cold, *hot = b->hot;
  struct exit_record *r = (struct exit_record *)(at + STUB_CODE);
  b->hot = at;
  e_spill(b, R_RAX);
  CODE(b, 0x48, 0x8d, 0x05);
  e32(b, (u32)((u8 *)r - (b->hot + 4)));
  e_jmp_abs(b, CTX_AT(gate_exit));
  CODE(b, 0xcc, 0xcc);
  *r = (struct exit_record){ .target = target, .resume = resume, .kind = kind, .flags = flags };
  if (site) r->patch = (s32)(site - (u8 *)r);
  if (i) { r->special = i->special; r->length = i->len; }
  b->hot = hot;
  b->cold = (u8 *)(r + 1);
  return at;
}

static void rel32_to(struct builder *b, const void *to) { e32(b, (u32)((u64)to - ((u64)b->hot + 4))); }

void branch_site(struct builder *b, u64 target, bool tick) {
  struct arena *a;
  if (b->step) { rel32_to(b, stub(b, EXIT_STEPPED, tick ? EXIT_TICK : 0, NULL, target, 0, NULL)); return; }
  struct fragment *f = b->link ? lookup(target, &a) : NULL;
  if (f && a == b->a && (!tick || f->tick)) { rel32_to(b, (void *)arena_at(a, tick ? f->tick : f->plain)); return; }
  rel32_to(b, stub(b, EXIT_LINK, tick ? EXIT_TICK : 0, NULL, target, 0, b->hot));
}

// --- ticks -------------------------------------------------------------------------------------------------------------

static void dec_counter(struct builder *b, u64 pc) { CODE(b, 0x48, 0xff, 0x0c, 0x25); e32(b, tick_counter_address(pc)); }

void emit_tick(struct builder *b, u64 pc, bool dead) {
  if (dead) {
    dec_counter(b, pc);
    CODE(b, 0x0f, 0x88);
    rel32_to(b, stub(b, EXIT_TICK_OUT, 0, NULL, pc, 0, NULL));
    piece_end(b, 0, 0);
    return;
  }
  e_spill(b, R_RAX);
  e_save_flags(b);
  dec_counter(b, pc);
  CODE(b, 0x0f, 0x88);
  u8 *site = b->hot;
  e32(b, 0);
  // out: flags and rax as they were, then the stub
  u8 *hot = b->hot, *cold = b->cold;
  b->hot = cold;
  e_restore_flags(b);
  e_reload(b, R_RAX);
  b->cold = b->hot + 5;
  u8 *to = stub(b, EXIT_TICK_OUT, 0, NULL, pc, 0, NULL);
  e8(b, 0xe9);
  rel32_to(b, to);
  b->hot = hot;
  s32 rel = (s32)(cold - (site + 4));
  __builtin_memcpy(site, &rel, 4);
  e_restore_flags(b);
  e_reload(b, R_RAX);
  piece_end(b, 0, ST_RAX | ST_FLAGS);
}

// --- indirect transfers ------------------------------------------------------------------------------------------------

// rcx is spilled and holds the target. The table's entry checks that it is the right one and reloads rcx and r11: registers that
// are seldom used at once behind a call or return (rax would put its reload on the path of every return value).
void emit_indirect_jump(struct builder *b) {
  if (b->step) { // the target goes into the exit's record
    u8 *to = stub(b, EXIT_STEPPED, EXIT_TICK, NULL, 0, 0, NULL);
    CODE(b, 0x48, 0x89, 0x0d);                   // mov [rip + record.target], rcx
    rel32_to(b, to + STUB_CODE);
    e_reload(b, R_RCX);
    e8(b, 0xe9);
    rel32_to(b, to);
    return;
  }
  e_spill_r11(b);
  if (cpu_fast_pext) {
    CODE(b, 0xc4, 0x62, 0xf2, 0xf5, 0x1c, 0x25); // pext r11, rcx, [ibl_mask] (VEX.LZ.F3.0F38.W1 F5 /r)
    e32(b, CTX_AT(ibl_mask));
  } else {
    CODE(b, 0x44, 0x0f, 0xb7, 0xd9);             // movzx r11d, cx
  }
  CODE(b, 0x42, 0xff, 0x24, 0xdd);               // jmp [ibl_table + r11*8]
  e32(b, (u32)(u64)ibl_table);
}

u8 *emit_ibl_head(struct builder *b, u64 pc) {
  if (cpu_amd) e_jmp_abs(b, CTX_AT(gate_ibl_miss));
  u8 *at = b->hot;
  u64 minus = -pc;
  if (fits32((s64)minus)) { CODE(b, 0x49, 0xc7, 0xc3); e32(b, (u32)minus); } // mov r11, -pc
  else { CODE(b, 0x49, 0xbb); e64(b, minus); }
  if (cpu_amd) {
    CODE(b, 0x4a, 0x8d, 0x4c, 0x19, 0x01, 0xe2); // lea rcx, [rcx + r11 + 1]; loop to the jmp: not taken when all is well, which keeps
    e8(b, (u8)(at - 7 - (b->hot + 1)));          // it out of the branch history that indirect jumps are predicted by
  } else {                                       // (on Intel's CPUs loop is slow)
    CODE(b, 0x4a, 0x8d, 0x0c, 0x19, 0xe3, 0x07); // lea rcx, [rcx + r11]; jrcxz over the jmp
    e_jmp_abs(b, CTX_AT(gate_ibl_miss));
  }
  e_reload(b, R_RCX);
  e_reload_r11(b);
  return at;
}

// --- copies ------------------------------------------------------------------------------------------------------------

// A RIP-relative operand out of reach: the address goes to a scratch register that the instruction does not use.
static void scratch_copy(struct builder *b, const struct insn *i) {
  u64 used = decode_general_registers(i);
  int reg = !(used & 1) ? R_RAX : !(used & 2) ? R_RCX : !(used & 4) ? R_RDX : -1;
  if (reg < 0) stop(STOP_REFUSED, "the instruction at %lx addresses memory out of reach and leaves no scratch register", i->pc);
  u32 state = 1u << reg;
  u8 t[16], n = 0;
  for (u8 k = 0; k < i->len; k++)
    if (k < i->rip_at || k >= i->rip_at + 4) t[n++] = i->bytes[k];
  t[i->modrm_at] = (u8)((t[i->modrm_at] & 0x38) | reg);
  if (i->rex_at != 0xff) { // base extension off: REX.B = 0; VEX, XOP, EVEX keep it inverted in bit 5 of their second byte
    if (i->encoding == ENC_LEGACY || i->encoding == ENC_3DNOW) t[i->rex_at] &= (u8)~1;
    else if (t[i->rex_at] != 0xc5) t[i->rex_at + 1] |= 0x20;
  }
  e_spill(b, reg);
  piece_end(b, 0, 0);
  e_imm(b, reg, i->target);
  ebytes(b, t, n);
  e_reload(b, reg);
  piece_end(b, i->len, state);
}

void emit_copy(struct builder *b, const struct insn *i) {
  u8 *at = b->hot;
  if (!i->rip_at) {
    ebytes(b, i->bytes, i->len);
    piece_end(b, i->len, 0);
    return;
  }
  s64 disp = (s64)(i->target - ((u64)at + i->len));
  if (!fits32(disp) || i->addr32) { scratch_copy(b, i); return; }
  ebytes(b, i->bytes, i->len);
  s32 d = (s32)disp;
  __builtin_memcpy(at + i->rip_at, &d, 4);
  piece_end(b, i->len, 0);
}

// --- transfers ---------------------------------------------------------------------------------------------------------

static bool backward(const struct insn *i) { return i->target <= i->pc; }

static void emit_jcc(struct builder *b, const struct insn *i) {
  e8(b, 0x0f);
  e8(b, (u8)(0x80 | (i->opcode & 0x0f)));
  branch_site(b, i->target, backward(i));
  piece_end(b, i->len, 0);
}

// loop, loope, loopne, jrcxz, jecxz have only rel8 forms: over a trampoline.
static void emit_loop(struct builder *b, const struct insn *i) {
  ebytes(b, i->bytes, i->len - 1u);
  CODE(b, 0x02, 0xeb, 0x05, 0xe9);
  branch_site(b, i->target, backward(i));
  piece_end(b, i->len, 0);
}

static void emit_jmp(struct builder *b, const struct insn *i) {
  e8(b, 0xe9);
  branch_site(b, i->target, backward(i));
  piece_end(b, i->len, 0);
}

// Pushes the return address by one instruction that reads it from a constant behind the code; *site: its displacement.
static u8 *emit_push_return(struct builder *b, u64 ret) {
  if (fits32((s64)ret)) { e8(b, 0x68); e32(b, (u32)ret); return NULL; }
  CODE(b, 0xff, 0x35);
  e32(b, 0);
  return b->hot - 4;
}

static void emit_return_constant(struct builder *b, u8 *site, u64 ret) {
  if (!site) return;
  s32 rel = (s32)(b->hot - (site + 4));
  __builtin_memcpy(site, &rel, 4);
  e64(b, ret);
}

// A backward call counts its tick here and not at its target, so that callers of one function use different counters (a
// counter that every call goes through is the longest chain in a recursive program). Possible where the target's flags
// are known to be dead and its bytes belong to the same image.
static bool tick_at_call(struct builder *b, const struct insn *i) {
  u64 reach;
  bool far;
  struct arena *a = arena_of_image(i->pc);
  if (b->step || !backward(i) || !a || arena_of_image(i->target) != a || decode_page_state(i->pc) != PAGE_FILE || decode_page_state(i->target) != PAGE_FILE) return false;
  if ((flags_dead(i->target, &reach, &far, false) & FLAGS_OF_DEC) != FLAGS_OF_DEC) return false;
  b->far = true;
  return true;
}

static void emit_call(struct builder *b, const struct insn *i) {
  u64 ret = i->pc + i->len;
  u8 *site = emit_push_return(b, ret);
  bool here = tick_at_call(b, i);
  if (here) {
    dec_counter(b, i->pc);
    CODE(b, 0x0f, 0x88);
    rel32_to(b, stub(b, EXIT_TICK_OUT, 0, NULL, i->target, 0, NULL));
  }
  e8(b, 0xe9);
  branch_site(b, i->target, backward(i) && !here);
  emit_return_constant(b, site, ret);
  piece_end(b, i->len, 0);
}

static void emit_ret(struct builder *b, const struct insn *i) {
  e_spill(b, R_RCX);
  e8(b, 0x59); // pop rcx
  piece_end(b, 0, 0);
  if (i->imm16) { CODE(b, 0x48, 0x8d, 0xa4, 0x24); e32(b, (u32)i->target); } // lea rsp, [rsp + imm]
  emit_indirect_jump(b);
  piece_end(b, i->len, ST_RCX);
}

// mov rcx, r/m of an FF /2 or /4: prefixes that matter, REX with W, opcode 8B, the same operand.
static void emit_load_target(struct builder *b, const struct insn *i) {
  u8 modrm = i->bytes[i->modrm_at], rex = 0x48, seg = 0;
  bool memory = modrm >> 6 != 3;
  for (u32 k = 0; k < i->op_at; k++)
    if (i->bytes[k] == 0x64 || i->bytes[k] == 0x65) seg = i->bytes[k];
  if (i->rip_at) {
    s64 disp = (s64)(i->target - ((u64)b->hot + (seg ? 8 : 7)));
    bool near = fits32(disp);
    if (!near) e_imm(b, R_RCX, i->target);
    if (seg) e8(b, seg);
    CODE(b, 0x48, 0x8b);
    e8(b, near ? 0x0d : 0x09);
    if (near) e32(b, (u32)disp);
    return;
  }
  if (memory && seg) e8(b, seg);
  if (memory && i->addr32) e8(b, 0x67);
  if (i->rex_at != 0xff) rex |= i->bytes[i->rex_at] & 3;
  e8(b, rex);
  e8(b, 0x8b);
  e8(b, (u8)((modrm & 0xc7) | 1 << 3));
  ebytes(b, i->bytes + i->modrm_at + 1, i->len - i->modrm_at - 1u);
}

static void emit_indirect(struct builder *b, const struct insn *i) {
  e_spill(b, R_RCX);
  piece_end(b, 0, 0);
  emit_load_target(b, i);
  piece_end(b, 0, ST_RCX);
  u64 ret = i->pc + i->len;
  u8 *site = NULL;
  if (i->kind == I_CALL_IND) {
    site = emit_push_return(b, ret);
    piece_end(b, 0, ST_RCX);
  }
  emit_indirect_jump(b);
  emit_return_constant(b, site, ret);
  piece_end(b, i->len, ST_RCX);
}

static void emit_special(struct builder *b, const struct insn *i) {
  e8(b, 0xe9);
  u8 *site = b->hot;
  rel32_to(b, stub(b, EXIT_SPECIAL, 0, i, i->pc, i->kind == I_SPECIAL ? (u64)(site + 4) : 0, NULL));
  piece_end(b, i->len, 0);
}

void emit_transfer(struct builder *b, const struct insn *i) {
  switch (i->kind) {
  case I_JMP: emit_jmp(b, i); break;
  case I_JCC: emit_jcc(b, i); break;
  case I_LOOP: emit_loop(b, i); break;
  case I_CALL: emit_call(b, i); break;
  case I_RET: emit_ret(b, i); break;
  case I_JMP_IND: case I_CALL_IND: emit_indirect(b, i); break;
  case I_SPECIAL: case I_END: emit_special(b, i); break;
  default: emit_copy(b, i);
  }
}
