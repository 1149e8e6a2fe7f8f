// Blocks of 4096 bytes that come into the guest again and again (a database's pages) are in the log once: the second time that
// one is seen, its data event says that replay shall remember it, and from then on events name it.
//
// Only the recording decides; replay does what the flags of the events say (RR_EVF_BLOCK_PUT, RR_EVF_BLOCK_REF).
#include "engine/log_block.h"

#define SLOTS 16384u           // remembered blocks (64 MiB, touched as they are used)
#define SEEN 65536u            // hashes of blocks seen once or more
struct seen { u64 hash; u32 slot; }; // slot + 1; 0: none
static struct seen *seen;
static u32 *owner;             // of each slot: index in seen[]
static u8 *blocks;
static u32 next_slot;

static u64 hash_block(const u64 *w) {
  u64 h[4] = { 1, 2, 3, 4 };
  for (u32 i = 0; i < BLOCK_BYTES / 8; i += 4)
    for (u32 k = 0; k < 4; k++) {
      h[k] = (h[k] ^ w[i + k]) * 0xff51afd7ed558ccdul;
      h[k] ^= h[k] >> 32;
    }
  return (h[0] * 3 + h[1]) * 0x9e3779b97f4a7c15ul + (h[2] * 5 ^ h[3]);
}

static bool same(const u64 *a, const u64 *b) {
  u32 i = 0;
  while (i < BLOCK_BYTES / 8 && a[i] == b[i]) i++;
  return i == BLOCK_BYTES / 8;
}

static u8 *block_at(u32 slot) {
  if (!blocks) blocks = heap_pages((size_t)SLOTS * BLOCK_BYTES);
  return blocks + (size_t)slot * BLOCK_BYTES;
}

static u16 remember(u32 i, u64 hash, const void *block) {
  u32 n = next_slot++ % SLOTS;
  owner[n] = i;
  seen[i] = (struct seen){ .hash = hash, .slot = n + 1 };
  block_put((u16)n, block);
  return (u16)n;
}

enum block_kind block_look(const void *block, u16 *slot) {
  if (!seen) {
    seen = heap_pages(SEEN * sizeof *seen);
    owner = heap_pages(SLOTS * sizeof *owner);
  }
  u64 h = hash_block(block);
  u32 i = (u32)(h >> 48);
  struct seen *s = &seen[i];
  if (s->hash != h) { *s = (struct seen){ .hash = h }; return BLOCK_NEW; }
  if (s->slot && owner[s->slot - 1] == i && same((const u64 *)block_at(s->slot - 1), block)) {
    *slot = (u16)(s->slot - 1);
    return BLOCK_REF;
  }
  *slot = remember(i, h, block);
  return BLOCK_PUT;
}

bool block_learn(const void *block, u16 *slot) {
  enum block_kind kind = block_look(block, slot);
  if (kind == BLOCK_NEW) {
    u64 h = hash_block(block);
    *slot = remember((u32)(h >> 48), h, block);
  }
  return kind != BLOCK_REF;
}

void block_put(u16 slot, const void *block) {
  if (slot < SLOTS) memcpy(block_at(slot), block, BLOCK_BYTES);
}

const void *block_get(u16 slot) { return slot < SLOTS ? block_at(slot) : NULL; }
