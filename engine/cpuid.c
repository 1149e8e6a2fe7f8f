// The session's table of CPUID results (abi/session.h). What a result says of the very CPU that it was asked on (its APIC
// id) is one CPU's for the whole session: a program may be moved between any two instructions and cannot mind.
#include "engine/cpuid.h"
#include "engine/log.h"

static void ask(u32 leaf, u32 sub, u32 r[4]) {
  __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "0"(leaf), "2"(sub));
}

void cpuid(u32 leaf, u32 sub, u32 r[4]) {
  for (u32 i = (leaf ^ leaf >> 26 ^ sub * 7), n = 0; n < RR_CPUIDS; n++, i++) {
    struct rr_cpuid *e = &session->cpuid[i % RR_CPUIDS];
    u32 state = __atomic_load_n(&e->state, __ATOMIC_ACQUIRE);
    if (state == RR_CPUID_KNOWN && e->leaf == leaf && e->sub == sub) {
      memcpy(r, e->r, sizeof e->r);
      return;
    }
    if (state != RR_CPUID_FREE) continue; // another's, or one that is being written
    ask(leaf, sub, r);
    if (!__atomic_compare_exchange_n(&e->state, &state, RR_CPUID_TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
    e->leaf = leaf;
    e->sub = sub;
    memcpy(e->r, r, sizeof e->r);
    __atomic_store_n(&e->state, RR_CPUID_KNOWN, __ATOMIC_RELEASE);
    return;
  }
  ask(leaf, sub, r);
}
