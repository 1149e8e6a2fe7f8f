// Files that several programs map MAP_SHARED without having inherited the mapping (a database's lock table): the session
// memory has a list of who maps what. Who comes second has a shadow from the start, and asks the first one to begin one; that
// one does so at once after its next event, with the file's whole contents in the log, and the second one waits for it.
#include <asm/errno.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include "engine/call_memory.h"
#include "engine/shared.h"
#include "engine/sys.h"
#include "engine/thread.h"

#define WAIT_MS 10           // between two looks whether the other one is still there
#define WAITS 50             // it computes, or is stopped: go on
#define BEGIN_CODE 0xfb      // RR_EV_NONDET: shadowing begins here; another one with the contents follows
#define ALL_PAGES_MAX (16ul << 20) // above, pages of zeros are not logged: they were zeros before

#define MADE 256u            // memfds that are known to be made here

static u32 asks_seen;
static u64 made[MADE];
static u32 made_count;

// One that comes from elsewhere may be written by who made it; our own only by those who are found in the list.
void done_memfd_create(struct call *c) {
  struct stat st;
  if (c->result >= 0 && sys(__NR_fstat, c->result, &st) == 0) made[made_count++ % MADE] = st.st_ino;
}

bool shared_file_made(u64 ino) {
  for (u32 i = 0; i < MADE; i++)
    if (made[i] == ino) return true;
  return false;
}

static bool gone(u32 pid) { return sys(__NR_kill, pid, 0) == -ESRCH; }

static void set_state(struct rr_shared_file *f, u32 state) {
  __atomic_store_n(&f->state, state, __ATOMIC_RELEASE);
  sys(__NR_futex, &f->state, FUTEX_WAKE, 0x7fffffff, 0, 0, 0);
}

static void add(u64 dev, u64 ino, u32 state) {
  struct rr_shared_file *f = session->shared_files;
  for (u32 i = 0; i < RR_SHARED_FILES; i++)
    if (f[i].owner == ctx.host_pid && f[i].state >= RR_SHARED_PLAIN && f[i].dev == dev && f[i].ino == ino) { if (state == RR_SHARED_SHADOWED) set_state(&f[i], state); return; }
  for (u32 i = 0; i < RR_SHARED_FILES; i++, f++) {
    u32 free = RR_SHARED_FREE;
    if (!__atomic_compare_exchange_n(&f->state, &free, RR_SHARED_TAKEN, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    f->dev = dev;
    f->ino = ino;
    f->owner = ctx.host_pid;
    set_state(f, state);
    return;
  }
  log_note("so many files are mapped as shared memory that rr can't tell which of them several programs have");
}

static void wait_for(struct rr_shared_file *f) {
  s64 ts[2] = { 0, WAIT_MS * 1000000 };
  for (u32 i = 0; i < WAITS && __atomic_load_n(&f->state, __ATOMIC_ACQUIRE) == RR_SHARED_ASKED && !gone(f->owner); i++)
    sys(__NR_futex, &f->state, FUTEX_WAIT, RR_SHARED_ASKED, ts, 0, 0);
}

bool shared_file_mapped(u64 dev, u64 ino) {
  bool others = false;
  for (struct rr_shared_file *f = session->shared_files, *end = f + RR_SHARED_FILES; f < end; f++) {
    u32 state = __atomic_load_n(&f->state, __ATOMIC_ACQUIRE);
    if (state < RR_SHARED_PLAIN || f->dev != dev || f->ino != ino || f->owner == ctx.host_pid) continue;
    if (gone(f->owner)) { set_state(f, RR_SHARED_FREE); continue; }
    others = true;
    if (!__atomic_compare_exchange_n(&f->state, &(u32){ RR_SHARED_PLAIN }, RR_SHARED_ASKED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) && f->state != RR_SHARED_ASKED) continue;
    __atomic_add_fetch(&session->shared_asks, 1, __ATOMIC_SEQ_CST);
    wait_for(f);
  }
  add(dev, ino, others || shadowing ? RR_SHARED_SHADOWED : RR_SHARED_PLAIN);
  return others;
}

static bool ours(const struct mapping *m) { return m->file && m->flags & MAPF_SHARED && m->flags & MAPF_DATA; }

void shared_files_inherited(void) {
  asks_seen = session->shared_asks;
  for (struct mapping *m = map_next(RR_SHARED_ZONE); m && m->start < RR_SHARED_ZONE_END; m = map_next(m->end))
    if (ours(m)) add(m->file->dev, m->file->ino, RR_SHARED_SHADOWED);
}

static void answer(u32 state) {
  struct rr_shared_file *f = session->shared_files;
  for (u32 i = 0; i < RR_SHARED_FILES; i++, f++)
    if (f->owner == ctx.host_pid && __atomic_load_n(&f->state, __ATOMIC_ACQUIRE) >= RR_SHARED_PLAIN) set_state(f, state);
}

void shared_files_end(void) {
  if (memory_shared_files) answer(RR_SHARED_FREE);
}

// What replay has of them need not be what was there: others may have written before they were found.
static void log_contents(void) {
  static u64 page[RR_PAGE / 8];
  for (struct mapping *m = map_next(RR_SHARED_ZONE); m && m->start < RR_SHARED_ZONE_END; m = map_next(m->end)) {
    if (!ours(m)) continue;
    u64 end = memory_file_end(m);
    if (end - m->start > ALL_PAGES_MAX) { memory_log_content(m, m->start, end, -1); continue; }
    for (u64 at = m->start; at < end; at += RR_PAGE)
      if (copyin(page, at, RR_PAGE) == RR_PAGE) log_data_from(at, page, RR_PAGE);
  }
}

static void begin(void) {
  log_nondet(BEGIN_CODE, NULL, 0);
  shared_begin_all();
  if (!replaying) log_contents();
  log_nondet(0xff, NULL, 0);
}

void shared_files_asked(void) {
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (e && e->type == RR_EV_NONDET && e->code == BEGIN_CODE && e->ticks == ticks_now() && e->pc == ctx.regs[R_RIP] && e->tid == current->tid) begin();
    return;
  }
  u32 asks = __atomic_load_n(&session->shared_asks, __ATOMIC_ACQUIRE);
  if (likely(asks == asks_seen)) return;
  asks_seen = asks;
  struct rr_shared_file *f = session->shared_files;
  u32 i = 0;
  while (i < RR_SHARED_FILES && !(f[i].owner == ctx.host_pid && __atomic_load_n(&f[i].state, __ATOMIC_ACQUIRE) == RR_SHARED_ASKED)) i++;
  if (i == RR_SHARED_FILES) return;
  if (!shadowing) begin();
  answer(RR_SHARED_SHADOWED);
}
