// Guest memory, read and written by the engine. One `rep movsb` that may fault: the host handler moves the pc to the landing,
// and rcx still holds what was not copied (Intel SDM vol. 2, REP: rcx is exact at a fault).
#include "engine/copy.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/shared.h"
#include <asm/errno.h>

extern const char copy_begin[], copy_end[], words_begin[], words_end[];

__attribute__((noinline)) size_t copy_raw(void *d, const void *s, size_t n) {
  size_t left = n;
  __asm__ volatile(
    ".global copy_begin\n.global copy_end\n"
    "copy_begin: rep movsb\n"
    "copy_end:\n"
    : "+D"(d), "+S"(s), "+c"(left) : : "memory");
  return n - left;
}

// Whole words, each loaded at once: others may be storing to them.
__attribute__((noinline)) size_t copy_words(u64 *d, const u64 *s, size_t n) {
  size_t left = n;
  u64 w;
  if (!n) return 0;
  __asm__ volatile(
    ".global words_begin\n.global words_end\n"
    "words_begin: mov (%[s]), %[w]\n"
    "mov %[w], (%[d])\n"
    "add $8, %[s]\n"
    "add $8, %[d]\n"
    "dec %[left]\n"
    "jnz words_begin\n"
    "words_end:\n"
    : [d] "+r"(d), [s] "+r"(s), [left] "+r"(left), [w] "=&r"(w) : : "memory", "cc");
  return n - left;
}

const struct copy_fixup copy_fixups[] = { { (u64)copy_begin, (u64)copy_end, (u64)copy_end }, { (u64)words_begin, (u64)words_end, (u64)words_end } };
const u32 copy_fixup_count = ARRAY_SIZE(copy_fixups);

// The guest can't reach our memory through a system call's pointer: such a pointer is as bad as an unmapped one.
static size_t allowed(u64 guest, size_t n) {
  if (n == 0 || guest >= 0x7ffffffff000ul) return 0;
  if (n > 0x7ffffffff000ul - guest) n = 0x7ffffffff000ul - guest;
  if (map_ours(guest, guest + n)) return 0;
  return n;
}

size_t copyin(void *d, u64 guest, size_t n) {
  n = allowed(guest, n);
  if (unlikely(shadowing) && !replaying) return shared_copyin(d, guest, n);
  return copy_raw(d, (const void *)guest, n);
}

size_t copyout(u64 guest, const void *s, size_t n) {
  n = allowed(guest, n);
  if (n) smc_prepare_write(guest, n);
  if (unlikely(shadowing) && !replaying) return shared_copyout(guest, s, n);
  return copy_raw((void *)guest, s, n);
}

s64 copyin_string(char *d, u64 guest, size_t size) {
  size_t n = 0;
  while (n < size) {
    size_t piece = RR_PAGE - (guest + n) % RR_PAGE;
    if (piece > size - n) piece = size - n;
    if (piece > 128) piece = 128;
    size_t got = copyin(d + n, guest + n, piece);
    for (size_t i = 0; i < got; i++)
      if (!d[n + i]) return (s64)(n + i);
    n += got;
    if (got < piece) return -EFAULT;
  }
  return -ENAMETOOLONG;
}
