// The CPU, as a trace notes it and a replay compares it.
#pragma once
#include "host/manifest.h"
void cpu_note(struct manifest *m);                                     // keys cpu, xcr0, cpuid
void cpu_compare(const struct manifest *m);                            // warns when this CPU lacks what the recording's had
