// /proc/PID/mem opened for writing: the kernel writes through it where the guest itself may not, also into code, and would
// write into the engine. So the engine makes these writes: here, or, into a process that the guest traces and that stands still, that one's.
// Reading is an ordinary call.
#include <asm/errno.h>
#include <linux/mman.h>
#include "engine/call_memory.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/tracee.h"

#define FDS 1024u
#define POKE_MAX 2048u
static u8 writable[FDS / 8];  // bits: descriptors that were opened so; may have been closed since

void procmem_opened(s64 fd) {
  if (fd >= (s64)FDS) stop(STOP_REFUSED, "/proc/self/mem opened for writing as descriptor %ld can't be recorded", fd);
  if (fd >= 0) writable[fd / 8] |= (u8)(1 << fd % 8);
}

void procmem_duplicated(s64 from, s64 to) {
  if (from >= 0 && from < (s64)FDS && (writable[from / 8] >> from % 8 & 1)) procmem_opened(to);
}

static u32 target;            // of the descriptor that procmem_is was asked for last: 0: this process

bool procmem_is(int fd) {
  char link[40], name[64];
  if (fd < 0 || (u32)fd >= FDS || likely(!(writable[fd / 8] >> fd % 8 & 1))) return false;
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 n = sys(__NR_readlink, link, name, sizeof name - 1);
  name[n < 0 ? 0 : n] = 0;
  char own[64];
  fmt(own, sizeof own, "/proc/%u/mem", current->process->pid);
  target = 0;
  if (!strcmp(name, own)) return true;
  size_t len = strlen(name);
  if (!strncmp(name, "/proc/", 6) && len > 4 && !strcmp(name + len - 4, "/mem")) {
    for (const char *p = name + 6; *p >= '0' && *p <= '9'; p++) target = target * 10 + (u32)(*p - '0');
    if (thread_find(target)) target = 0;
    return !target || proc_recorded(target);
  }
  writable[fd / 8] &= (u8)~(1 << fd % 8);
  return false;
}

static bool reachable(u64 addr) { // as FOLL_FORCE allows (mm/gup.c: check_vma_flags)
  struct mapping *m = map_find(addr);
  return m && !map_ours(addr, addr + 1) && (m->prot & PROT_WRITE || !(m->flags & MAPF_SHARED));
}

static size_t poke(u64 addr, const void *s, size_t n) {
  if (target) {
    s64 r = n > POKE_MAX ? tracee_poke(target, addr, s, POKE_MAX) : 0;
    if (r == 0) r = n > POKE_MAX ? tracee_poke(target, addr + POKE_MAX, (const u8 *)s + POKE_MAX, n - POKE_MAX) : tracee_poke(target, addr, s, n);
    if (r == -ESRCH) stop(STOP_REFUSED, "a write to the memory of process %u, which is not traced by this one and stopped, can't be recorded yet", target);
    return r == 0 ? n : 0;
  }
  return map_find(addr)->flags & MAPF_SHARED ? copyout(addr, s, n) : memory_poke(addr, s, n);
}

enum call_status procmem_write(struct call *c) {
  static u8 page[RR_PAGE];
  bool at_offset = c->nr == __NR_pwrite64;
  if (!at_offset && c->nr != __NR_write) stop(STOP_REFUSED, "%s to /proc/self/mem can't be recorded yet", c->row->name);
  int fd = (int)c->args[0];
  u64 from = c->args[1], len = c->args[2], to = at_offset ? c->args[3] : (u64)sys(__NR_lseek, fd, 0, 1), done = 0;
  s64 error = 0;
  while (done < len && !error) {
    u64 n = RR_PAGE - (to + done) % RR_PAGE;
    if (n > len - done) n = len - done;
    if (copyin(page, from + done, n) != n) error = -EFAULT;
    else if ((!target && !reachable(to + done)) || poke(to + done, page, n) != n) error = -EIO;
    else {
      if (!target) log_data_from(to + done, page, n);
      done += n;
    }
  }
  if (!at_offset && done) sys(__NR_lseek, fd, done, 1);
  return call_done(c, done ? (s64)done : error);
}
