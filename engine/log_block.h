// Blocks that the log names instead of repeating them (log_block.c). Baton held.
#pragma once
#include "engine/base.h"

#define BLOCK_BYTES 4096u
enum block_kind { BLOCK_NEW, BLOCK_PUT, BLOCK_REF };
enum block_kind block_look(const void *block, u16 *slot);  // record
bool block_learn(const void *block, u16 *slot);            // record: remembers it at once; false: it was known
void block_put(u16 slot, const void *block);               // replay
const void *block_get(u16 slot);                           // NULL: no such slot
