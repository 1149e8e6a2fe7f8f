#pragma once
#include "engine/base.h"
u64 checksum_memory(void);
void checksum_after_event(u8 type);  // run loop, before the guest goes on: type of the last event
