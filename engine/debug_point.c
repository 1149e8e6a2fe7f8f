// Breakpoints: which guest addresses the translator compiles a stop into, and whether it holds now.
//
// gdb takes all breakpoints out at each stop and puts them back before it goes on. So nothing happens to translated code
// until the guest runs again: then code at new addresses is dropped, to be translated with the stop in it. A breakpoint
// that was removed stays compiled until it has been passed in vain a few times.
#include <asm/errno.h>
#include "engine/debug_internal.h"
#include "engine/translate.h"

enum { BUCKETS = 1024, VAIN_MAX = 32 };
struct breakpoint {
  u64 pc;
  bool active;
  bool compiled;       // every fragment with pc in it stops there
  u32 vain;            // times passed since it was removed
  u8 *conditions;      // struct rr_dbg_break's bytes behind the header
  size_t conditions_size;
  u32 conditions_count, commands_count;
  struct rr_point commanded;   // where the commands were run last
  struct breakpoint *next;
};
static struct breakpoint *buckets[BUCKETS];

static struct breakpoint **bucket(u64 pc) { return &buckets[(pc ^ pc >> 12) % BUCKETS]; }

static struct breakpoint *find(u64 pc) {
  for (struct breakpoint *b = *bucket(pc); b; b = b->next)
    if (b->pc == pc) return b;
  return NULL;
}

bool debug_break_at(u64 guest_pc) {
  if (likely(!debugging)) return false;
  seen_pc(guest_pc);
  struct breakpoint *b = find(guest_pc);
  if (b && b->active) b->compiled = true;
  return b && b->compiled;
}

// Conditions come as many (length, code) pairs; all lengths are checked here, once.
int conditions_take(const struct rr_dbg_break *b, size_t size, u8 **to, size_t *to_size, u32 *count) {
  size_t n = b ? size - sizeof *b : 0, at = 0;
  u64 want = b ? (u64)b->conditions + b->commands : 0;
  const u8 *from = (const u8 *)(b + 1);
  for (u64 i = 0; i < want; i++) {
    u32 len;
    if (n - at < sizeof len) return -EINVAL;
    memcpy(&len, from + at, sizeof len);
    at += sizeof len;
    if (n - at < len) return -EINVAL;
    at += len;
  }
  if (*to) heap_free(*to, *to_size);
  *to = NULL;
  *to_size = at;
  *count = b ? b->conditions : 0;
  if (at) memcpy(*to = heap_alloc(at), from, at);
  return 0;
}

// True when there are none, one holds, or one can't be evaluated (gdb will then look itself).
bool conditions_hold(const u8 *code, u32 count, const u64 regs[R_COUNT]) {
  if (!count) return true;
  for (u32 i = 0; i < count; i++) {
    u32 len;
    u64 value;
    memcpy(&len, code, sizeof len);
    code += sizeof len;
    if (!agent_evaluate(code, len, regs, &value) || value) return true;
    code += len;
  }
  return false;
}

int break_set(u64 pc, const struct rr_dbg_break *d, size_t size) {
  struct breakpoint *b = find(pc);
  if (!b) {
    b = heap_alloc(sizeof *b);
    *b = (struct breakpoint){ .pc = pc, .next = *bucket(pc) };
    *bucket(pc) = b;
  }
  b->vain = 0;
  int r = conditions_take(d, size, &b->conditions, &b->conditions_size, &b->conditions_count);
  b->commands_count = d && !r ? d->commands : 0;
  b->commanded = (struct rr_point){ 0 };
  b->active = r == 0;
  return r;
}

void break_clear(u64 pc) {
  struct breakpoint *b = find(pc);
  if (b) b->active = false;
}

void break_clear_all(void) {
  for (u32 i = 0; i < BUCKETS; i++)
    for (struct breakpoint *b = buckets[i]; b; b = b->next) b->active = false;
}

static void break_free(struct breakpoint *b) {
  struct breakpoint **p = bucket(b->pc);
  while (*p != b) p = &(*p)->next;
  *p = b->next;
  if (b->conditions) heap_free(b->conditions, b->conditions_size);
  heap_free(b, sizeof *b);
}

bool break_hit(u64 pc, const u64 regs[R_COUNT]) {
  struct breakpoint *b = find(pc);
  if (!b) return false;
  if (b->active) return !b->commands_count && conditions_hold(b->conditions, b->conditions_count, regs);
  if (++b->vain > VAIN_MAX) {
    break_free(b);
    translate_invalidate(pc, pc + 1);
  }
  return false;
}

void break_commands(u64 pc, const u64 regs[R_COUNT]) {
  struct breakpoint *b = find(pc);
  if (!b || !b->active || !b->commands_count) return;
  // Translated code may be entered several times at one place before it runs.
  struct rr_point now = { ctx.events, ticks_now(), pc, RR_AT_INSTRUCTION, 0 };
  if (!memcmp(&now, &b->commanded, sizeof now) || !conditions_hold(b->conditions, b->conditions_count, regs)) return;
  b->commanded = now;
  const u8 *code = b->conditions;
  for (u64 i = 0, end = (u64)b->conditions_count + b->commands_count; i < end; i++) {
    u32 len;
    memcpy(&len, code, sizeof len);
    code += sizeof len;
    if (i >= b->conditions_count) agent_evaluate(code, len, regs, NULL);
    code += len;
  }
}

bool break_compiled(u64 pc) { return find(pc) != NULL; }

void break_apply(void) {
  for (u32 i = 0; i < BUCKETS; i++)
    for (struct breakpoint *b = buckets[i], *next; b; b = next) {
      next = b->next;
      if (!b->active && !b->compiled) break_free(b);
      else if (!b->compiled) translate_invalidate(b->pc, b->pc + 1);
    }
}
