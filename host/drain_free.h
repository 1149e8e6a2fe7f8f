// The free list of chunks, the recorder's side: it starts short, since every chunk costs a page, grows while engines take
// from it, and gives memory back when a burst is over. Used by the drain thread alone.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "host/launch.h"

struct free_chunks {
  struct session *session;
  uint32_t fresh;                // chunks below have been in the list
  uint32_t retired_count;        // taken out again, their pages released
  uint32_t retired[RR_CHUNKS];
  bool is_retired[RR_CHUNKS];
};

void free_chunks_init(struct free_chunks *f, struct session *s);
void free_chunks_more(struct free_chunks *f, uint32_t count);
void free_chunks_give_back(struct free_chunks *f, uint32_t index);  // a drained one
void free_chunks_refill(struct free_chunks *f);                     // keeps some in the list; wakes engines that wait
void free_chunks_release(struct free_chunks *f);                    // a quiet moment: most pages go back to the system
static inline uint32_t free_chunks_ever(const struct free_chunks *f) { return f->fresh; }
static inline bool free_chunks_retired(const struct free_chunks *f, uint32_t index) { return f->is_retired[index]; }
