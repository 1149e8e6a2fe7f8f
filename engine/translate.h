// The translator: guest code in, fragments in the code cache out; and the gate between engine and cache.
//
// Contract. The run loop (run.c) asks translate_entry for the current guest pc and calls gate_enter. Translated code runs
// until an exit; gate_enter then returns the exit's kind with ctx.regs complete (R_RIP as said below). The loop handles it
// and goes on. Vector, x87, segment state is never touched by the engine: it stays live in the host's registers.
// Baton held in all functions here; none is signal-safe except tick_force and translate_recover.
//
// Ticks: a transfer that counts (design: backward direct branches taken; every ret, indirect jmp/call, far transfer, iret)
// is counted by the tick entry of its target when linked. When it leaves the cache instead, the exit carries EXIT_TICK and
// the run loop counts it (tick_count). Every exit through which a tick went is thus counted exactly once.
#pragma once
#include "engine/base.h"

enum exit_kind {
  EXIT_NONE,
  EXIT_LINK,      // direct transfer whose target is not linked. R_RIP = target. May be linked by translate_link(exit_record)
  EXIT_INDIRECT,  // indirect lookup missed. R_RIP = target. EXIT_TICK always set
  EXIT_TICK_OUT,  // a counter ran out at a tick entry: the tick is counted in the counter. R_RIP = this pc
  EXIT_SPECIAL,   // instruction that the engine executes. R_RIP = the instruction's own address; see exit_record->special
  EXIT_BREAK,     // instrumentation asks (debugger): R_RIP = address of the instruction not yet executed
  EXIT_FAULT,     // a host signal in translated code: host handler has recovered the state. R_RIP = faulting instruction
  EXIT_CHECK,     // a CHECKED page's bytes changed at block entry (no tick counted). R_RIP = this pc: translate anew
  EXIT_SHARED,    // before an instruction that may touch memory that others write: R_RIP = its address (engine/shared.h)
  EXIT_STEPPED,   // translate_step's fragment is done. R_RIP = next pc. EXIT_TICK in flags if the transfer counts
};
enum exit_flags { EXIT_TICK = 1 };

// What an instruction needs that the engine executes for it.
enum special {
  SP_SYSCALL = 1, SP_INT80, SP_SYSENTER, SP_RDTSC, SP_RDTSCP, SP_RDPID, SP_RDPMC, SP_CPUID, SP_XGETBV, SP_RDRAND, SP_RDSEED,
  SP_INT3, SP_INT1, SP_INTO_INT, SP_UD, SP_HLT_PRIV,   // int n; ud2 and undefined; privileged: signals
  SP_POPF, SP_IRET, SP_FAR,                            // popf with TF/AC/NT, far transfers
  SP_XSAVE, SP_XRSTOR, SP_FXSAVE_FIP, SP_SEGMENT, SP_STORE_TABLE, SP_XBEGIN, SP_VSYSCALL, SP_WRFSBASE, SP_OTHER,
  SP_PUSHF,                                            // pushes rflags as ctx.regs has them (AC, ID, NT are not in the host's)
};

// Lies in the arena's cold region behind the exit's stub. The address of it is what ctx.exit_record holds.
struct exit_record {
  u64 target;        // LINK: guest target; others: address of the instruction
  u64 resume;        // SPECIAL: cache address to continue at when the next pc is target + length
  s32 patch;         // LINK: offset from this record to the rel32 to patch; 0: not linkable
  u8 kind, flags;    // enum exit_kind, enum exit_flags
  u8 special;        // enum special
  u8 length;         // of the guest instruction
};

// gate.S. Loads the guest's registers from ctx.regs, jumps to the cache address, returns the exit's kind when translated
// code leaves. ctx.exit_record and ctx.exit_target are set for it. Called on the carrier's engine stack, any depth.
enum exit_kind gate_enter(u64 cache_pc);

// Called once an address space, after the context page is mapped; and in a child after fork (nothing to do but counters).
void translate_init(void);

// The cache address of the plain entry for guest_pc, translating if need be. 0; or -EFAULT when the instruction at
// guest_pc can't be fetched (not mapped or not executable; *fault is the first byte that can't); the caller raises SIGSEGV.
int translate_entry(u64 guest_pc, u64 *cache_pc, u64 *fault);

// A fragment of just one instruction for guest_pc that leaves with EXIT_STEPPED (or EXIT_SPECIAL when the engine has to
// execute it). Valid until the next call of a translate function.
int translate_step(u64 guest_pc, u64 *cache_pc, u64 *fault);

void translate_link(struct exit_record *record);   // after translate_entry(record->target): patches the branch (tick entry for EXIT_TICK)
void translate_ibl_add(u64 guest_pc);               // after EXIT_INDIRECT and translate_entry: later lookups hit

// Code at [start, end) may have changed or is no longer executable: fragments made from it are dropped.
void translate_invalidate(u64 start, u64 end);
void translate_poked(u64 start, u64 end);            // the same: a tracer writes there, whatever the protection: kept out of cache files
void translate_flush(void);                          // drop everything (debugger's instrumentation changed, tests)

// An executable mapping of an ELF image was made (dev, ino, size, mtime, ctime): place its arena, map its cache file.
struct file_identity { u64 dev, ino, size, mtime_ns, ctime_ns; };
void translate_image_mapped(u64 start, u64 end, u64 file_offset, const struct file_identity *id);
void translate_save(void);                           // write grown cache files: before exec and at exit (record and replay)

// Maps a host pc inside translated code back. regs holds the host's registers at that point on entry (R_RIP = host pc) and the
// guest's on return, dead flags 0. *ticks: to add to the tick count (unrolled loops count ahead: negative). False: not ours.
// Signal-safe.
bool translate_recover(u64 regs[R_COUNT], s64 *ticks);
bool translate_contains(u64 host_pc);                // inside an arena or the gate's guest-state part. Signal-safe

// Mask of the status flags (CF PF AF ZF SF OF) that are dead at guest_pc: a pure function of the guest's bytes there.
u64 translate_dead_flags(u64 guest_pc);

// tick.c
u64 ticks_now(void);
void tick_budget(u64 ticks_until_exit);  // leave at the tick point that many ticks from now (>= 1); at most 1 << 40
bool tick_is_far(u64 now, u64 ticks);     // the budget ends between ticks and 2 * ticks after now
bool tick_count(void);                   // count one tick in C; true: the budget is used up (treat as EXIT_TICK_OUT at the new pc)
bool tick_refill(void);                  // after EXIT_TICK_OUT: true: budget used up exactly now; false: redistributed, go on
void tick_force(void);                   // signal handler of the carrier: leave at the next tick
void tick_adjust(s64 ticks);             // what translate_recover said

extern u32 debug_flags;             // enum rr_debug_flags of the session
// Grows whenever fragments are dropped or flushed: a record and its resume address that were taken from ctx.exit_record before
// may only be used while it is unchanged; else ask translate_entry again.
extern u64 translate_generation;

// What the debugger wants compiled in (debug.c answers; constant false when no debugger): is there a breakpoint at pc?
bool debug_break_at(u64 guest_pc);
