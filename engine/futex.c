// Futexes on memory that only this address space sees: queues in the engine, the same on record and replay.
//
// First come, first woken. A timeout or a signal takes effect only when its thread runs: until then the thread is in its queue and a
// wake-up may still reach it. So the queues change only at points that the log fixes. Futexes in shared mappings go to the
// host's kernel. PI and robust futexes follow kernel/futex/pi.c and core.c; all threads have the same priority here.
#include <asm/errno.h>
#include <linux/futex.h>
#include <linux/time.h>
#include <asm/unistd.h>
#include "engine/calls.h"
#include "engine/carrier.h"
#include "engine/map.h"
#include "engine/shared.h"
#include "engine/sys.h"

#define BUCKETS 256
#define ANY_BIT FUTEX_BITSET_MATCH_ANY
#define RESTART_BLOCK (-516)  // -ERESTART_RESTARTBLOCK: EINTR with any handler
#define RESTART_NOINTR (-513) // -ERESTARTNOINTR: always made again
enum futex_kind { FK_WAIT, FK_PI, FK_REQUEUE_PI };

u64 next_deadline;
static struct { struct thread *head, *tail; } buckets[BUCKETS];

// ---- queues ----

static u32 bucket_of(u64 addr) { return (u32)((addr >> 2) * 0x9e3779b1u >> 20) % BUCKETS; }

static void enqueue(struct thread *t, u64 addr) {
  u32 b = bucket_of(addr);
  t->futex_addr = addr;
  t->futex_next = NULL;
  if (buckets[b].tail) buckets[b].tail->futex_next = t;
  else buckets[b].head = t;
  buckets[b].tail = t;
}

void futex_cancel(struct thread *t) {
  if (!t->futex_addr) return;
  u32 b = bucket_of(t->futex_addr);
  struct thread *last = NULL;
  for (struct thread **at = &buckets[b].head; *at; last = *at, at = &(*at)->futex_next)
    if (*at == t) {
      *at = t->futex_next;
      if (buckets[b].tail == t) buckets[b].tail = last;
      break;
    }
  t->futex_addr = 0;
}

static struct thread *first_waiter(u64 addr, struct thread *after) {
  struct thread *t = after ? after->futex_next : buckets[bucket_of(addr)].head;
  while (t && t->futex_addr != addr) t = t->futex_next;
  return t;
}

static void release(struct thread *t) {
  futex_cancel(t);
  t->call.interrupted = false;
  call_complete(t, 0);
}

void futex_after_fork(void) {
  memset(buckets, 0, sizeof buckets);
  current->futex_addr = 0;
}

// ---- timeouts (record) ----

void timeout_set(struct thread *t, u64 deadline, u8 clock) {
  if (replaying) return;
  t->deadline = deadline ? deadline : 1;
  t->deadline_clock = clock;
  u64 mono = deadline;
  if (clock == CLOCK_REALTIME) {
    u64 now = clock_now(CLOCK_REALTIME);
    mono = clock_now(CLOCK_MONOTONIC) + (deadline > now ? deadline - now : 0);
  }
  if (mono < next_deadline) next_deadline = mono;
}

void timeouts_expire(void) {
  u64 now[2] = { [CLOCK_MONOTONIC] = clock_now(CLOCK_MONOTONIC) };
  if (now[CLOCK_MONOTONIC] < next_deadline) return;
  now[CLOCK_REALTIME] = clock_now(CLOCK_REALTIME);
  next_deadline = ~0ul;
  for (struct thread *t = all_threads; t; t = t->next) {
    if (!t->deadline || (t->state != T_FUTEX && t->state != T_WAIT)) continue;
    u64 n = now[t->deadline_clock & 1];
    if (t->deadline <= n) {
      t->deadline = 0;
      call_complete(t, t->state == T_FUTEX ? -ETIMEDOUT : -EAGAIN);
    } else if (now[CLOCK_MONOTONIC] + (t->deadline - n) < next_deadline) next_deadline = now[CLOCK_MONOTONIC] + (t->deadline - n);
  }
}

s64 timeout_read(u64 guest, u64 *ns) {
  s64 ts[2];
  if (!get_guest(ts, guest, sizeof ts)) return -EFAULT;
  if (ts[0] < 0 || ts[1] < 0 || ts[1] >= 1000000000) return -EINVAL;
  *ns = ts[0] > 0x200000000l ? ~0ul >> 1 : (u64)ts[0] * 1000000000ul + (u64)ts[1];
  return 0;
}

void futex_interrupt(struct thread *t) {
  t->call.interrupted = true;
  call_complete(t, t->futex_kind == FK_PI ? RESTART_NOINTR : t->deadline ? RESTART_BLOCK : -EINTR);
}

// ---- operations ----

static enum call_status block(struct call *c, u64 addr, u8 kind, u32 bitset, u64 addr2) {
  current->futex_kind = kind;
  current->futex_bitset = bitset;
  current->futex_addr2 = addr2;
  c->result = 0;
  current->state = T_FUTEX;
  enqueue(current, addr);
  return CALL_BLOCKED;
}

static s64 wake(u64 addr, s32 n, u32 bitset) {
  s64 woken = 0;
  if (!bitset) return -EINVAL;
  for (struct thread *t = first_waiter(addr, NULL), *next; t; t = next) {
    next = first_waiter(addr, t);
    if (t->futex_kind != FK_WAIT) return -EINVAL;
    if (!(t->futex_bitset & bitset)) continue;
    release(t);
    if (++woken >= n) break;
  }
  return woken;
}

static enum call_status wait(struct call *c, u64 addr, u32 val, u32 bitset, u8 kind, u64 addr2) {
  u32 now;
  if (!bitset) return call_done(c, -EINVAL);
  if (!get_guest(&now, addr, 4)) return call_done(c, -EFAULT);
  if (now != val) { current->deadline = 0; return call_done(c, -EAGAIN); }
  return block(c, addr, kind, bitset, addr2);
}

static s64 wake_op(u64 addr, s32 n, s32 n2, u64 addr2, u32 op) {
  u32 old, new, arg = (s32)(op << 8) >> 20, cmp_arg = (u32)((s32)(op << 20) >> 20), kind = op >> 28 & 7, cmp = op >> 24 & 15;
  if (op >> 31 & 1) arg = 1u << (arg & 31);
  if (!get_guest(&old, addr2, 4)) return -EFAULT;
  switch (kind) {
  case FUTEX_OP_SET: new = arg; break;
  case FUTEX_OP_ADD: new = old + arg; break;
  case FUTEX_OP_OR: new = old | arg; break;
  case FUTEX_OP_ANDN: new = old & ~arg; break;
  case FUTEX_OP_XOR: new = old ^ arg; break;
  default: return -ENOSYS;
  }
  if (!put_guest(addr2, &new, 4)) return -EFAULT;
  s32 a = (s32)old, b = (s32)cmp_arg;
  bool yes;
  switch (cmp) {
  case FUTEX_OP_CMP_EQ: yes = a == b; break;
  case FUTEX_OP_CMP_NE: yes = a != b; break;
  case FUTEX_OP_CMP_LT: yes = a < b; break;
  case FUTEX_OP_CMP_LE: yes = a <= b; break;
  case FUTEX_OP_CMP_GT: yes = a > b; break;
  case FUTEX_OP_CMP_GE: yes = a >= b; break;
  default: return -ENOSYS;
  }
  s64 r = wake(addr, n, ANY_BIT);
  if (r >= 0 && yes) {
    s64 r2 = wake(addr2, n2, ANY_BIT);
    if (r2 < 0) return r2;
    r += r2;
  }
  return r;
}

static s64 requeue(u64 addr, s32 n_wake, s32 n_move, u64 addr2, bool compare, u32 val) {
  u32 now;
  s64 count = 0;
  if (n_wake < 0 || n_move < 0) return -EINVAL;
  if (compare) {
    if (!get_guest(&now, addr, 4)) return -EFAULT;
    if (now != val) return -EAGAIN;
  }
  for (struct thread *t = first_waiter(addr, NULL), *next; t; t = next) {
    next = first_waiter(addr, t);
    if (count - n_wake >= n_move) break;
    if (t->futex_kind != FK_WAIT) return -EINVAL;
    if (++count <= n_wake) release(t);
    else if (addr2 != addr) { futex_cancel(t); enqueue(t, addr2); }
  }
  return count;
}

// Takes the PI futex for t if it is free. 0: taken; 1: not; -errno. It is marked as having waiters when it is not free.
static s64 pi_try(struct thread *t, u64 addr) {
  u32 val;
  if (!get_guest(&val, addr, 4)) return -EFAULT;
  u32 owner = val & FUTEX_TID_MASK;
  if (owner == (t->tid & FUTEX_TID_MASK)) return -EDEADLK;
  if (owner && !thread_find(owner)) return -ESRCH;
  u32 new = owner ? val | FUTEX_WAITERS : (val & FUTEX_OWNER_DIED) | t->tid | (first_waiter(addr, NULL) ? FUTEX_WAITERS : 0);
  if (!put_guest(addr, &new, 4)) return -EFAULT;
  return owner ? 1 : 0;
}

static enum call_status lock_pi(struct call *c, u64 addr, bool try) {
  s64 r = pi_try(current, addr);
  if (r <= 0 || try) { current->deadline = 0; return call_done(c, r == 1 ? -EAGAIN : r); }
  return block(c, addr, FK_PI, ANY_BIT, 0);
}

static s64 unlock_pi(u64 addr) {
  u32 val, new = 0;
  if (!get_guest(&val, addr, 4)) return -EFAULT;
  if ((val & FUTEX_TID_MASK) != current->tid) return -EPERM;
  struct thread *t = first_waiter(addr, NULL);
  if (t && t->futex_kind != FK_PI) return -EINVAL;
  if (t) new = t->tid | FUTEX_WAITERS;
  if (!put_guest(addr, &new, 4)) return -EFAULT;
  if (t) release(t);
  return 0;
}

static s64 requeue_pi(u64 addr, s32 n_wake, s32 n_move, u64 addr2, u32 val) {
  u32 now;
  s64 count = 0;
  if (n_wake != 1 || addr == addr2) return -EINVAL;
  if (!get_guest(&now, addr, 4)) return -EFAULT;
  if (now != val) return -EAGAIN;
  for (struct thread *t = first_waiter(addr, NULL), *next; t && count < (s64)n_wake + n_move; t = next) {
    next = first_waiter(addr, t);
    if (t->futex_kind != FK_REQUEUE_PI || t->futex_addr2 != addr2) return -EINVAL;
    s64 r = count ? 1 : pi_try(t, addr2); // only the first may get the lock at once
    if (r < 0) return count ? count : r;
    count++;
    if (r == 0) { release(t); continue; }
    futex_cancel(t);
    t->futex_kind = FK_PI;
    enqueue(t, addr2);
  }
  if (first_waiter(addr2, NULL) && get_guest(&now, addr2, 4) && !(now & FUTEX_WAITERS)) {
    now |= FUTEX_WAITERS;
    put_guest(addr2, &now, 4);
  }
  return count;
}

// ---- the call ----

static bool shared(u32 op, u64 addr) {
  if (op & FUTEX_PRIVATE_FLAG) return false;
  struct mapping *m = map_find(addr);
  return m && m->flags & MAPF_SHARED;
}

static bool is_pi(u32 cmd) {
  return cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_TRYLOCK_PI || cmd == FUTEX_UNLOCK_PI || cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_CMP_REQUEUE_PI;
}

static bool two_words(u32 cmd) {
  return cmd == FUTEX_REQUEUE || cmd == FUTEX_CMP_REQUEUE || cmd == FUTEX_WAKE_OP || cmd == FUTEX_CMP_REQUEUE_PI || cmd == FUTEX_WAIT_REQUEUE_PI;
}

static s64 set_timeout(struct call *c, u32 op, u32 cmd) {
  bool waits = cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_WAIT_REQUEUE_PI;
  u64 ns;
  if (!waits || !c->args[3]) return 0;
  s64 r = timeout_read(c->args[3], &ns);
  if (r < 0 || replaying) return r;
  if (cmd == FUTEX_WAIT) {
    if (!c->deadline) c->deadline = clock_now(CLOCK_MONOTONIC) + ns; // kept when it is restarted
    timeout_set(current, c->deadline, CLOCK_MONOTONIC);
  } else timeout_set(current, ns, op & FUTEX_CLOCK_REALTIME || cmd == FUTEX_LOCK_PI ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  return 0;
}

enum call_status call_futex(struct call *c) {
  u32 op = (u32)c->args[1], cmd = op & (u32)FUTEX_CMD_MASK, val = (u32)c->args[2], val3 = (u32)c->args[5];
  u64 addr = c->args[0], addr2 = c->args[4];
  s32 n2 = (s32)c->args[3];
  if (op & FUTEX_CLOCK_REALTIME && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT_REQUEUE_PI && cmd != FUTEX_LOCK_PI2 && cmd != FUTEX_WAIT)
    return call_done(c, -ENOSYS);
  if (addr & 3 || (two_words(cmd) && addr2 & 3)) return call_done(c, -EINVAL);
  if (addr >= RR_GUEST_STACK_TOP) return call_done(c, -EFAULT);
  if (shared(op, addr)) return is_pi(cmd) && !carrier_own() ? CALL_LOGGED : CALL_HOST; // the kernel takes the caller for the owner
  s64 r = set_timeout(c, op, cmd);
  if (r < 0) return call_done(c, r);
  switch (cmd) {
  case FUTEX_WAIT: return wait(c, addr, val, ANY_BIT, FK_WAIT, 0);
  case FUTEX_WAIT_BITSET: return wait(c, addr, val, val3, FK_WAIT, 0);
  case FUTEX_WAIT_REQUEUE_PI: return addr == addr2 ? call_done(c, -EINVAL) : wait(c, addr, val, ANY_BIT, FK_REQUEUE_PI, addr2);
  case FUTEX_WAKE: return call_done(c, wake(addr, (s32)val, ANY_BIT));
  case FUTEX_WAKE_BITSET: return call_done(c, wake(addr, (s32)val, val3));
  case FUTEX_REQUEUE: return call_done(c, requeue(addr, (s32)val, n2, addr2, false, 0));
  case FUTEX_CMP_REQUEUE: return call_done(c, requeue(addr, (s32)val, n2, addr2, true, val3));
  case FUTEX_CMP_REQUEUE_PI: return call_done(c, requeue_pi(addr, (s32)val, n2, addr2, val3));
  case FUTEX_WAKE_OP: return call_done(c, wake_op(addr, (s32)val, n2, addr2, val3));
  case FUTEX_LOCK_PI: case FUTEX_LOCK_PI2: return lock_pi(c, addr, false);
  case FUTEX_TRYLOCK_PI: return lock_pi(c, addr, true);
  case FUTEX_UNLOCK_PI: return call_done(c, unlock_pi(addr));
  default: return call_done(c, -ENOSYS);
  }
}

// ---- the end of a thread ----

static void wake_any(u64 addr) {
  if (shared(0, addr)) {
    if (!replaying) sys(__NR_futex, shared_host(addr), FUTEX_WAKE, 1, 0, 0, 0);
  } else wake(addr, 1, ANY_BIT);
}

static bool owner_died(struct thread *t, u64 addr, bool pi, bool pending) {
  u32 val;
  if (addr & 3) return false;
  bool others = !replaying && shared_shadowed(addr);
again:
  if (others) shared_sync(addr, 4);
  if (!get_guest(&val, addr, 4)) return false;
  u32 owner = val & FUTEX_TID_MASK;
  if (pending && !pi && !owner) { wake_any(addr); return true; }
  if (owner != t->tid) return true;
  u32 new = (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
  if (others ? !shared_store(addr, &new, &val, 4) : !put_guest(addr, &new, 4)) {
    if (others) goto again;
    return false;
  }
  if (!pi && val & FUTEX_WAITERS) wake_any(addr);
  return true;
}

static void robust_walk(struct thread *t) {
  struct { u64 next; s64 offset; u64 pending; } head;
  if (!t->robust_list || !get_guest(&head, t->robust_list, sizeof head)) return;
  u64 entry = head.next;
  for (int i = 0; i < 2048 && (entry & ~1ul) != t->robust_list; i++) {
    u64 next;
    if (!replaying) shared_sync(entry & ~1ul, 8);
    bool more = get_guest(&next, entry & ~1ul, 8);
    if ((entry & ~1ul) != (head.pending & ~1ul) && !owner_died(t, (entry & ~1ul) + (u64)head.offset, entry & 1, false)) return;
    if (!more) return;
    entry = next;
  }
  if (head.pending & ~1ul) owner_died(t, (head.pending & ~1ul) + (u64)head.offset, head.pending & 1, true);
}

// A whole process ends. Only what others can see is of interest.
void futex_process_exit(struct process *p) {
  if (!shadowing) return;
  if (replaying) shared_replay_due();
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->process == p && t->state != T_DEAD) robust_walk(t);
}

// PI futexes that others wait for are handed on (exit_pi_state_list).
static void pi_hand_on(struct thread *t) {
  for (u32 b = 0; b < BUCKETS; b++)
    for (struct thread *w = buckets[b].head, *next; w; w = next) {
      u32 val, new = w->tid | FUTEX_WAITERS | FUTEX_OWNER_DIED;
      next = w->futex_next;
      if (w->futex_kind != FK_PI || !get_guest(&val, w->futex_addr, 4) || (val & FUTEX_TID_MASK) != t->tid) continue;
      put_guest(w->futex_addr, &new, 4);
      release(w);
      next = buckets[b].head;
    }
}

void futex_thread_exit(struct thread *t) {
  pi_hand_on(t);
  robust_walk(t);
  t->robust_list = 0;
  u32 zero = 0;
  if (t->clear_child_tid && thread_count > 1 && put_guest(t->clear_child_tid, &zero, 4)) wake_any(t->clear_child_tid);
  t->clear_child_tid = 0;
}
