// The CPU: what the recorded program may see of it, how a trace notes it, and how a replay compares it.
#pragma once
#include <stdbool.h>
#include "abi/session.h"
#include "host/manifest.h"
void cpu_note(struct manifest *m, const struct rr_options *o);          // keys cpu, xcr0, xsave, cpuid: as the program sees it
void cpu_compare(const struct manifest *m);                            // warns when this CPU lacks what the recording's had
bool cpu_level(struct rr_options *o, const char *name);                // --cpu: hides what is not in x86-64-v2, v3, v4; false: no such level
bool cpu_hide(struct rr_options *o, const char *list, unsigned first, unsigned count); // --disable-cpuid-features...: bits of cpu_keep[first...]
void cpu_state(struct rr_options *o);                                  // after these: the state components that go with them
enum { CPU_WORDS_BASIC = 0, CPU_WORDS_EXT = 2, CPU_WORDS_XSAVE = 9 };  // indices in abi/cpuid.def
