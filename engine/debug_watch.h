// How an instruction touches memory, for watchpoints: worked out once from its bytes (debug_watch.c), then applied to
// registers (debug_watch.c, one instruction at a time) or compiled into checks (debug_compile.c).
#pragma once
#include "engine/debug_internal.h"

enum { ACCESS_MAX = 4 };
enum access_address { A_NORMAL, A_PUSH, A_POP_BASE, A_BIT };
struct access {
  s64 disp;
  s8 base, index;      // R_*; -1: none; base R_RIP: of the next instruction
  u8 scale, segment;   // segment: 0, 1 fs, 2 gs
  u8 how;              // enum access_address
  u8 rw;               // enum rr_dbg_watch
  s8 bit;              // register with the bit offset (A_BIT)
  u32 size;            // bytes of one iteration
};
struct decoded {
  u64 pc;
  u8 bytes[16];
  u8 length, count;
  bool atomic, masked;   // locked, or an exchange with memory; writes perhaps not all of its operand
  bool rep, narrow, odd; // narrow: 32-bit addresses; odd: what the fields here can't say: left to single steps
  // a gather or scatter: `count` elements of a.size bytes at a.base + index[k] * a.scale
  u8 vector, vector_count, vector_index, vector_bytes; // vector: 1; register; bytes of an index
  struct access a[ACCESS_MAX];
};
const struct decoded *watch_decode(u64 pc, const u8 *bytes, size_t n); // valid until the next call

// Where an access lies, before the instruction. segments: bases of FS and GS at [1] and [2], needed where a->segment is.
u64 access_address(const struct decoded *d, const struct access *a, const u64 regs[R_COUNT], const u64 segments[3]);
// The range that it touches; done: iterations of a REP.
void access_range(const struct decoded *d, const struct access *a, const u64 regs[R_COUNT], const u64 segments[3], u64 done, u64 *start, u64 *len);
// The address of element k of a gather or scatter, at: access_address.
u64 access_element(const struct decoded *d, u64 at, const u8 vector[64], u32 k);

struct builder;
struct insn;
