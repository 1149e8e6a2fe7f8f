// System calls that gdb wants to hear of (`catch syscall`), and what the debugger learns from passing calls: thread names.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/prctl.h>
#include "engine/debug_internal.h"

struct caller { u32 tid, nr; u64 pc; bool inside; char name[16]; struct caller *next; };
static struct caller *callers;
static u8 caught[128]; // a bit each

int debug_catch(u32 how, const u16 *numbers, size_t n) {
  memset(caught, how == 1 ? 255 : 0, sizeof caught);
  for (size_t i = 0; how == 2 && i < n; i++)
    if (numbers[i] < sizeof caught * 8) caught[numbers[i] / 8] |= (u8)(1 << numbers[i] % 8);
  return 0;
}

static bool is_caught(u32 nr) { return nr < sizeof caught * 8 && caught[nr / 8] >> nr % 8 & 1; }

static struct caller *find(u32 tid, bool make) {
  for (struct caller *c = callers; c; c = c->next)
    if (c->tid == tid) return c;
  if (!make) return NULL;
  struct caller *c = heap_alloc(sizeof *c);
  *c = (struct caller){ .tid = tid, .next = callers };
  return callers = c;
}

// kernel/sys.c, PR_SET_NAME: 16 bytes with the zero.
static void note_name(u64 at) {
  struct caller *c = find(current->tid, true);
  if (copyin_string(c->name, at, sizeof c->name) < 0) c->name[15] = 0;
}

const char *debug_thread_name(u32 tid) {
  const struct caller *c = find(tid, false);
  return c && c->name[0] ? c->name : NULL;
}

bool call_enter(u32 nr) {
  if (nr == __NR_prctl && ctx.regs[R_RDI] == PR_SET_NAME) note_name(ctx.regs[R_RSI]);
  if (!is_caught(nr)) return false;
  struct caller *c = find(current->tid, true);
  if (c->inside && c->pc == ctx.regs[R_RIP]) return false; // restarted
  c->inside = true;
  c->nr = nr;
  c->pc = ctx.regs[R_RIP];
  return true;
}

bool call_returned(u32 *nr) {
  if (!callers) return false;
  struct caller *c = find(current->tid, false);
  if (!c || !c->inside || ctx.regs[R_RIP] == c->pc) return false;
  c->inside = false;
  *nr = c->nr;
  return is_caught(c->nr);
}
