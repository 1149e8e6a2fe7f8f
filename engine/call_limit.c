// What a process has that the host's kernel is not told: limits of memory (they would hit the engine), its personality,
// seccomp filters. All of it goes to children by fork, and over exec through a memfd (record) and the log.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include "engine/call_memory.h"
#include "engine/sys.h"

#define PER_MASK 0xffu           // include/uapi/linux/personality.h
#define PER_LINUX32 8u
#define READ_IMPLIES_EXEC 0x0400000ul
#define UNAME_MACHINE (4 * 65)   // struct new_utsname
#define INHERIT_CODE 0xfd     // RR_EV_NONDET: what a program begins with
#define PIECE 256u            // words
struct limit { u64 cur, max; };
static struct { struct limit data, as; u64 have_data, have_as, persona; } own;
#define OWN_WORDS (sizeof own / 8)

// ---- personality ----

enum call_status call_personality(struct call *c) {
  u32 old = (u32)own.persona, want = (u32)c->args[0];
  if (want == 0xffffffffu) return call_done(c, old);
  own.persona = want;
  return call_done(c, old);
}

u32 memory_prot(u32 prot) { return unlikely(own.persona & READ_IMPLIES_EXEC) && prot & PROT_READ ? prot | PROT_EXEC : prot; }

void done_uname(struct call *c) {
  if (c->result == 0 && (own.persona & PER_MASK) == PER_LINUX32) put_guest(c->args[0] + UNAME_MACHINE, "i686\0\0", 7); // kernel/sys.c: override_architecture
  call_log_outs(c);
}

// ---- limits ----

static struct limit *own_limit(u32 resource, bool make) {
  struct limit *l = resource == RLIMIT_AS ? &own.as : resource == RLIMIT_DATA ? &own.data : NULL;
  u64 *have = resource == RLIMIT_AS ? &own.have_as : &own.have_data;
  if (!l || (!*have && !make)) return NULL;
  if (!*have) sys(__NR_prlimit64, 0, resource, 0, l); // as rr itself was started with
  *have = 1;
  return l;
}

static bool may_raise(void) {
  struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct d[2];
  return sys(__NR_capget, &h, d) == 0 && (d[0].effective >> CAP_SYS_RESOURCE & 1);
}

static s64 set_limit(u32 resource, const struct limit *want) {
  struct limit *l = own_limit(resource, true);
  if (want->cur > want->max) return -EINVAL;
  if (want->max > l->max && !may_raise()) return -EPERM;
  *l = *want;
  return 0;
}

static enum call_status give(struct call *c, u64 at, const struct limit *l) {
  if (!put_guest(at, l, sizeof *l)) { call_log_reachable(c, at, sizeof *l); return call_done(c, -EFAULT); }
  log_data_from(at, l, sizeof *l);
  return call_done(c, 0);
}

enum call_status call_getrlimit(struct call *c) {
  struct limit *l = own_limit((u32)c->args[0], false);
  return l ? give(c, c->args[1], l) : CALL_HOST;
}

// The stack's mapping is made whole at start, for what the limit allows; so a new limit makes it shorter or longer. What threads
// use of it stays. (The kernel's has grown to what was ever used, and is checked against the limit when it grows.)
static void stack_resize(u64 limit) {
  u64 size = ALIGN_DOWN(limit, RR_PAGE), lowest = RR_GUEST_STACK_TOP, floor = RR_GUEST_STACK_TOP - RR_GUEST_STACK_MAX;
  if (size > RR_GUEST_STACK_MAX) size = RR_GUEST_STACK_MAX;
  u64 low = size < 0x20000 ? RR_GUEST_STACK_TOP - 0x20000 : RR_GUEST_STACK_TOP - size;
  for (struct thread *t = all_threads; t; t = t->next) {
    u64 sp = t == current ? ctx.regs[R_RSP] : t->regs[R_RSP], used = ALIGN_DOWN(sp - 256, RR_PAGE);
    if (sp >= floor && sp < RR_GUEST_STACK_TOP && used < low) low = used;
  }
  struct mapping *m = map_next(floor);
  while (m && !(m->flags & MAPF_STACK)) m = map_next(m->end);
  if (!m) return;
  lowest = m->start;
  u32 prot = m->prot, flags = m->flags;
  if (low > lowest) {
    for (; m && m->start < low; m = map_next(m->end < low ? lowest : low)) {
      if (!(m->flags & MAPF_STACK)) { lowest = m->end; continue; }
      lowest = m->end < low ? m->end : low;
      memory_unmap(m->start, lowest);
    }
  } else {
    m = map_next(low);
    while (m && m->end <= lowest) { low = m->end; m = map_next(low); }
    if (low >= lowest || sys(__NR_mmap, low, lowest - low, map_host_prot(prot), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != (s64)low) return;
    map_insert(low, lowest, prot, flags, 0, NULL);
  }
}

void replay_rlimit(struct call *c) {
  bool set = c->nr == __NR_setrlimit;
  u64 at = c->args[set ? 1 : 2];
  struct limit want;
  if (c->result < 0 || (u32)c->args[set ? 0 : 1] != RLIMIT_STACK || (!set && (u32)c->args[0] && (u32)c->args[0] != current->process->pid)) return;
  if (at && get_guest(&want, at, sizeof want)) stack_resize(want.cur);
}

static enum call_status stack_limit(struct call *c) {
  struct limit want;
  bool set = c->nr == __NR_setrlimit;
  u64 at = c->args[set ? 1 : 2];
  bool given = at && get_guest(&want, at, sizeof want);
  enum call_status s = call_direct(c);
  if (s == CALL_DONE && c->result == 0 && given) stack_resize(want.cur);
  return s;
}

enum call_status call_setrlimit(struct call *c) {
  u32 resource = (u32)c->args[0];
  struct limit want;
  if (resource == RLIMIT_STACK) return stack_limit(c);
  if (resource != RLIMIT_AS && resource != RLIMIT_DATA) return CALL_HOST;
  if (!get_guest(&want, c->args[1], sizeof want)) return call_done(c, -EFAULT);
  return call_done(c, set_limit(resource, &want));
}

enum call_status call_prlimit64(struct call *c) {
  u32 pid = (u32)c->args[0], resource = (u32)c->args[1];
  struct limit want, old;
  if (resource == RLIMIT_STACK && (!pid || pid == current->process->pid)) return stack_limit(c);
  if ((pid && pid != current->process->pid) || (resource != RLIMIT_AS && resource != RLIMIT_DATA)) return CALL_HOST;
  if (c->args[2] && !get_guest(&want, c->args[2], sizeof want)) return call_done(c, -EFAULT);
  old = *own_limit(resource, true);
  s64 r = c->args[2] ? set_limit(resource, &want) : 0;
  return r < 0 || !c->args[3] ? call_done(c, r) : give(c, c->args[3], &old);
}

void memory_totals(u64 *total, u64 *private) {
  *total = *private = 0;
  for (struct mapping *m = map_next(0); m; m = map_next(m->end)) {
    u64 n = m->flags & MAPF_STACK ? GUEST_STACK_USED : m->end - m->start;
    *total += n;
    if ((m->prot & PROT_WRITE) && !(m->flags & (MAPF_SHARED | MAPF_STACK))) *private += n;
  }
}

bool limit_allows(u64 more, bool data) {
  u64 total, private;
  if (likely(!own.have_as && !own.have_data)) return true;
  memory_totals(&total, &private);
  return !(own.have_as && total + more > own.as.cur) && !(own.have_data && data && private + more > own.data.cur);
}

// ---- over exec ----

static u64 blob[16384];

s32 inherit_save(void) {
  u64 n = filter_words(NULL, 0);
  if (!n && !own.have_as && !own.have_data && !own.persona) return -1;
  if (n + OWN_WORDS > ARRAY_SIZE(blob)) stop(STOP_REFUSED, "seccomp filters of %lu instructions can't be recorded over exec", n);
  memcpy(blob, &own, sizeof own);
  filter_words(blob + OWN_WORDS, ARRAY_SIZE(blob) - OWN_WORDS);
  s64 fd = sys(__NR_memfd_create, "rr", 0);
  u64 bytes = sizeof own + n * 8;
  if (fd < 0 || sys(__NR_write, fd, blob, bytes) != (s64)bytes) stop(STOP_IO, "no memory for what a program inherits (error %ld)", -fd);
  return (s32)fd;
}

void inherit_start(s32 fd) {
  u64 n = 0, v[PIECE];
  if (replaying) {
    const struct rr_event *e = log_peek();
    if (!e || e->type != RR_EV_NONDET || e->code != INHERIT_CODE) return;
  } else {
    if (fd < 0) return;
    s64 got = sys(__NR_pread64, fd, blob, sizeof blob, 0);
    sys(__NR_close, fd);
    n = got > 0 ? (u64)got / 8 : 0;
  }
  log_nondet(INHERIT_CODE, &n, 1);
  if (n < OWN_WORDS || n > ARRAY_SIZE(blob)) stop(STOP_IO, "the trace is damaged: what stream %u inherits", ctx.stream);
  for (u64 at = 0; at < n; at += PIECE) {
    memcpy(v, blob + at, sizeof v);
    log_nondet(INHERIT_CODE, v, PIECE);
    memcpy(blob + at, v, sizeof v);
  }
  memcpy(&own, blob, sizeof own);
  filter_restore(blob + OWN_WORDS, n - OWN_WORDS);
}
