// The guest's mappings: one sorted table an address space, kept exact by the memory calls, at record and at replay.
#pragma once
#include "engine/base.h"

struct map_file { u64 dev, ino, size, mtime_ns, ctime_ns; u32 kept; u32 refs; bool written; char path[]; }; // kept: file id in the trace (0: none); written: by a call of this process
enum map_flags { MAPF_SHARED = 1, MAPF_ANON = 2, MAPF_STACK = 4, MAPF_BRK = 8, MAPF_GROWSDOWN = 16, MAPF_IMAGE = 32, MAPF_NORESERVE = 64, MAPF_SHARED_WRITERS = 128,
  MAPF_DATA = 256,      // its contents are in the log, not in a kept file: replay maps anonymous memory
  MAPF_SHM = 512, MAPF_DONTFORK = 1024, MAPF_WIPEONFORK = 2048,
  MAPF_SHADOW = 4096 }; // engine/shared.h
struct mapping {
  u64 start, end;       // page aligned
  u32 prot;             // what the guest asked for (PROT_*)
  u32 flags;            // enum map_flags
  u64 offset;           // in the file
  struct map_file *file;// or NULL
};

struct mapping *map_find(u64 addr);            // the mapping that holds addr, or NULL
struct mapping *map_next(u64 addr);            // the first mapping whose end > addr, or NULL
void map_insert(u64 start, u64 end, u32 prot, u32 flags, u64 offset, struct map_file *file); // replaces what was there
void map_remove(u64 start, u64 end);
void map_protect(u64 start, u64 end, u32 prot);
u64 map_choose(u64 hint, u64 size, bool low32); // free range, top-down from RR_GUEST_MMAP_TOP; 0: none
u64 map_choose_shared(u64 size);               // in the zone of shared memory (abi/layout.h); 0: none
u64 map_choose_image(const struct map_file *f, u64 size); // slot for a file image
// Ranges of the engine (arenas and the fixed regions of abi/layout.h): never chosen for the guest, hidden from it.
// The arena of an image in a slot is [RR_IMAGE_ARENA_START(image_end), + RR_IMAGE_ARENA_BYTES(image size)); map_choose_image
// keeps that range free and the memory calls reserve it by map_image_slot.
void map_image_slot(u64 start, u64 size);
bool map_image_arena(u64 addr, u64 *image, u64 *arena, u64 *arena_end); // addr lies in an image in a slot: where its arena is
bool map_grow_stack(u64 addr);                 // a fault below a growing mapping: extended? (signal-safe)
bool map_ours(u64 start, u64 end);             // overlaps a region of the engine
bool map_writable(u64 start, u64 len);         // whole range mapped PROT_WRITE
u64 map_exec_end(u64 pc);                      // pc's mapping is executable: end of contiguous executable range; else 0
// Host protection for a guest protection: PROT_EXEC dropped (translated code needs none), PROT_READ added for PROT_EXEC.
u32 map_host_prot(u32 guest_prot);

// smc.c: code that changes (design, Fixed 11)
enum smc_state { SMC_FILE, SMC_RO, SMC_CHECKED };
enum smc_state smc_code_page(u64 page);        // translator is about to use code of this page: protects it if need be, returns its state
bool smc_write_fault(u64 addr);                // a guest write faulted: true if it was our protection (then resolved: retry). Signal-safe
void smc_prepare_write(u64 addr, u64 len);     // the engine or the kernel will write there
void smc_forget(u64 start, u64 end);           // unmapped or mapped over

// call_memory.c
size_t memory_poke(u64 addr, const void *s, size_t n); // copyout that also reaches pages the guest can't write (replay: shared files; /proc/self/mem)
void memory_isolate(void);                    // replay, in a fork's child (checkpoints too): objects with several views are copied
void memory_fork_child(void);                 // in a fork's child, record and replay: MADV_DONTFORK, MADV_WIPEONFORK
void memory_check_files(void);                // record, at the end of a process: names private mappings whose files have changed
void memory_note_fork(void);                  // record, before a fork: warns of memory that parent and child will share
