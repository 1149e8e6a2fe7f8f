// System calls whose pointers lead into shadowed memory (record): the guest's range is PROT_NONE, so the kernel is given the
// object. What it reads there is synced first: the engine's handlers read the shadow, and replay what the log says of it.
#include <asm/unistd.h>
#include "engine/calls.h"
#include "engine/shared.h"
#include "engine/sys.h"

#define IOVS 1024u           // UIO_MAXIOV
#define NAME_MAX_ 4096u      // no structure or path that a call takes is longer
enum msg_field { M_NAME, M_NAMELEN, M_IOV, M_IOVLEN, M_CONTROL, M_CONTROLLEN, M_FLAGS };

// Calls about the mappings themselves: nothing is read.
static bool about_mappings(u32 nr) {
  switch (nr) {
  case __NR_mmap: case __NR_munmap: case __NR_mprotect: case __NR_pkey_mprotect: case __NR_mremap: case __NR_madvise: case __NR_msync:
  case __NR_mincore: case __NR_mlock: case __NR_mlock2: case __NR_munlock: case __NR_shmat: case __NR_shmdt: case __NR_brk: return true;
  }
  return false;
}

static u64 bytes_read(const struct call *c, u32 arg) {
  switch (c->nr) {
  case __NR_futex: return 4;
  case __NR_write: case __NR_pwrite64: case __NR_sendto: return arg == 1 ? c->args[2] : NAME_MAX_;
  case __NR_poll: case __NR_ppoll: return arg == 0 ? (u64)(u32)c->args[1] * 8 : NAME_MAX_;
  case __NR_msgsnd: return c->args[2] + 8;
  case __NR_setxattr: case __NR_fsetxattr: case __NR_lsetxattr: return arg == 2 ? c->args[3] : NAME_MAX_;
  }
  for (u32 i = 0; i < ARRAY_SIZE(c->row->out) && c->row->out[i].kind; i++) {
    const struct syscall_out *o = &c->row->out[i];
    if (o->arg == arg && o->kind != OUT_INOUT && o->kind != OUT_SOCKLEN) return 0;
  }
  return NAME_MAX_;
}

// An iovec array for the kernel where one of the guest's leads into shadowed memory; else `at` itself.
static u64 vectors(struct call *c, u64 at, u64 n, bool reads) {
  bool any = false;
  if (!n || n > IOVS) return at;
  if (!c->host_iov) c->host_iov = heap_alloc(2 * IOVS * sizeof *c->host_iov);
  if (!get_guest(c->host_iov, at, n * sizeof *c->host_iov)) return at;
  for (u32 i = 0; i < n; i++) {
    struct guest_iov *v = &c->host_iov[i];
    if (!shared_shadowed(v->base)) continue;
    any = true;
    if (reads) shared_sync(v->base, v->len);
    v->base = shared_object(v->base);
  }
  return any ? (u64)c->host_iov : at;
}

// process_vm_readv and kin: addresses of another process, which may have shadows too (or is not recorded).
static u64 remote_vectors(struct call *c, u64 pid, u64 at, u64 n) {
  bool any = false;
  if (!n || n > IOVS) return at;
  if (!c->host_iov) c->host_iov = heap_alloc(2 * IOVS * sizeof *c->host_iov);
  struct guest_iov *v = c->host_iov + IOVS;
  if (!get_guest(v, at, n * sizeof *v)) return at;
  for (u32 i = 0; i < n; i++) {
    u8 byte;
    struct guest_iov here = { (u64)&byte, 1 }, there = { shared_object(v[i].base), 1 };
    if (!shared_zone(v[i].base) || sys(__NR_process_vm_readv, pid, &here, 1, &there, 1, 0) != 1) continue;
    any = true;
    v[i].base = there.base;
  }
  return any ? (u64)v : at;
}

static void message(struct call *c, bool sends) {
  u64 *m = c->host_msg;
  if (!get_guest(m, c->args[1], sizeof c->host_msg)) return;
  bool name = shared_shadowed(m[M_NAME]), control = shared_shadowed(m[M_CONTROL]), itself = shared_shadowed(c->args[1]);
  u64 iov = shared_shadowed(m[M_IOV]) ? 0 : m[M_IOV]; // where the kernel finds it
  if (!iov) { shared_sync(m[M_IOV], m[M_IOVLEN] * sizeof(struct guest_iov)); iov = shared_object(m[M_IOV]); }
  u64 to = vectors(c, m[M_IOV], m[M_IOVLEN], sends);
  if (to == m[M_IOV] && iov == to && !name && !control) return;
  c->redirect_all = !sends;   // what a receiver is told goes through scratch memory
  if (!sends) return;
  if (name) { shared_sync(m[M_NAME], (u32)m[M_NAMELEN]); m[M_NAME] = shared_object(m[M_NAME]); }
  if (control) { shared_sync(m[M_CONTROL], m[M_CONTROLLEN]); m[M_CONTROL] = shared_object(m[M_CONTROL]); }
  m[M_IOV] = to == m[M_IOV] ? iov : to;
  (void)itself;
  c->host_args[1] = (u64)m;
}

static void nested(struct call *c) {
  switch (c->nr) {
  case __NR_readv: case __NR_preadv: case __NR_preadv2: case __NR_process_vm_readv:
  case __NR_writev: case __NR_pwritev: case __NR_pwritev2: case __NR_vmsplice: case __NR_process_vm_writev: {
    bool reads = c->nr != __NR_readv && c->nr != __NR_preadv && c->nr != __NR_preadv2 && c->nr != __NR_process_vm_readv;
    u64 to = vectors(c, c->args[1], c->args[2], reads);
    if (to != c->args[1]) c->host_args[1] = to;
    if (c->nr != __NR_process_vm_readv && c->nr != __NR_process_vm_writev) break;
    to = remote_vectors(c, c->args[0], c->args[3], c->args[4]);
    if (to != c->args[3]) c->host_args[3] = to;
    break;
  }
  case __NR_sendmsg: message(c, true); break;
  case __NR_recvmsg: message(c, false); break;
  }
}

void shared_call(struct call *c) {
  if (about_mappings(c->nr)) {
    for (u32 i = 0; i < c->row->nargs; i++) c->host_args[i] = shared_host(c->args[i]);
    return;
  }
  for (u32 i = 0; i < c->row->nargs; i++) {
    if (!shared_shadowed(c->args[i])) continue;
    shared_sync(c->args[i], bytes_read(c, i));
    c->host_args[i] = shared_object(c->args[i]);
  }
  nested(c);
}
