// Blocks of 4096 bytes that come into the guest again and again (a database's pages) are in the log once: the second time that
// one is seen, its data event says that replay shall remember it, and from then on events name it.
//
// Only the recording decides, by 128 bits of hash: it keeps no contents. Replay does what the flags of the events say
// (RR_EVF_BLOCK_PUT, RR_EVF_BLOCK_REF), and keeps the last SLOTS blocks.
#include "engine/log_block.h"

#define SLOTS 16384u           // remembered blocks: 64 MiB of a replay, touched as they are used
#define SEEN 65536u            // hashes of blocks seen once or more
struct hash { u64 a, b; };
struct seen { struct hash hash; u32 slot; }; // slot + 1; 0: none
static struct seen *seen;
static u32 *owner;             // of each slot: index in seen[]
static u32 next_slot;
static u8 *blocks;             // replay

// The operands go in again, so that a factor of 0 does not swallow the other one.
static u64 fold(u64 a, u64 b) {
  unsigned __int128 p = (unsigned __int128)a * b;
  return ((u64)p ^ (u64)(p >> 64)) + (a ^ (b << 32 | b >> 32));
}

// Two hashes of independent constants; each a sum over four chains of folded products, so that they run side by side.
static struct hash hash_block(const u64 *w) {
  u64 a[2] = { 1, 2 }, b[2] = { 3, 4 };
  for (u32 i = 0; i < BLOCK_BYTES / 8; i += 4)
    for (u32 k = 0; k < 2; k++) {
      u64 x = w[i + 2 * k], y = w[i + 2 * k + 1];
      a[k] = fold(x ^ 0x9e3779b97f4a7c15ul, y ^ a[k] ^ 0xd1342543de82ef95ul);
      b[k] = fold(y ^ 0xff51afd7ed558ccdul, x ^ b[k] ^ 0xc4ceb9fe1a85ec53ul);
    }
  return (struct hash){ fold(a[0] ^ 0xa0761d6478bd642ful, a[1] ^ 0xe7037ed1a0b428dbul), fold(b[0] ^ 0x8ebc6af09c88c6e3ul, b[1] ^ 0x589965cc75374cc3ul) };
}

static u16 remember(u32 i, struct hash hash) {
  u32 n = next_slot++ % SLOTS;
  owner[n] = i;
  seen[i] = (struct seen){ hash, n + 1 };
  return (u16)n;
}

static enum block_kind look(const void *block, bool learn, u16 *slot) {
  if (!seen) {
    seen = heap_pages(SEEN * sizeof *seen);
    owner = heap_pages(SLOTS * sizeof *owner);
  }
  struct hash h = hash_block(block);
  u32 i = (u32)(h.a >> 48);
  struct seen *s = &seen[i];
  bool same = s->hash.a == h.a && s->hash.b == h.b;
  if (same && s->slot && owner[s->slot - 1] == i) { *slot = (u16)(s->slot - 1); return BLOCK_REF; }
  if (same || learn) { *slot = remember(i, h); return BLOCK_PUT; }
  *s = (struct seen){ .hash = h };
  return BLOCK_NEW;
}

enum block_kind block_look(const void *block, u16 *slot) { return look(block, false, slot); }
bool block_learn(const void *block, u16 *slot) { return look(block, true, slot) == BLOCK_PUT; }

void block_put(u16 slot, const void *block) {
  if (slot >= SLOTS) return;
  if (!blocks) blocks = heap_pages((size_t)SLOTS * BLOCK_BYTES);
  memcpy(blocks + (size_t)slot * BLOCK_BYTES, block, BLOCK_BYTES);
}

const void *block_get(u16 slot) { return slot < SLOTS && blocks ? blocks + (size_t)slot * BLOCK_BYTES : NULL; }
