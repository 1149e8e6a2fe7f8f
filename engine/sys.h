// Raw system calls of the engine itself. Return the kernel's value: >= 0 or -errno.
#pragma once
#include <asm/unistd.h>
#include "engine/base.h"

static inline s64 sys6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  s64 r;
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(r) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
#define SYS_PICK(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define sys(nr, ...) SYS_PICK(0, ##__VA_ARGS__, sys_6, sys_5, sys_4, sys_3, sys_2, sys_1, sys_0)(nr, ##__VA_ARGS__)
#define sys_0(nr) sys6(nr, 0, 0, 0, 0, 0, 0)
#define sys_1(nr, a) sys6(nr, (u64)(a), 0, 0, 0, 0, 0)
#define sys_2(nr, a, b) sys6(nr, (u64)(a), (u64)(b), 0, 0, 0, 0)
#define sys_3(nr, a, b, c) sys6(nr, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)
#define sys_4(nr, a, b, c, d) sys6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), 0, 0)
#define sys_5(nr, a, b, c, d, e) sys6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), 0)
#define sys_6(nr, a, b, c, d, e, f) sys6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))

// syscall_entry.S: a guest's call made on its behalf. When a host signal arrives before the `syscall` instruction has
// started (the handler compares with the labels guest_call_begin/guest_call_insn), the call is not made: -EINTR, and
// *made is false. args: 6. Signal state: see engine/signal.h.
s64 guest_call(u32 nr, const u64 args[6], volatile u32 *pending_flag);
extern const char guest_call_begin[], guest_call_insn[], guest_call_abort[];
