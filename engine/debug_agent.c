// gdb's agent expressions: the bytecode of breakpoint conditions (gdb manual, appendix "The GDB Agent Expression
// Mechanism"; numbers from its table of opcodes). The code comes from outside: every fetch, jump, stack move and the number
// of steps is bounded. It can only read registers and memory, and print.
#include "engine/debug.h"
#include "engine/debug_internal.h"

enum { AGENT_STACK = 64, AGENT_STEPS = 100000 };
enum agent_op {
  OP_FLOAT = 0x01, OP_ADD = 0x02, OP_SUB, OP_MUL, OP_DIV_S, OP_DIV_U, OP_REM_S, OP_REM_U, OP_LSH, OP_RSH_S, OP_RSH_U,
  OP_TRACE = 0x0c, OP_TRACE_QUICK = 0x0d, OP_LOG_NOT = 0x0e, OP_BIT_AND, OP_BIT_OR, OP_BIT_XOR, OP_BIT_NOT, OP_EQUAL,
  OP_LESS_S, OP_LESS_U, OP_EXT, OP_REF8, OP_REF16, OP_REF32, OP_REF64, OP_REF_FLOAT, OP_REF_DOUBLE, OP_REF_LONG_DOUBLE,
  OP_L_TO_D, OP_D_TO_L, OP_IF_GOTO = 0x20, OP_GOTO, OP_CONST8, OP_CONST16, OP_CONST32, OP_CONST64, OP_REG, OP_END, OP_DUP,
  OP_POP, OP_ZERO_EXT, OP_SWAP, OP_GETV, OP_SETV, OP_TRACEV, OP_TRACENZ, OP_TRACE16, OP_PICK = 0x32, OP_ROT, OP_PRINTF,
};

struct agent {
  const u8 *code;
  size_t size, at;
  u64 stack[AGENT_STACK];
  size_t depth;
  const u64 *regs;
  bool bad;
};

static u64 pop(struct agent *a) {
  if (!a->depth) {
    a->bad = true;
    return 0;
  }
  return a->stack[--a->depth];
}

static void push(struct agent *a, u64 v) {
  if (a->depth == AGENT_STACK) a->bad = true;
  else a->stack[a->depth++] = v;
}

// A big-endian operand of n bytes.
static u64 operand(struct agent *a, size_t n) {
  u64 v = 0;
  if (n > a->size - a->at) {
    a->bad = true;
    return 0;
  }
  while (n--) v = v << 8 | a->code[a->at++];
  return v;
}

static u64 extend(u64 v, u64 bits, bool sign) {
  if (bits == 0 || bits >= 64) return v;
  v &= (1ul << bits) - 1;
  return sign && v >> (bits - 1) ? v | ~0ul << bits : v;
}

static void reference(struct agent *a, size_t n) {
  u64 v = 0;
  if (debug_read(&v, pop(a), n) != n) a->bad = true;
  push(a, v);
}

// gdb's number of a register of the core feature, to its value.
static void push_register(struct agent *a, u64 n) {
  static const u8 order[] = { R_RAX, R_RBX, R_RCX, R_RDX, R_RSI, R_RDI, R_RBP, R_RSP, R_R8, R_R9, R_R10, R_R11, R_R12, R_R13, R_R14, R_R15, R_RIP, R_RFLAGS };
  if (n < ARRAY_SIZE(order)) push(a, a->regs[order[n]]);
  else a->bad = true;
}

static bool divide(struct agent *a, enum agent_op op, u64 x, u64 y, u64 *r) {
  if (!y) return false;
  if (op == OP_DIV_U) *r = x / y;
  else if (op == OP_REM_U) *r = x % y;
  else if ((s64)y == -1) *r = op == OP_DIV_S ? 0 - x : 0; // INT64_MIN / -1 traps
  else *r = op == OP_DIV_S ? (u64)((s64)x / (s64)y) : (u64)((s64)x % (s64)y);
  (void)a;
  return true;
}

static void binary(struct agent *a, enum agent_op op) {
  u64 y = pop(a), x = pop(a), r = 0;
  switch (op) {
  case OP_ADD: r = x + y; break;
  case OP_SUB: r = x - y; break;
  case OP_MUL: r = x * y; break;
  case OP_DIV_S: case OP_DIV_U: case OP_REM_S: case OP_REM_U:
    if (!divide(a, op, x, y, &r)) a->bad = true;
    break;
  case OP_LSH: r = y < 64 ? x << y : 0; break;
  case OP_RSH_S: r = (u64)((s64)x >> (y < 64 ? y : 63)); break;
  case OP_RSH_U: r = y < 64 ? x >> y : 0; break;
  case OP_BIT_AND: r = x & y; break;
  case OP_BIT_OR: r = x | y; break;
  case OP_BIT_XOR: r = x ^ y; break;
  case OP_EQUAL: r = x == y; break;
  case OP_LESS_S: r = (s64)x < (s64)y; break;
  case OP_LESS_U: r = x < y; break;
  default: a->bad = true;
  }
  push(a, r);
}

static void jump(struct agent *a, u64 to) {
  if (to < a->size) a->at = to;
  else a->bad = true;
}

static void shuffle(struct agent *a, enum agent_op op) {
  u64 x, y, z, n;
  switch (op) {
  case OP_DUP: x = pop(a); push(a, x); push(a, x); break;
  case OP_SWAP: y = pop(a); x = pop(a); push(a, y); push(a, x); break;
  case OP_ROT: z = pop(a); y = pop(a); x = pop(a); push(a, z); push(a, x); push(a, y); break;
  case OP_PICK:
    n = operand(a, 1);
    if (n < a->depth) push(a, a->stack[a->depth - 1 - n]);
    else a->bad = true;
    break;
  default: a->bad = true;
  }
}

// numargs, 2 bytes of length, the format; on the stack from the top: function, channel (gdb's, for fprintf: ours is gdb's
// console), the arguments with the first on top.
static void print(struct agent *a) {
  u64 args[16], count = operand(a, 1), n = operand(a, 2);
  if (a->bad || n > a->size - a->at || count > ARRAY_SIZE(args)) {
    a->bad = true;
    return;
  }
  pop(a);
  pop(a);
  for (u64 i = 0; i < count; i++) args[i] = pop(a);
  if (!a->bad) print_format((const char *)a->code + a->at, n, args, (u32)count);
  a->at += n;
}

static void step(struct agent *a, enum agent_op op) {
  u64 n;
  switch (op) {
  case OP_LOG_NOT: push(a, !pop(a)); break;
  case OP_BIT_NOT: push(a, ~pop(a)); break;
  case OP_EXT: n = operand(a, 1); push(a, extend(pop(a), n, true)); break;
  case OP_ZERO_EXT: n = operand(a, 1); push(a, extend(pop(a), n, false)); break;
  case OP_REF8: reference(a, 1); break;
  case OP_REF16: reference(a, 2); break;
  case OP_REF32: reference(a, 4); break;
  case OP_REF64: reference(a, 8); break;
  case OP_GOTO: jump(a, operand(a, 2)); break;
  case OP_IF_GOTO:
    n = operand(a, 2);
    if (pop(a)) jump(a, n);
    break;
  case OP_CONST8: push(a, operand(a, 1)); break;
  case OP_CONST16: push(a, operand(a, 2)); break;
  case OP_CONST32: push(a, operand(a, 4)); break;
  case OP_CONST64: push(a, operand(a, 8)); break;
  case OP_REG: push_register(a, operand(a, 2)); break;
  case OP_POP: pop(a); break;
  case OP_PRINTF: print(a); break;
  case OP_DUP: case OP_SWAP: case OP_ROT: case OP_PICK: shuffle(a, op); break;
  default: binary(a, op); // and what is not ours: floating point, traces, state variables
  }
}

bool agent_evaluate(const u8 *code, size_t size, const u64 regs[R_COUNT], u64 *result) {
  struct agent a = { .code = code, .size = size, .regs = regs };
  for (u32 steps = 0; steps < AGENT_STEPS && a.at < a.size && !a.bad; steps++) {
    enum agent_op op = code[a.at++];
    if (op == OP_END) {
      if (result) *result = a.depth ? a.stack[a.depth - 1] : 0;
      return a.depth > 0 || !result;
    }
    step(&a, op);
  }
  return false;
}
