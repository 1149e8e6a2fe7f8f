// CPUID of the machine, asked once a session: in a virtual machine each execution is an exit to its host (3.7 us measured), and
// every ld.so executes some twenty-five.
#pragma once
#include "engine/base.h"
enum { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };
// r: the four registers as the instruction leaves them for eax = leaf, ecx = sub. Signal-safe.
void cpuid(u32 leaf, u32 sub, u32 r[4]);
