// Replay with opt.strings: tells the rr program what memory a system call is about to read.
#pragma once
#include "engine/syscall.h"

void strings_tell(const struct call *c);
