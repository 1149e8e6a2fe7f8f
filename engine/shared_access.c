// One instruction on shadowed memory (engine/shared.h): what the translation leaves to the engine, and the run loop's part.
//
// What has no translation of its own is run alone at the guest's address: its operands' pages are opened there for one step,
// with what the shadow has, and what it wrote goes to shadow and object. The hard thing is what is atomic: a locked
// operation is done on the shadow and holds if the object still has what it was done on; else it never was.
#include <asm/prctl.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <asm/unistd.h>
#include "engine/call_memory.h"
#include "engine/carrier.h"
#include "engine/checksum.h"
#include "engine/copy.h"
#include "engine/debug_watch.h"
#include "engine/shared.h"
#include "engine/sys.h"
#include "engine/translate/internal.h"

#define TOUCHES 20u
#define MASKED_MAX 64u
struct touch { u64 at, len; u8 rw; u8 before[MASKED_MAX]; };
static struct touch touches[TOUCHES];
static u32 touch_count;
static bool atomic, masked;
static const struct decoded *insn;
static u64 saved[R_COUNT], segments[3];
static u64 single_pc;            // the instruction there is to be run alone
static struct thread *single_thread;
static u64 lock_resume;          // SHARED_LOCK: where the operation is done
static u8 lock_old[16];
static bool faulted_alone;       // the fault is one of an instruction that was run alone

// ---- what it touches ----

static void decode_now(void) {
  static u8 bytes[16];
  size_t n = copyin(bytes, ctx.regs[R_RIP], 15);
  insn = watch_decode(ctx.regs[R_RIP], bytes, n);
  atomic = insn->atomic;
  masked = insn->masked;
}

static void touch_add(u64 at, u64 len, u8 rw) {
  if (!len || touch_count == TOUCHES) return;
  touches[touch_count++] = (struct touch){ .at = at, .len = len, .rw = rw };
}

static void touch_vector(const struct access *a) {
  static u8 area[16384] __attribute__((aligned(64)));
  u8 vector[64];
  u64 at = access_address(insn, a, ctx.regs, segments);
  debug_vector(area, insn->vector_index, vector);
  for (u32 k = 0; k < insn->vector_count; k++) touch_add(access_element(insn, at, vector, k), a->size, a->rw);
}

// Before it is run: of a REP, all that it may touch, to the end of the mapping (scas and cmps may end early).
static void find_touches(void) {
  decode_now();
  touch_count = 0;
  for (u32 k = 0; k < insn->count; k++) {
    const struct access *a = &insn->a[k];
    if (a->segment) sys(__NR_arch_prctl, a->segment == 1 ? ARCH_GET_FS : ARCH_GET_GS, &segments[a->segment]);
    if (insn->vector) { touch_vector(a); continue; }
    u64 done = insn->narrow ? (u32)ctx.regs[R_RCX] : ctx.regs[R_RCX], start, len;
    if (insn->rep && done > 1ul << 37) done = 1ul << 37;
    access_range(insn, a, ctx.regs, segments, done, &start, &len);
    if (insn->rep && ctx.regs[R_RFLAGS] & 0x400 && start > access_address(insn, a, ctx.regs, segments)) start = 0;
    touch_add(start, len, a->rw);
  }
}

// Of a touch, the parts in shadowed mappings, one after another.
static bool next_part(const struct touch *t, u64 from, u64 *start, u64 *end, struct mapping *m) {
  u64 limit = t->at + t->len;
  if (limit < t->at) limit = ~0ul;
  if (from >= limit) return false;
  for (struct mapping *n = map_next(from); n && n->start < limit; n = map_next(n->end)) {
    if (!(n->flags & MAPF_SHADOW)) continue;
    *m = *n;
    *start = n->start > from ? n->start : from;
    *end = n->end < limit ? n->end : limit;
    return true;
  }
  return false;
}

static void sync_touches(void) {
  for (u32 k = 0; k < touch_count; k++) shared_sync(touches[k].at, touches[k].len);
}

static bool any_shadowed(void) {
  u64 start, end;
  struct mapping m;
  for (u32 k = 0; k < touch_count; k++)
    if (next_part(&touches[k], touches[k].at, &start, &end, &m)) return true;
  return false;
}

// ---- alone, at the guest's address ----

bool shared_single(void) {
  if (single_pc == ctx.regs[R_RIP] && single_thread == current) return true;
  single_pc = 0;
  return false;
}

static void run_alone(void) {
  single_pc = ctx.regs[R_RIP];
  single_thread = current;
}

// The object ends before its mapping, or the guest may not read it.
static bool not_there(u64 guest) {
  u8 probe;
  return copy_raw(&probe, (const void *)shared_object(guest), 1) != 1;
}

static void open_part(u64 start, u64 end, const struct mapping *m) {
  u64 a = ALIGN_DOWN(start, RR_PAGE), b = a;
  while (b < end && !not_there(b)) b += RR_PAGE; // the rest stays closed, and faults
  if (end > b) end = b;
  if (end <= start) return;
  sys(__NR_mprotect, a, b - a, PROT_READ | PROT_WRITE);
  if (m->prot & (PROT_READ | PROT_WRITE)) copy_raw((void *)start, (const void *)shared_shadow(start), end - start);
  if (!(m->prot & PROT_WRITE)) sys(__NR_mprotect, a, b - a, map_host_prot(m->prot));
}

void shared_before(void) {
  find_touches();
  sync_touches();
}

// ---- rep movs and rep stos: no need to open anything ----

static u8 opcode_now(void) {
  u32 k = 0;
  while (insn->bytes[k] == 0xf2 || insn->bytes[k] == 0xf3 || insn->bytes[k] == 0x66 || (insn->bytes[k] & 0xf0) == 0x40) k++;
  return insn->bytes[k];
}

// All of it is there and may be touched so.
static bool plain_range(u64 start, u64 len, u32 prot) {
  u64 end = start + len;
  if (end < start) return false;
  while (start < end) {
    struct mapping *m = map_find(start);
    if (!m || !(m->prot & prot)) return false;
    u64 stop_at = m->end < end ? m->end : end;
    if (m->file && !(m->flags & MAPF_SHADOW) && stop_at > memory_file_end(m)) return false;
    for (u64 at = start; m->flags & MAPF_SHADOW && at < stop_at; at = ALIGN_DOWN(at, RR_PAGE) + RR_PAGE)
      if (not_there(at)) return false;
    start = stop_at;
  }
  return true;
}

static void copy_through(u64 to, u64 from, u64 len) {
  static u8 piece[RR_PAGE];
  for (u64 at = 0; at < len; at += sizeof piece) {
    u64 n = len - at < sizeof piece ? len - at : sizeof piece;
    check(copyin(piece, from + at, n) == n && copyout(to + at, piece, n) == n, from + at);
  }
}

static void fill_through(u64 to, u64 len, u32 size) {
  static u8 piece[RR_PAGE];
  u64 first = len < sizeof piece ? len : sizeof piece;
  for (u64 at = 0; at < first; at += size) memcpy(piece + at, &ctx.regs[R_RAX], size);
  for (u64 at = 0; at < len; at += sizeof piece) {
    u64 n = len - at < sizeof piece ? len - at : sizeof piece;
    check(copyout(to + at, piece, n) == n, to + at);
  }
}

bool shared_string(void) {
  u64 to = ctx.regs[R_RDI], from = ctx.regs[R_RSI], size = insn->a[0].size, len = ctx.regs[R_RCX] * size;
  u8 op = opcode_now() & 0xfe;
  bool moves = op == 0xa4 && insn->count == 2;
  if (!insn->rep || insn->narrow || ctx.regs[R_RFLAGS] & 0x500 || ctx.regs[R_RCX] > 1u << 30) return false; // DF, TF
  if (insn->a[0].segment || insn->a[insn->count - 1].segment || (!moves && (op != 0xaa || insn->count != 1))) return false;
  if (moves && to < from + len && from < to + len) return false; // a pattern
  if (!plain_range(to, len, PROT_WRITE) || (moves && !plain_range(from, len, PROT_READ | PROT_WRITE))) return false;
  if (moves) copy_through(to, from, len);
  else fill_through(to, len, (u32)size);
  ctx.regs[R_RDI] += len;
  if (moves) ctx.regs[R_RSI] += len;
  ctx.regs[R_RCX] = 0;
  ctx.regs[R_RIP] += insn->length;
  single_pc = 0;
  return true;
}

void shared_open(void) {
  u64 start, end;
  struct mapping m;
  memcpy(saved, ctx.regs, sizeof saved);
  for (u32 k = 0; k < touch_count; k++) {
    struct touch *t = &touches[k];
    if (masked && t->len <= MASKED_MAX) copyin(t->before, t->at, t->len);
    if (atomic && t->len <= sizeof lock_old && shared_shadowed(t->at)) copyin(lock_old, t->at, t->len);
    for (u64 at = t->at; next_part(t, at, &start, &end, &m); at = end) open_part(start, end, &m);
  }
}

static void close_parts(void) {
  u64 start, end;
  struct mapping m;
  for (u32 k = 0; k < touch_count; k++)
    for (u64 at = touches[k].at; next_part(&touches[k], at, &start, &end, &m); at = end) {
      u64 a = ALIGN_DOWN(start, RR_PAGE);
      sys(__NR_mprotect, a, ALIGN_UP(end, RR_PAGE) - a, PROT_NONE);
    }
}

static void give_masked(struct touch *t) {
  u8 now[MASKED_MAX];
  if (copy_raw(now, (const void *)t->at, t->len) != t->len) return;
  for (u64 i = 0; i < t->len; i++)
    if (now[i] != t->before[i]) copyout(t->at + i, &now[i], 1);
}

// What was written at the guest's address goes to the shadow and the object.
static void give(struct touch *t) {
  static u8 piece[RR_PAGE];
  u64 start, end;
  struct mapping m;
  if (masked && t->len <= MASKED_MAX) { give_masked(t); return; }
  for (u64 from = t->at; next_part(t, from, &start, &end, &m); from = end)
    for (u64 at = start; at < end; at += sizeof piece) {
      u64 n = end - at < sizeof piece ? end - at : sizeof piece;
      if (copy_raw(piece, (const void *)at, n) != n) return;
      copyout(at, piece, n);
    }
}

// A locked operation: the object takes the new value if it has the old one. False: it has not.
static bool give_atomic(const struct touch *t) {
  u8 new[16];
  if (!shared_shadowed(t->at) || t->len > sizeof new) return true;
  if (copy_raw(new, (const void *)t->at, t->len) != t->len) return true;
  return shared_store(t->at, new, lock_old, (u32)t->len);
}

void shared_after(u32 kind) {
  u64 pc = single_pc;
  single_pc = 0;
  faulted_alone = kind == EXIT_FAULT;
  bool ran = kind == EXIT_STEPPED || (kind == EXIT_FAULT && insn->rep) || kind == EXIT_INDIRECT;
  if (insn->rep && ran) { // the iterations that were done
    u64 done = insn->narrow ? (u32)(saved[R_RCX] - ctx.regs[R_RCX]) : saved[R_RCX] - ctx.regs[R_RCX];
    for (u32 k = 0; k < touch_count; k++) {
      struct touch done_now = touches[k];
      access_range(insn, &insn->a[k], saved, segments, done, &done_now.at, &done_now.len);
      if (done_now.len && done_now.rw & RR_WATCH_WRITE) give(&done_now);
    }
  } else if (ran)
    for (u32 k = 0; k < touch_count; k++) {
      if (!(touches[k].rw & RR_WATCH_WRITE)) continue;
      if (!atomic) give(&touches[k]);
      else if (!give_atomic(&touches[k])) {
        memcpy(ctx.regs, saved, sizeof saved);
        close_parts();
        run_alone();
        return;
      }
    }
  close_parts();
  if (kind == EXIT_FAULT && carrier->fault.signo == SIGSEGV && ctx.regs[R_RIP] == pc && shared_shadowed(carrier->fault.cr2)) {
    struct mapping *m = map_find(carrier->fault.cr2);
    struct host_fault *f = &carrier->fault;
    if (m->prot & (PROT_READ | PROT_WRITE) && not_there(f->cr2)) {
      f->info.signo = (s32)(f->signo = SIGBUS);
      f->info.code = BUS_ADRERR;
    } else if (m->prot & PROT_WRITE || (m->prot && !(carrier->fault.error & 2)))
      stop(STOP_REFUSED, "the instruction at pc 0x%lx touches shared memory (0x%lx) in a way that can't be recorded", pc, carrier->fault.cr2);
  }
}

// ---- leaving the translation, faults ----

static void lock_begin(const struct exit_record *r, u64 *resume, u64 *resume_pc) {
  find_touches();
  sync_touches();
  if (touch_count != 1 || not_there(touches[0].at) || not_there(touches[0].at + touches[0].len - 1) || touches[0].len > sizeof lock_old || !shared_shadowed(touches[0].at) || copyin(lock_old, touches[0].at, touches[0].len) != touches[0].len) {
    run_alone();
    return;
  }
  memcpy(saved, ctx.regs, sizeof saved);
  lock_resume = r->resume;
  *resume = r->resume;
  *resume_pc = r->target;
}

static void lock_end(const struct exit_record *r, u64 *resume, u64 *resume_pc) {
  struct touch *t = &touches[0];
  u8 new[16];
  copy_raw(new, (const void *)shared_shadow(t->at), t->len);
  if (shared_store(t->at, new, lock_old, (u32)t->len)) {
    ctx.regs[R_RIP] = r->target + r->length;
    *resume = r->resume;
    *resume_pc = ctx.regs[R_RIP];
    return;
  }
  memcpy(ctx.regs, saved, sizeof saved);
  copy_raw((void *)shared_shadow(t->at), lock_old, t->len);
  sync_touches();
  copyin(lock_old, t->at, t->len);
  *resume = lock_resume;
  *resume_pc = r->target;
}

void shared_exit(const struct exit_record *r, u64 *resume, u64 *resume_pc) {
  *resume = 0;
  if (replaying) { // what was due here has been applied by the time it goes on
    *resume = r->resume;
    *resume_pc = r->target;
    return;
  }
  switch (r->special) {
  case SHARED_LOCK: lock_begin(r, resume, resume_pc); return;
  case SHARED_LOCK_DONE: lock_end(r, resume, resume_pc); return;
  case SHARED_RETRY: find_touches(); sync_touches(); break;
  default:
    find_touches();
    if (any_shadowed()) { run_alone(); return; }
  }
  *resume = r->resume;
  *resume_pc = r->target;
}

bool shared_fault(struct host_fault *f) {
  if (f->trapno != 14 || !shared_zone(f->cr2)) return false;
  struct mapping *m = map_find(f->cr2);
  if (m && m->flags & MAPF_SHADOW) f->error = (f->error & ~1ul) | (f->signo == SIGSEGV && m->prot); // whether a page was there is another matter here and there
  if (replaying) return false;
  if (m && f->signo == SIGSEGV && (m->prot & PROT_WRITE || (m->prot && !(f->error & 2)))) {
    shared_instrument(ctx.regs[R_RIP]);
    run_alone();
    return true;
  }
  decode_now();
  bool alone = faulted_alone;
  faulted_alone = false;
  if (masked && !alone) { run_alone(); return true; } // the part that is not there may be masked out
  if (m && f->signo == SIGBUS) shared_shorter(m, ALIGN_DOWN(f->cr2, RR_PAGE));
  for (u32 k = 0; k < insn->count; k++)
    if (insn->a[k].rw & RR_WATCH_WRITE && !insn->rep && insn->count == 1) f->error |= 2; // it was found by a load of ours
  return false;
}

void shared_special(void) {
  find_touches();
  sync_touches();
}

// ---- replay ----

void shared_ends(u64 page) {
  struct mapping *m = map_find(page);
  if (m && m->flags & MAPF_SHADOW && m->file && page < memory_file_end(m)) memory_file_ends(m, page);
}

void shared_reaches(u64 end) {
  struct mapping *m = shared_zone(end - 1) ? map_find(end - 1) : NULL;
  if (m && m->flags & MAPF_SHADOW && m->file && end > memory_file_end(m)) memory_file_ends(m, ALIGN_UP(end, RR_PAGE));
}

bool shared_replay_due(void) {
  bool any = false;
  const struct rr_event *e;
  while ((e = log_peek()) && e->type == RR_EV_SHARED && e->ticks == ticks_now() && e->pc == ctx.regs[R_RIP] && e->tid == current->tid) {
    e = log_take(RR_EV_SHARED, 0);
    log_apply(e);
    any = true;
  }
  return any;
}
