// Fix-ups of faults inside copyin/copyout: the host fault handler looks the faulting pc up here (signal-safe).
#pragma once
#include "engine/base.h"
struct copy_fixup { u64 begin, end, landing; };   // a fault with begin <= pc < end continues at landing
extern const struct copy_fixup copy_fixups[];
extern const u32 copy_fixup_count;
size_t copy_raw(void *d, const void *s, size_t n);      // any addresses; bytes copied before a fault
size_t copy_words(u64 *d, const u64 *s, size_t n);      // aligned; words copied before a fault
