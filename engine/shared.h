// Memory that other processes write: shadow-diff logging (docs/architecture.md, "Memory shared between processes").
//
// Once an address space is `shadowing`, each MAP_SHARED mapping in the zone (abi/layout.h) is MAPF_SHADOW. Record: the guest's
// range is PROT_NONE, the object is mapped at shared_object(g), a private shadow at shared_shadow(g), both with the guest's
// protection. The shadow is what replay has at the guest's own address, at each coordinate. Baton held, not signal-safe, but
// for the inline functions.
#pragma once
#include "engine/base.h"

struct call;
struct host_fault;
struct exit_record;
struct mapping;

extern bool shadowing;
static inline bool shared_zone(u64 guest) { return guest - RR_SHARED_ZONE < RR_SHARED_BYTES; }
static inline u64 shared_object(u64 guest) { return guest - RR_SHARED_BYTES; }
static inline u64 shared_shadow(u64 guest) { return guest - 2 * RR_SHARED_BYTES; }
static inline bool shared_alias(u64 addr) { return addr - RR_SHARED_SHADOW < 2 * RR_SHARED_BYTES; } // the object's or the shadow's
static inline u64 shared_guest(u64 alias) { return alias + (alias - RR_SHARED_SHADOW < RR_SHARED_BYTES ? 2 : 1) * RR_SHARED_BYTES; }

// shared.c: mappings
void shared_begin_all(void);                  // all of the zone is shadowed from now on (record and replay)
void shared_begin(u64 start, u64 end);        // a new mapping, if it is one of the zone
void shared_drop(u64 start, u64 end);         // the guest's range is gone or mapped over
s64 shared_move(u64 from, u64 from_len, u64 to, u64 to_len); // the same for mremap
void shared_resize(const struct mapping *m, u64 old, u64 end); // the object ends there now, in the mapping
void shared_zero(const struct mapping *m, u64 start, u64 end); // replay: contents are discarded
s64 shared_protect(u64 start, u64 end, u32 prot); // in place of the host's mprotect
bool shared_shadowed(u64 guest);              // record: the address belongs to a shadowed mapping
u64 shared_view(u64 guest);                   // where the engine reads what the guest has there: the shadow, else guest itself
u64 shared_host(u64 guest);                   // what the kernel is to be given for a guest's pointer
// shared.c: contents, record. The range may lie anywhere.
void shared_sync(u64 guest, u64 len);         // what others have written goes into the shadow and the log (RR_EV_SHARED, at R_RIP)
void shared_shorter(const struct mapping *m, u64 page); // it has no page there any more
void shared_take(u64 guest, u64 len);         // the kernel wrote into the object: the shadow follows; the caller logs it
size_t shared_copyin(void *d, u64 guest, size_t n);
size_t shared_copyout(u64 guest, const void *s, size_t n); // to both
bool shared_store(u64 guest, const void *new, const void *old, u32 n); // to both, the object atomically; false: the object no longer has `old`
void shared_call(struct call *c);             // before a call is made: what its pointers name is synced, host_args are redirected

// shared_files.c, record: files mapped by several programs that did not inherit the mapping from one another
bool shared_file_mapped(u64 dev, u64 ino);    // this address space is about to map it; true: others have it, it is to be shadowed
bool shared_file_made(u64 ino);               // a memfd of this process or the ones before it
void shared_files_inherited(void);            // a forked child: registers what it has
void shared_files_end(void);                  // this address space ends
// Both, at once after an event: shadowing begins because another program maps a file of ours.
void shared_files_asked(void);

// shared_access.c: one instruction
void shared_exit(const struct exit_record *r, u64 *resume, u64 *resume_pc); // EXIT_SHARED; where the fragment goes on, 0: nowhere
bool shared_fault(struct host_fault *f);      // EXIT_FAULT in the zone: true: it is ours, the instruction is to be tried again
bool shared_single(void);                     // the instruction at R_RIP must be run by translate_step, between shared_before and shared_after
void shared_before(void);                     // what it reads is synced
bool shared_string(void);                     // it was one that the engine does itself: done, R_RIP is behind it
void shared_open(void);                       // it can be run now
void shared_after(u32 exit_kind);
void shared_special(void);                    // record: the engine is about to execute the instruction at R_RIP
// Replay: what the log has due at this instruction is applied; true: something was.
bool shared_replay_due(void);
void shared_ends(u64 page);                    // RR_EV_SHARED without bytes: the object has no page there any more
void shared_reaches(u64 end);                 // bytes before it are going to be applied: the object is that long at least

// translate/shared.c
void shared_instrument(u64 pc);               // translations of pc are dropped; new ones ask (record) or look at ctx.shared_due (replay)
bool shared_instrumented(u64 pc);
enum shared_kind { SHARED_RETRY = 1, SHARED_SLOW, SHARED_LOCK, SHARED_LOCK_DONE }; // exit_record.special of EXIT_SHARED (record)
