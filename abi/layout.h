// Fixed addresses of a recorded process: what both halves and the translation caches on disk rely on.
//
// Everything the engine addresses from translated code lies below 2 GiB, so that one absolute 32-bit
// displacement reaches it from any arena; and below 0x7fff7000, where AddressSanitizer's shadow starts.
// What only the engine's own C code touches lies in the HIGH region, which lies in what every
// sanitizer leaves to the program (TSan protects all gaps between its own regions) and Go and LuaJIT do not use.
// A guard gap of RR_GUARD lies around every region of ours.
#pragma once

#define RR_PAGE 4096ul
#define RR_GUARD 0x100000ul

#define RR_ENGINE_BASE 0x70000000ul    // the engine's image (text, rodata, data, bss with the hot tables)
#define RR_CTX 0x71f00000ul            // the context page (abi/ctx.h): one page, shared with the recorder
#define RR_ENGINE_END 0x72000000ul     // nothing of the engine's image lies at or above
#define RR_LOW_ARENA 0x72100000ul      // code cache for guest code below 2 GiB (non-PIE images, low JITs)
#define RR_LOW_ARENA_END 0x7e000000ul
#define RR_HOST_VDSO 0x7f000000ul      // the kernel's vvar and vdso, moved here at start
#define RR_HOST_VDSO_END 0x7f800000ul
#define RR_LOW_END 0x7fff7000ul        // end of everything of ours down here

#define RR_HIGH 0x7f0000000000ul       // HIGH: memory of the engine that translated code never addresses
#define RR_SESSION RR_HIGH             // the session memory (abi/session.h)
#define RR_HEAP 0x7f1000000000ul       // engine heap: fragments' metadata, mapping table, thread objects, stacks
#define RR_HEAP_END 0x7f3f00000000ul
#define RR_HIGH_END 0x7f4000000000ul

// Where the guest's things go. The addresses are the ones an unrandomized Linux process has.
#define RR_GUEST_PIE 0x555555554000ul
#define RR_GUEST_MMAP_TOP 0x7ffff7fff000ul  // top-down from here
#define RR_GUEST_STACK_TOP 0x7ffffffff000ul
#define RR_GUEST_LOW_MIN 0x10000ul          // vm.mmap_min_addr
// File images (ELF) go to a slot derived from the file's identity; an image's arena follows it in its slot.
#define RR_IMAGE_BASE 0x7fd000000000ul
#define RR_IMAGE_END 0x7fe000000000ul
#define RR_IMAGE_STEP 0x400000ul

// Memory that other processes may write (engine/shared.h): the mappings that the guest gets in the zone have, once they are
// shadowed, the object itself at a fixed distance below and this address space's shadow of it at twice that.
#define RR_SHARED_BITS 37
#define RR_SHARED_BYTES (1ul << RR_SHARED_BITS)
#define RR_SHARED_ZONE 0x7fa000000000ul
#define RR_SHARED_ZONE_END (RR_SHARED_ZONE + RR_SHARED_BYTES)
#define RR_SHARED_SHADOW (RR_SHARED_ZONE - 2 * RR_SHARED_BYTES)

// Arenas (code cache). Replay must be free to make an arena at any time, so they lie only where no guest mapping is ever
// placed by the engine's choice: the same zones on record and replay.
#define RR_PIE_ARENA 0x555500000000ul      // for the PIE program's image
#define RR_PIE_ARENA_END 0x555550000000ul
#define RR_ANON_ARENA 0x7ffff8100000ul     // for anonymous code near RR_GUEST_MMAP_TOP (JITs)
#define RR_ANON_ARENA_END 0x7ffffbe00000ul
#define RR_FAR_ARENA 0x7fe100000000ul      // for everything else; guest addresses may be out of reach of rip
#define RR_FAR_ARENA_END 0x7fe180000000ul
#define RR_GUEST_STACK_MAX 0x4000000ul     // the guest's stack lies in [STACK_TOP - MAX, STACK_TOP)
// An image of `size` bytes in its slot is followed by a guard and its arena of this many bytes; the slot ends behind it.
#define RR_IMAGE_ARENA_BYTES(size) ((((size) * 2 + 0x800000ul) + RR_IMAGE_STEP - 1) & ~(RR_IMAGE_STEP - 1))
#define RR_IMAGE_ARENA_START(image_end) ((((image_end) + 4095) & ~4095ul) + RR_GUARD)
