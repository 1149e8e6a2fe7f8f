// The rest: identity, limits, prctl, and calls whose output depends on a command.
#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/prctl.h>
#include "engine/calls.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/tracee.h"

#define TASK_SIZE_MAX_ 0x7ffffffff000ul // arch/x86/include/asm/page_64.h
#ifndef ARCH_GET_CPUID
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012
#endif
#ifndef ARCH_GET_XCOMP_SUPP
#define ARCH_GET_XCOMP_SUPP 0x1021
#define ARCH_GET_XCOMP_PERM 0x1022
#endif

enum call_status call_getpid(struct call *c) { return call_done(c, current->process->pid); }
enum call_status call_gettid(struct call *c) { return call_done(c, current->tid); }
enum call_status call_eperm(struct call *c) { return call_done(c, -EPERM); }
enum call_status call_einval(struct call *c) { return call_done(c, -EINVAL); }
enum call_status call_pkey_alloc(struct call *c) { return call_done(c, c->args[0] || c->args[1] > 3 ? -EINVAL : -ENOSPC); } // mm/mprotect.c
enum call_status call_restart_syscall(struct call *c) { return call_done(c, -EINTR); } // we restart calls ourselves

enum call_status call_getcpu(struct call *c) {
  c->host_args[2] = 0;
  return CALL_HOST;
}

// ---- arch_prctl ----

enum call_status call_arch_prctl(struct call *c) {
  u32 code = (u32)c->args[0];
  u64 at = c->args[1], fs, gs;
  switch (code) {
  case ARCH_SET_FS: case ARCH_SET_GS:
    if (at >= TASK_SIZE_MAX_) return call_done(c, -EPERM);
    return call_done(c, sys(__NR_arch_prctl, code, at));
  case ARCH_GET_FS: case ARCH_GET_GS:
    thread_segment_bases(&fs, &gs);
    return call_done(c, put_guest(at, code == ARCH_GET_FS ? &fs : &gs, 8) ? 0 : -EFAULT);
  case ARCH_GET_CPUID: return call_done(c, !current->cpuid_traps);
  case ARCH_SET_CPUID: current->cpuid_traps = !at; return call_done(c, 0); // the engine executes cpuid, so that it can
  case ARCH_GET_XCOMP_SUPP: case ARCH_GET_XCOMP_PERM: return call_done(c, put_guest(at, &xsave_mask, 8) ? 0 : -EFAULT);
  }
  return call_done(c, -EINVAL); // shadow stacks, address masking, AMX permissions: hidden
}

// ---- prctl ----

enum prctl_kind { P_PLAIN = 1, P_OUT, P_EINVAL, P_OWN };
struct prctl_row { u32 option; u8 kind, arg, bytes; };
static const struct prctl_row prctls[] = {
  { 1, P_PLAIN, 0, 0 }, { 2, P_OUT, 1, 4 },                                       // SET/GET_PDEATHSIG
  { 3, P_PLAIN, 0, 0 }, { 4, P_PLAIN, 0, 0 }, { 7, P_PLAIN, 0, 0 }, { 8, P_PLAIN, 0, 0 },  // DUMPABLE, KEEPCAPS
  { 13, P_PLAIN, 0, 0 }, { 14, P_PLAIN, 0, 0 }, { 15, P_PLAIN, 0, 0 }, { 16, P_OUT, 1, 16 }, // TIMING, NAME
  { 21, P_OWN, 0, 0 }, { 22, P_OWN, 0, 0 },                                       // SECCOMP
  { 23, P_PLAIN, 0, 0 }, { 24, P_PLAIN, 0, 0 }, { 25, P_OWN, 0, 0 }, { 26, P_OWN, 0, 0 },   // CAPBSET, TSC
  { 27, P_PLAIN, 0, 0 }, { 28, P_PLAIN, 0, 0 }, { 29, P_PLAIN, 0, 0 }, { 30, P_PLAIN, 0, 0 }, // SECUREBITS, TIMERSLACK
  { 31, P_PLAIN, 0, 0 }, { 32, P_PLAIN, 0, 0 }, { 33, P_PLAIN, 0, 0 }, { 34, P_PLAIN, 0, 0 }, // TASK_PERF_EVENTS, MCE_KILL
  { 35, P_OWN, 0, 0 },                                                            // SET_MM
  { 36, P_PLAIN, 0, 0 }, { 37, P_OUT, 1, 4 }, { 38, P_PLAIN, 0, 0 }, { 39, P_PLAIN, 0, 0 },  // CHILD_SUBREAPER, NO_NEW_PRIVS
  { 40, P_OWN, 0, 0 }, { 41, P_PLAIN, 0, 0 }, { 42, P_PLAIN, 0, 0 }, { 47, P_PLAIN, 0, 0 },   // GET_TID_ADDRESS, THP_DISABLE, CAP_AMBIENT
  { 52, P_PLAIN, 0, 0 }, { 53, P_PLAIN, 0, 0 }, { 57, P_PLAIN, 0, 0 }, { 58, P_PLAIN, 0, 0 }, // SPECULATION_CTRL, IO_FLUSHER
  { 59, P_OWN, 0, 0 },                                                            // SYSCALL_USER_DISPATCH
  { 62, P_OUT, 4, 8 },                                                            // SCHED_CORE
  { 67, P_PLAIN, 0, 0 }, { 68, P_PLAIN, 0, 0 }, { 77, P_PLAIN, 0, 0 },              // MEMORY_MERGE, TIMER_CREATE_RESTORE_IDS
  { 0x41555856, P_OWN, 0, 0 },                                                    // GET_AUXV
  { 0x53564d41, P_PLAIN, 0, 0 }, { 0x59616d61, P_PLAIN, 0, 0 },                    // SET_VMA, SET_PTRACER
};

static const struct prctl_row *find_prctl(u32 option) {
  for (u32 i = 0; i < ARRAY_SIZE(prctls); i++)
    if (prctls[i].option == option) return &prctls[i];
  return NULL;
}

static enum call_status give(struct call *c, u64 at, const void *value, size_t n, s64 result) {
  if (!put_guest(at, value, n)) { call_log_reachable(c, at, n); return call_done(c, -EFAULT); }
  log_data_from(at, value, n);
  return call_done(c, result);
}

static enum call_status own_prctl(struct call *c, u32 option) {
  u64 a = c->args[1];
  switch (option) {
  case PR_GET_SECCOMP: return call_done(c, filter_mode());
  case PR_SET_SECCOMP: return call_seccomp(c);
  case PR_GET_TSC: { u32 how = current->tsc_traps ? PR_TSC_SIGSEGV : PR_TSC_ENABLE; return give(c, a, &how, 4, 0); }
  case PR_SET_TSC:
    if (a != PR_TSC_ENABLE && a != PR_TSC_SIGSEGV) return call_done(c, -EINVAL);
    current->tsc_traps = a == PR_TSC_SIGSEGV;
    return call_done(c, 0);
  case PR_SET_MM: return call_done(c, -EPERM);                  // as without CAP_SYS_RESOURCE
  case PR_GET_TID_ADDRESS: return give(c, a, &current->clear_child_tid, 8, 0);
  case PR_SET_SYSCALL_USER_DISPATCH: return call_done(c, -EINVAL); // as before Linux 5.11
  case 0x41555856: {                                            // PR_GET_AUXV: the size it has, as much as fits
    static u8 auxv[1024];
    size_t n = guest_auxv_size < sizeof auxv ? guest_auxv_size : sizeof auxv;
    if (c->args[3] || c->args[4]) return call_done(c, -EINVAL);
    n = copyin(auxv, guest_auxv, n);
    return give(c, a, auxv, n < c->args[2] ? n : c->args[2], (s64)guest_auxv_size);
  }
  }
  return call_done(c, -EINVAL);
}

enum call_status call_prctl(struct call *c) {
  const struct prctl_row *r = find_prctl((u32)c->args[0]);
  if (!r) return call_done(c, -EINVAL); // as a kernel that does not know it
  if (r->kind == P_OWN) return own_prctl(c, r->option);
  if (r->kind == P_OUT && c->args[r->arg]) smc_prepare_write(c->args[r->arg], r->bytes);
  return CALL_HOST;
}

void done_prctl(struct call *c) {
  const struct prctl_row *r = find_prctl((u32)c->args[0]);
  if (r->kind == P_OUT && c->args[r->arg] && (c->result >= 0 || c->result == -EFAULT)) call_log_reachable(c, c->args[r->arg], r->bytes);
}

void replay_prctl(struct call *c) {
  if ((u32)c->args[0] == PR_SET_TSC && c->result == 0) current->tsc_traps = c->args[1] == PR_TSC_SIGSEGV;
  else replay_seccomp(c);
}

// ---- outputs that depend on a command ----

static void log_if_done(struct call *c, u32 arg, size_t n) {
  if (c->result >= 0 || c->result == -EFAULT) call_log_reachable(c, c->args[arg], n);
}

void done_shmctl(struct call *c) {
  switch (c->args[1] & 0xff) {
  case 2: case 13: case 15: log_if_done(c, 2, 112); break; // IPC_STAT, SHM_STAT, SHM_STAT_ANY
  case 3: log_if_done(c, 2, 72); break;                    // IPC_INFO
  case 14: log_if_done(c, 2, 48); break;                   // SHM_INFO
  }
}

void done_msgctl(struct call *c) {
  switch (c->args[1] & 0xff) {
  case 2: case 11: case 13: log_if_done(c, 2, 120); break;
  case 3: case 12: log_if_done(c, 2, 32); break;
  }
}

void done_semctl(struct call *c) {
  u64 ds[13];
  switch (c->args[2] & 0xff) {
  case 2: case 18: case 20: log_if_done(c, 3, 104); break;
  case 3: case 19: log_if_done(c, 3, 40); break;
  case 13: // GETALL: sem_nsems of struct semid64_ds
    if (sys(__NR_semctl, c->args[0], 0, 2, ds) == 0) log_if_done(c, 3, ds[10] * 2);
    break;
  }
}

bool redirect_msgrcv(struct call *c) {
  c->host_args[1] = call_scratch(c, c->args[1], c->args[2] + 8, false);
  if (!c->host_args[1]) c->host_args[1] = c->args[1];
  return c->moved_n != 0;
}

void done_msgrcv(struct call *c) {
  if (c->result >= 0) call_log_out(c, c->args[1], (size_t)c->result + 8);
  else if (c->result == -EFAULT) call_log_reachable(c, c->args[1], c->args[2] + 8);
}

enum call_status call_semtimedop(struct call *c) {
  s64 r = call_timeout(c, 3, TIMEOUT_TIMESPEC);
  return r < 0 ? call_done(c, r) : CALL_HOST;
}

void done_sysfs(struct call *c) {
  char name[64];
  s64 n;
  if (c->args[0] == 2 && c->result >= 0 && (n = copyin_string(name, c->args[2], sizeof name)) >= 0) log_data(c->args[2], (size_t)n + 1);
}

void done_quotactl(struct call *c) {
  switch ((u32)c->args[c->nr == __NR_quotactl ? 0 : 1] >> 8) { // include/uapi/linux/quota.h, dqblk_xfs.h
  case 0x800007: log_if_done(c, 3, 72); break;
  case 0x800009: log_if_done(c, 3, 80); break;
  case 0x800005: log_if_done(c, 3, 24); break;
  case 0x800004: log_if_done(c, 3, 4); break;
  case 0x5803: case 0x5809: log_if_done(c, 3, 112); break;
  case 0x5805: log_if_done(c, 3, 80); break;
  case 0x5808: log_if_done(c, 3, 160); break;
  }
}

void done_get_mempolicy(struct call *c) {
  if (c->args[0]) log_if_done(c, 0, 4);
  if (c->args[1]) log_if_done(c, 1, c->args[2] > 1 << 20 ? 0 : (c->args[2] + 63) / 64 * 8);
}

void done_name_to_handle_at(struct call *c) {
  u32 bytes;
  if (c->result < 0 && c->result != -EOVERFLOW && c->result != -EFAULT) return;
  if (get_guest(&bytes, c->args[2], 4)) call_log_reachable(c, c->args[2], 8 + (bytes > 128 || c->result < 0 ? 0 : bytes));
  call_log_reachable(c, c->args[3], c->args[4] & 1 ? 8 : 4);
}

void done_getxattrat(struct call *c) {
  struct { u64 value; u32 size, flags; } a;
  if (c->result > 0 && get_guest(&a, c->args[4], sizeof a) && a.value) call_log_reachable(c, a.value, (u64)c->result < a.size ? (u64)c->result : a.size);
}

enum call_status call_keyctl(struct call *c) {
  u32 op = (u32)c->args[0];
  return op >= 23 && op <= 28 ? call_done(c, -EOPNOTSUPP) : CALL_HOST; // DH_COMPUTE, PKEY_*: as without CONFIG_ASYMMETRIC_KEY_TYPE
}

void done_keyctl(struct call *c) {
  u32 op = (u32)c->args[0];
  u32 arg = op == 6 || op == 11 || op == 17 ? 2 : op == 31 ? 1 : 0; // DESCRIBE, READ, GET_SECURITY; CAPABILITIES
  if (!arg || c->result <= 0 || !c->args[arg]) return;
  u64 n = c->args[arg + 1];
  call_log_reachable(c, c->args[arg], (u64)c->result < n ? (u64)c->result : n);
}

// Reading another process is input like any other. Writing to one would be a change that its own log does not tell.
// Into a tracee of ours that stands still: it logs what is written. iov: where to; what to write is read along.
static enum call_status write_other(struct call *c) {
  static u8 piece[2048];
  struct guest_iov from = { 0, 0 };
  u64 next = 0, total = 0;
  s64 r = c->args[5] || c->args[2] > 1024 ? -EINVAL : call_read_iov(c, c->args[3], c->args[4]);
  for (u32 i = 0; i < c->iov_n && r == 0; i++)
    for (u64 done = 0; done < c->iov[i].len && r == 0;) {
      while (!from.len && next < c->args[2])
        if (!get_guest(&from, c->args[1] + next++ * sizeof from, sizeof from)) return call_done(c, total ? (s64)total : -EFAULT);
      u64 n = c->iov[i].len - done < sizeof piece ? c->iov[i].len - done : sizeof piece;
      if (n > from.len) n = from.len;
      if (!n) return call_done(c, (s64)total);
      r = copyin(piece, from.base, n) == n ? tracee_poke((u32)c->args[0], c->iov[i].base + done, piece, n) : -EFAULT;
      if (r == -ESRCH) stop(STOP_REFUSED, "process_vm_writev to process %d, which is not traced by this one and stopped, can't be recorded yet", (s32)c->args[0]);
      if (r) break;
      done += n;
      total += n;
      from.base += n;
      from.len -= n;
    }
  return call_done(c, total ? (s64)total : r == -EIO ? -EFAULT : r);
}

enum call_status call_process_vm(struct call *c) {
  bool writes = c->nr == __NR_process_vm_writev;
  if (writes && (u32)c->args[0] != current->process->pid && proc_recorded((u32)c->args[0])) return write_other(c);
  u32 at = writes ? 3 : 1;
  c->data[0] = 0;
  if (call_read_iov(c, c->args[at], c->args[at + 1]) < 0) c->iov_n = 0;
  for (u32 i = 0; i < c->iov_n; i++) smc_prepare_write(c->iov[i].base, c->iov[i].len);
  return CALL_HOST;
}

void done_process_vm(struct call *c) { iov_done(c); }
