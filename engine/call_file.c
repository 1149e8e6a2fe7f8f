// Calls that move data between files and guest memory: the write family (with the recording's stdout and stderr known, see
// abi/session.h), scattered reads, and copies inside the kernel.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/poll.h>
#include <linux/socket.h>
#include "engine/calls.h"
#include "engine/debug.h"
#include "engine/start.h"
#include "engine/sys.h"

#define OUT_LOCK_TRIES 25     // of 2 ms
#define OUT_STALL_MS 120000   // replay: an output that never comes (its process was killed before it could log it)

// ---- order of outputs ----

static void out_lock(struct call *c) {
  u32 *word = &session->out_lock[c->output_fd], me = ctx.host_pid;
  for (int i = 0; i < OUT_LOCK_TRIES; i++) {
    u32 seen = 0;
    if (__atomic_compare_exchange_n(word, &seen, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) { c->output_locked = true; return; }
    if (seen == me) return; // another thread of ours waits in a write
    s64 ts[2] = { 0, 2000000 };
    sys(__NR_futex, word, FUTEX_WAIT, seen, ts, 0, 0);
    if (i && sys(__NR_kill, seen, 0) == -ESRCH) __atomic_compare_exchange_n(word, &seen, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
}

void output_unlock(struct call *c) {
  if (!c->output_locked) return;
  c->output_locked = false;
  __atomic_store_n(&session->out_lock[c->output_fd], 0, __ATOMIC_RELEASE);
  if (session->next_stream > 1) sys(__NR_futex, &session->out_lock[c->output_fd], FUTEX_WAKE, 1, 0, 0, 0);
}

static void output_begin(struct call *c) {
  c->output_fd = (u8)fd_output((int)c->args[0]);
  c->output_locked = false;
  if (c->output_fd) out_lock(c);
}

static void output_done(struct call *c) {
  if (!c->output_fd) return;
  if (c->result > 0) {
    c->output_order = __atomic_fetch_add(&session->next_output, 1, __ATOMIC_RELAXED);
    ctx.output_open = c->output_order + 1;
  }
  output_unlock(c);
}

static void wait_turn(u64 order) {
  u32 *low = (u32 *)&session->next_output;
  u64 last = ~0ul;
  for (u32 stalled = 0; stalled < OUT_STALL_MS; stalled += 200) {
    u64 now = __atomic_load_n(&session->next_output, __ATOMIC_ACQUIRE);
    if (now >= order) return;
    if (now != last) { stalled = 0; last = now; }
    s64 ts[2] = { 0, 200000000 };
    sys(__NR_futex, low, FUTEX_WAIT, (u32)now, ts, 0, 0);
    if (__atomic_load_n(&session->abort, __ATOMIC_ACQUIRE) || log_recorder_gone()) sys(__NR_exit_group, 1);
  }
}

static void turn_done(u64 order) {
  u64 next = order + 1;
  if (__atomic_load_n(&session->next_output, __ATOMIC_RELAXED) < next) __atomic_store_n(&session->next_output, next, __ATOMIC_RELEASE);
  sys(__NR_futex, &session->next_output, FUTEX_WAKE, 0x7fffffff, 0, 0, 0);
}

static void write_all(int fd, u64 guest, u64 len) {
  while (len) {
    s64 n = sys(__NR_write, fd, guest, len);
    if (n == -EAGAIN) { struct pollfd p = { .fd = fd, .events = POLLOUT }; sys(__NR_poll, &p, 1, 1000); continue; }
    if (n == -EINTR) continue;
    if (n <= 0) return; // nobody reads the replay's output any more
    guest += (u64)n;
    len -= (u64)n;
  }
}

static void write_iov(int fd, u64 iov, u64 n, u64 len) {
  for (u64 i = 0; i < n && len; i++) {
    struct guest_iov v;
    if (!get_guest(&v, iov + i * sizeof v, sizeof v)) return;
    if (v.len > len) v.len = len;
    write_all(fd, v.base, v.len);
    len -= v.len;
  }
}

static void replay_sendfile(int fd, u64 len);

void replay_output(struct call *c, const struct rr_ev_output *o) {
  int fd = o->fd == 2 ? 2 : 1;
  bool ordered = !session->opt.gdb;
  if (ordered) wait_turn(o->order);
  if (c->nr == __NR_sendfile) replay_sendfile(fd, o->len);
  else if (!session->opt.quiet && !debug_silent()) {
    u64 msg[7];
    if (c->nr == __NR_write || c->nr == __NR_pwrite64 || c->nr == __NR_sendto) write_all(fd, c->args[1], o->len);
    else if (c->nr != __NR_sendmsg) write_iov(fd, c->args[1], c->args[2], o->len);
    else if (get_guest(msg, c->args[1], sizeof msg)) write_iov(fd, msg[2], msg[3], o->len);
  }
  if (ordered) turn_done(o->order);
}

void replay_lost_output(u64 order) {
  if (session->opt.gdb) return;
  wait_turn(order);
  turn_done(order);
}
// ---- sendfile to an output: through a buffer of ours, whose bytes go into the log behind the call ----

#define SEND_PIECE 2048u
#define SEND_MAX (256u << 10)
#define SEND_CODE 0xfe        // RR_EV_NONDET: bytes that the call before it wrote to an output
static u8 *send_buffer;

static void sendfile_logged(struct call *c) {
  for (u64 at = 0; c->result > 0 && at < (u64)c->result; at += SEND_PIECE) log_nondet(SEND_CODE, (u64 *)(send_buffer + at), SEND_PIECE / 8);
}

static enum call_status sendfile_output(struct call *c) {
  int out = (int)c->args[0], in = (int)c->args[1];
  u64 want = c->args[3] < SEND_MAX ? c->args[3] : SEND_MAX, at = 0;
  if (c->args[2] && !get_guest(&at, c->args[2], 8)) return call_done(c, -EFAULT);
  if (!send_buffer) send_buffer = heap_pages(SEND_MAX);
  s64 n = c->args[2] ? sys(__NR_pread64, in, send_buffer, want, at) : sys(__NR_read, in, send_buffer, want);
  if (n <= 0) return call_done(c, n);
  output_begin(c);
  c->result = sys(__NR_write, out, send_buffer, n);
  output_done(c);
  s64 sent = c->result > 0 ? c->result : 0;
  if (c->args[2]) {
    at += (u64)sent;
    if (put_guest(c->args[2], &at, 8)) log_data(c->args[2], 8);
  } else if (sent < n) sys(__NR_lseek, in, sent - n, 1);
  c->after = sendfile_logged;
  return CALL_DONE;
}

static void replay_sendfile(int fd, u64 len) {
  static u64 piece[SEND_PIECE / 8];
  for (u64 at = 0; at < len; at += SEND_PIECE) {
    log_nondet(SEND_CODE, piece, ARRAY_SIZE(piece));
    if (!session->opt.quiet && !debug_silent()) write_all(fd, (u64)piece, len - at < SEND_PIECE ? len - at : SEND_PIECE);
  }
}

// ---- writes ----

// A file that changed by the call and that this address space has mapped: the guest sees the change in its memory, through a
// private mapping too as long as it has not written to the page.
static void file_changed(struct call *c, int fd, s64 pos, u64 len) {
  struct stat st;
  if (sys(__NR_fstat, fd, &st) < 0 || (st.st_mode & 0170000) != 0100000) return;
  if (pos < 0) { s64 end = sys(__NR_lseek, fd, 0, 1); pos = end >= (s64)len ? end - (s64)len : 0; }
  memory_file_changed(c, st.st_dev, st.st_ino, (u64)st.st_size, (u64)pos, (u64)pos + len);
}

enum call_status call_write(struct call *c) {
  if (c->nr == __NR_sendmsg && !msg_sendable(c->args[1])) return call_done(c, -EBADF);
  if (unlikely(procmem_is((int)c->args[0]))) return procmem_write(c);
  output_begin(c);
  return CALL_HOST;
}

void done_write(struct call *c) {
  output_done(c);
  if (c->result >= 4096 && c->result <= 65536 && (c->nr == __NR_pwrite64 || c->nr == __NR_write) && fd_updated((int)c->args[0])) log_remember(c->args[1], (size_t)c->result);
  if (c->result <= 0 || likely(!fd_mapped((int)c->args[0]))) return;
  bool at = c->nr == __NR_pwrite64 || c->nr == __NR_pwritev || (c->nr == __NR_pwritev2 && c->args[3] != ~0ul);
  file_changed(c, (int)c->args[0], at ? (s64)c->args[3] : -1, (u64)c->result);
}

void done_to_file(struct call *c) {
  if (c->row->out[0].kind) call_log_outs(c);
  int fd = (int)(c->nr == __NR_splice || c->nr == __NR_copy_file_range ? c->args[2] : c->args[0]);
  if (c->result < 0 || likely(!fd_mapped(fd))) return;
  struct stat st;
  if (sys(__NR_fstat, fd, &st) < 0) return;
  memory_file_changed(c, st.st_dev, st.st_ino, (u64)st.st_size, 0, c->nr == __NR_ftruncate ? 0 : ~0ul);
}

void done_truncate(struct call *c) {
  struct stat st;
  if (c->result < 0 || sys(__NR_stat, c->args[0], &st) < 0) return;
  memory_file_resized(c, st.st_dev, st.st_ino, (u64)st.st_size);
}

// Replay must be able to produce what goes to the recording's output: programs fall back to read and write.
enum call_status call_splice_like(struct call *c) {
  int to = (int)(c->nr == __NR_sendfile ? c->args[0] : c->nr == __NR_tee ? c->args[1] : c->args[2]);
  if (c->nr == __NR_sendfile && fd_output(to)) return sendfile_output(c);
  if (fd_output(to)) return call_done(c, c->nr == __NR_copy_file_range ? -EXDEV : -EINVAL);
  return CALL_HOST;
}

// ---- scattered reads ----

static u64 iov_total(const struct call *c) {
  u64 total = 0;
  for (u32 i = 0; i < c->iov_n; i++) {
    if (c->iov[i].len > 0x7ffff000ul - total) return 0x7ffff000ul; // MAX_RW_COUNT
    total += c->iov[i].len;
  }
  return total;
}

static void prepare_iov(struct call *c) {
  for (u32 i = 0; i < c->iov_n; i++) smc_prepare_write(c->iov[i].base, c->iov[i].len);
}

enum call_status call_readv(struct call *c) {
  c->data[0] = 0;
  if (call_read_iov(c, c->args[1], (u32)c->args[2] == c->args[2] ? c->args[2] : ~0ul) < 0) c->iov_n = 0; // the kernel says it too
  prepare_iov(c);
  return CALL_HOST;
}

bool redirect_readv(struct call *c) {
  u64 total = iov_total(c);
  for (u32 i = 0; i < c->iov_n; i++)
    if (!map_writable(c->iov[i].base, c->iov[i].len)) return false;
  if (!c->iov_n || !total) return false;
  u64 host = call_scratch_reserve(c, total);
  if (!host) return false;
  c->data[0] = host;
  c->timeout[0] = (s64)host;   // an iovec of ours
  c->timeout[1] = (s64)total;
  c->host_args[1] = (u64)c->timeout;
  c->host_args[2] = 1;
  return true;
}

static void scatter(struct call *c, u64 bytes) {
  u64 from = c->data[0];
  for (u32 i = 0; i < c->iov_n && bytes; i++) {
    u64 n = c->iov[i].len < bytes ? c->iov[i].len : bytes;
    copyout(c->iov[i].base, (void *)from, n);
    log_data_from(c->iov[i].base, (void *)from, n);
    from += n;
    bytes -= n;
  }
}

// Logs the first `result` bytes of c->iov, or after a short or failed transfer what may have been written beyond.
void iov_done(struct call *c) {
  if (c->data[0]) { if (c->result > 0) scatter(c, (u64)c->result); return; }
  if (c->result == -EFAULT || (c->result > 0 && (u64)c->result < iov_total(c))) {
    for (u32 i = 0; i < c->iov_n; i++)
      if (c->iov[i].len && !map_writable(c->iov[i].base, c->iov[i].len)) { for (i = 0; i < c->iov_n; i++) call_log_reachable(c, c->iov[i].base, c->iov[i].len); return; }
  }
  if (c->result > 0) call_log_iov(c, (u64)c->result);
}

void done_readv(struct call *c) { iov_done(c); }

// Into a pipe: guest memory is only read. Out of one: as readv.
enum call_status call_vmsplice(struct call *c) {
  if (fd_output((int)c->args[0])) return call_done(c, -EINVAL);
  s64 mode = sys(__NR_fcntl, (int)c->args[0], F_GETFL);
  c->data[0] = 0;
  c->iov_n = 0;
  if (mode >= 0 && (mode & O_ACCMODE) == O_RDONLY && call_read_iov(c, c->args[1], c->args[2]) == 0) prepare_iov(c);
  return CALL_HOST;
}
