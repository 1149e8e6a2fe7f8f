// The context page: the state that translated code reaches by absolute address, at RR_CTX.
//
// One page an address space. On record it is a slot of the session memory, mapped shared, so that the recorder can
// read the last coordinate of a process that died by SIGKILL; on replay it is private memory.
// Only the host thread that carries guest code writes it (the baton holder); its signal handler may call tick_force.
#pragma once
#include <stdint.h>

// Order of the general registers: the hardware's encoding, then rip and rflags.
enum rr_reg { R_RAX, R_RCX, R_RDX, R_RBX, R_RSP, R_RBP, R_RSI, R_RDI, R_R8, R_R9, R_R10, R_R11, R_R12, R_R13, R_R14, R_R15, R_RIP, R_RFLAGS, R_COUNT };

#define RR_TICK_COUNTERS 8
#define RR_SPILLS 4

struct rr_tick_counter { int64_t left; uint64_t pad[7]; }; // ticks left before the next exit; a cache line each

struct rr_ctx {
  uint64_t regs[R_COUNT];       // the guest's registers while the engine runs
  uint64_t spill[RR_SPILLS];    // scratch of translated code: [0] rax, [1] rcx, [2] rdx or r11, [3] the gate
  uint64_t exit_record;         // the record of the exit stub that was taken (struct exit_record, engine/translate.h)
  uint64_t exit_kind;           // enum exit_kind
  uint64_t exit_target;         // guest address the exit leads to (or of the special instruction)
  uint64_t engine_rsp;          // engine stack of the carrier, saved by gate_enter
  uint64_t gate_exit;           // address of the gate's exit path: stubs jump through it
  uint64_t gate_ibl_miss;       // the same for a failed indirect lookup
  uint64_t ibl_mask;            // pext masks of the guest address: for the table of indirect targets,
  uint64_t ibl_second_mask;     // and for its second level (engine/translate/ibl.c)
  // coordinate
  uint64_t tick_base;           // ticks = tick_base - sum of counters[].left - forced * RR_TICK_FORCE * RR_TICK_COUNTERS
  uint64_t tick_forced;         // times tick_force ran since the last redistribution
  uint64_t events;              // events of this address space so far
  uint32_t stream;              // number of this address space's log
  uint32_t host_pid;            // as the guest sees it
  uint32_t state;               // enum rr_ctx_state
  uint32_t pad;
  uint64_t shared_due;          // replay: the next event is RR_EV_SHARED, of this tick interval: instructions that may be its leave
  uint64_t output_open;         // order + 1 of an output (struct rr_ev_output) that is made and not in the log yet; 0: none
  uint64_t reserved[6];
  struct rr_tick_counter counters[RR_TICK_COUNTERS] __attribute__((aligned(64)));
};
enum rr_ctx_state { RR_CTX_FREE, RR_CTX_LIVE, RR_CTX_DONE };
#define RR_TICK_FORCE (1l << 40)
_Static_assert(sizeof(struct rr_ctx) <= 4096, "the context is one page");
