// Inside the translator: decoded instructions, arenas, fragments, and what the files of this folder call of each other.
//
// Life of a fragment: translate_entry (block.c) finds the guest's instructions by decode.c, in guest order up to the first
// unconditional transfer; emits them into an arena (arena.c): code in its hot region, exit stubs in its cold region, a
// struct fragment and recovery metadata in its book; enters it in the lookup table (lookup.c). link.c patches exits, ibl.c
// keeps the table of indirect targets, recover.c maps host addresses back.
#pragma once
#include "abi/session.h"
#include "engine/translate.h"

// --- decode.c, special.c -----------------------------------------------------------------------------------------------
enum insn_kind {
  I_COPY,      // copied; a RIP-relative operand is adjusted (rip_at)
  I_JMP, I_JCC, I_LOOP, I_CALL,          // direct: target. LOOP: loop, loope, loopne, jrcxz, jecxz
  I_RET, I_JMP_IND, I_CALL_IND,
  I_SPECIAL,   // the engine executes it; goes on behind it
  I_END,       // the same, but what follows is not known: the run ends
};

struct insn {
  u64 pc, target;            // target: of direct transfers; of a RIP-relative operand
  u16 reads, writes;         // status flags; writes: surely written
  u8 len, kind, special;     // enum insn_kind, enum special
  u8 opcode;                 // last opcode byte
  u8 op_at, modrm_at, rip_at;// offsets: opcode, modrm (0: none), RIP-relative disp32 (0: none)
  u8 rex_at;                 // 0xff: none
  u8 encoding;               // enum insn_encoding
  u8 imm16;                  // ret imm16 has an operand
  u8 addr32;                 // 67 prefix
  u8 bytes[16];
};
enum insn_encoding { ENC_LEGACY, ENC_VEX, ENC_EVEX, ENC_XOP, ENC_3DNOW };

#define FLAG_CF 0x1u
#define FLAG_PF 0x4u
#define FLAG_AF 0x10u
#define FLAG_ZF 0x40u
#define FLAG_SF 0x80u
#define FLAG_OF 0x800u
#define FLAGS_STATUS 0x8d5u
#define FLAGS_OF_DEC (FLAGS_STATUS & ~FLAG_CF)

void decode_init(void);
void decode_forget(void);                     // guest bytes may have changed since: called at each entry of the translator
// Decodes the instruction at pc. 0; -EFAULT: cannot be fetched, *fault is the first such byte. The pointer stays valid
// until decode_forget and 256 further calls.
int decode_at(u64 pc, const struct insn **insn, u64 *fault);
int decode_uncached(u64 pc, struct insn *insn, u64 *fault);  // signal-safe
bool decode_fast(const u8 *b, u32 n, u64 pc, struct insn *i);   // fast.c: from memory; false: ask decode_slow
int decode_slow(const u8 *b, u32 n, u64 pc, struct insn *i, u64 *fault);
void decode_learn(const u8 *b, u32 n, const struct insn *i, u32 imm_bytes, u8 map);
enum code_page { PAGE_FILE, PAGE_RO, PAGE_CHECKED };
enum code_page decode_page_state(u64 pc);      // protects the page if need be
u64 decode_general_registers(const struct insn *i); // mask of the general registers that it names or implies
bool decode_writes_memory(const struct insn *i);
struct special_row { u16 mnemonic; u8 kind, special; };
const struct special_row *special_find(u16 mnemonic);
bool special_copyable(u8 category);           // instructions of this category without a row are copied
void special_init(void);

// flags.c: dead flags at pc; *reach: end of the guest bytes that the answer depends on; *far: it followed a jump
u64 flags_dead(u64 pc, u64 *reach, bool *far, bool signal_safe);

// --- arena.c -----------------------------------------------------------------------------------------------------------
#define HOST_MAX 0x7ff00000ul
struct fragment {
  u64 pc;
  u32 ibl, tick, plain, end;   // offsets in the arena: indirect entry, tick entry (0: none yet), plain entry, end of code
  u32 cold, cold_end;          // its stubs
  u32 meta;                    // offset of its recovery metadata
  u32 page_next;               // next fragment of the same guest page (index + 1)
  u16 meta_len;
  u16 guest_len;               // bytes of guest code translated
  u16 reach;                   // guest bytes from pc that it depends on (look-ahead included)
  u8 flags;                    // enum fragment_flags
  u8 pad;
};
enum fragment_flags { FRAG_DROPPED = 1, FRAG_CHECKED = 2, FRAG_FAR = 4, FRAG_NOT_FILE = 8, FRAG_PAGED = 16,
  FRAG_TICK = 32 };            // the tick entry lies before the plain entry; else, if there is one, apart


#define ARENA_PARTS 5u             // of a cache file, in the order of their addresses
struct arena_part { u64 start, end; };
struct arena {
  u64 start, end;
  u64 guest_start, guest_end;  // image that it belongs to (0: any code in reach)
  u8 *hot, *hot_ready, *hot_end;     // next free byte; populated up to; limit
  u8 *cold, *cold_ready, *cold_end;
  u8 *meta, *meta_end;
  struct fragment *fragments;
  u32 count, room;
  u8 *step;                    // one page of scratch code for translate_step
  u8 *hot_start, *cold_start, *meta_start;
  bool reserved;               // all of [start, end) is mapped
  bool full;                   // flush before the next fragment
  bool probed;                 // its cache file was looked for
  bool unsaveable;             // holds something that must not be kept
  struct file_identity id;
  u64 file_offset;
  struct arena_part mapped[ARENA_PARTS]; // from a cache file, while index is set
  u8 *index_start;             // where the file's index is mapped
  const u32 *index;            // of a mapped cache file: fragment number + 1 by hash of the guest address
  u32 index_mask, warm_count;  // fragments that came from the file
  u8 *hot_warm;                // end of the code that came from it: below, patches cost a copy of the page
};
extern struct arena arenas[];
extern u32 arena_count;
struct arena *arena_for(u64 guest_pc);         // makes one if need be
struct arena *arena_of_image(u64 guest_pc);    // only an image's own; or NULL
struct arena *arena_of_host(u64 host_pc);      // or NULL. Signal-safe
bool step_recover(u64 host, const struct fragment **f, const u8 **meta, const u8 **meta_end); // step.c
bool arena_room(struct arena *a);              // enough for one more fragment; populates ahead
void arena_reserve(struct arena *a);           // before anything but a cache file's parts is touched
void arena_reset(struct arena *a);
static inline struct arena *arena_of_fragment(const struct fragment *f) { return arena_of_host((u64)f); }
static inline u32 fragment_code(const struct fragment *f) { return f->flags & FRAG_TICK ? f->tick : f->plain; }
static inline u64 arena_at(const struct arena *a, u32 offset) { return a->start + offset; }
static inline u32 arena_offset(const struct arena *a, const void *p) { return (u32)((u64)p - a->start); }

// --- lookup.c ----------------------------------------------------------------------------------------------------------
struct fragment *lookup(u64 pc, struct arena **a);  // or NULL
void lookup_insert(u64 pc, struct fragment *f);
void lookup_remove(u64 pc);
void lookup_reset(void);

// --- block.c, branch.c -------------------------------------------------------------------------------------------------
#define RUN_INSNS 64
struct builder {
  struct arena *a;
  u8 *hot, *cold, *meta;
  u8 *piece;              // start of the host code that the next metadata piece describes
  u64 start;              // guest address of the run
  bool link;              // exits may go directly to other fragments
  bool step;              // one instruction, leaving with EXIT_STEPPED
  bool far;               // depends on bytes elsewhere in the image
  u8 unused[5];
};
// What scratch registers hold in a piece of code (recovery): RAX in spill[0], ..., flags in ax (lahf; seto al).
enum piece_state { ST_RAX = 1, ST_RCX = 2, ST_RDX = 4, ST_FLAGS = 8 };
#define STUB_CODE 24 // 22 bytes of code, 2 of padding; then the record
void piece_end(struct builder *b, u32 guest_len, u32 state); // code emitted since the last call: one piece
u8 *stub(struct builder *b, u8 kind, u8 flags, const struct insn *i, u64 target, u64 resume, u8 *site); // returns its address
void branch_site(struct builder *b, u64 target, bool tick); // emits rel32 for a branch opcode already emitted
void emit_transfer(struct builder *b, const struct insn *i);
void emit_copy(struct builder *b, const struct insn *i);
void emit_tick(struct builder *b, u64 pc, bool flags_dead_here);
void emit_indirect_jump(struct builder *b);    // rcx spilled, rcx = target
u8 *emit_ibl_head(struct builder *b, u64 pc);
// entry.c
void entry_first(struct builder *b, struct fragment *f, bool indirect, bool tick, bool dead);
bool entry_make(struct arena *a, struct fragment *f, bool indirect); // gives it the entry that it lacks; false: no room
u32 tick_counter_address(u64 pc);

// The debugger's checks for watchpoints (engine/debug_compile.c), emitted before an instruction.
extern bool debug_watching;
void debug_watch_emit(struct builder *b, const struct insn *i);

// shared.c
void shared_emit(struct builder *b, const struct insn *i); // in place of emit_transfer, for instrumented instructions

// unroll.c
bool unroll_possible(const struct insn *i, u32 n, u64 start, u64 dead, bool checked);
void unroll_emit(struct builder *b, const struct insn *i, u32 n, const u8 *tick);

// --- cachefile.c: the translation cache on disk
void cache_attach(struct arena *a);             // before the first fragment of an image is made
struct fragment *cache_lookup(u64 pc);         // in the files that are mapped; or NULL

// --- link.c, ibl.c -----------------------------------------------------------------------------------------------------
#define IBL_SLOTS_MAX 262144u
#define IBL_SECOND_MASK 0x7f00feul
#define IBL_SECOND_SLOTS 16384u
extern u64 ibl_table[IBL_SLOTS_MAX];
void ibl_reset(void);
u64 ibl_find(u64 guest_pc);                    // called by the gate when the table has no or another entry
void ibl_forget(u64 pc, u64 host);
void drop_note(struct arena *a, struct fragment *f); // drop.c: a fragment was made
void drop_reset(void);
void translate_drop(u64 pc);                   // drop.c
void drop_fragment(struct arena *a, struct fragment *f);
void dump_fragment(const struct arena *a, const struct fragment *f);
extern bool cpu_amd, cpu_fast_pext;
extern u64 last_fragment, fragments_made;

// gate.S
extern const char gate_exit[], gate_ibl_empty[], gate_ibl_wrong[], gate_ibl_slow[], gate_begin[], gate_end[];
extern struct exit_record gate_record;
