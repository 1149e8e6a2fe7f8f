// Sockets: messages with address, data and control parts. The plain calls are rows only.
#include <asm/errno.h>
#include <linux/socket.h>
#include "engine/calls.h"
#include "engine/sys.h"

#define MSG_WAITFORONE_ 0x10000
#define SOL_SOCKET_ 1
#define SCM_RIGHTS_ 1
#define SO_TYPE_ 3
enum msg_field { M_NAME, M_NAMELEN, M_IOV, M_IOVLEN, M_CONTROL, M_CONTROLLEN, M_FLAGS }; // struct msghdr in words (56 bytes)
#define MSGHDR 56u
#define MMSGHDR 64u

// ---- receiving one ----

static void read_msg(struct call *c, u64 at) {
  c->data[0] = c->data[1] = 0;
  c->iov_n = 0;
  if (!get_guest(c->msg, at, MSGHDR)) { memset(c->msg, 0, sizeof c->msg); return; }
  c->msg[M_NAMELEN] = (u32)c->msg[M_NAMELEN];
  if (c->msg[M_NAMELEN] > 128) c->msg[M_NAMELEN] = 128; // sizeof(struct sockaddr_storage)
  if (c->msg[M_CONTROLLEN] > 1 << 20) c->msg[M_CONTROLLEN] = 1 << 20;
  if (call_read_iov(c, c->msg[M_IOV], c->msg[M_IOVLEN]) < 0) c->iov_n = 0;
}

enum call_status call_recvmsg(struct call *c) {
  read_msg(c, c->args[1]);
  smc_prepare_write(c->args[1], MSGHDR);
  if (c->msg[M_NAME]) smc_prepare_write(c->msg[M_NAME], c->msg[M_NAMELEN]);
  if (c->msg[M_CONTROL]) smc_prepare_write(c->msg[M_CONTROL], c->msg[M_CONTROLLEN]);
  for (u32 i = 0; i < c->iov_n; i++) smc_prepare_write(c->iov[i].base, c->iov[i].len);
  return CALL_HOST;
}

// All of it in scratch: header, one iovec, address, control data, data.
bool redirect_recvmsg(struct call *c) {
  u64 total = 0, name = c->msg[M_NAME] ? ALIGN_UP(c->msg[M_NAMELEN], 16) : 0, control = c->msg[M_CONTROL] ? ALIGN_UP(c->msg[M_CONTROLLEN], 16) : 0;
  for (u32 i = 0; i < c->iov_n; i++) {
    if (c->iov[i].len > 1 << 22 || !map_writable(c->iov[i].base, c->iov[i].len)) return false;
    total += c->iov[i].len;
  }
  if (!map_writable(c->args[1], MSGHDR) || (name && !map_writable(c->msg[M_NAME], c->msg[M_NAMELEN])) || (control && !map_writable(c->msg[M_CONTROL], c->msg[M_CONTROLLEN]))) return false;
  u64 base = call_scratch_reserve(c, 64 + 16 + name + control + total);
  if (!base) return false;
  u64 *h = (u64 *)base, at = base + 80;
  memcpy(h, c->msg, MSGHDR);
  h[M_NAME] = name ? at : 0;
  at += name;
  h[M_CONTROL] = control ? at : 0;
  at += control;
  h[M_IOV] = base + 64;
  h[M_IOVLEN] = 1;
  h[8] = at;
  h[9] = total;
  c->data[0] = at;
  c->data[1] = base;
  c->host_args[1] = base;
  return true;
}

static void give(struct call *c, u64 guest, u64 host, u64 n) { // from scratch, or from where it already is
  if (!n) return;
  if (guest == host) { if (map_writable(guest, n)) log_data(guest, n); else call_log_reachable(c, guest, n); return; }
  copyout(guest, (void *)host, n);
  log_data_from(guest, (void *)host, n);
}

void done_recvmsg(struct call *c) {
  if (c->result < 0) {
    if (c->result != -EFAULT || c->data[1]) return;
    iov_done(c);
    call_log_reachable(c, c->msg[M_NAME], c->msg[M_NAMELEN]);
    call_log_reachable(c, c->msg[M_CONTROL], c->msg[M_CONTROLLEN]);
    call_log_reachable(c, c->args[1], MSGHDR);
    return;
  }
  u64 h[7];
  u64 from = c->data[1];
  if (from) memcpy(h, (void *)from, MSGHDR);
  else if (!get_guest(h, c->args[1], MSGHDR)) return;
  iov_done(c);
  u64 name = (u32)h[M_NAMELEN] < c->msg[M_NAMELEN] ? (u32)h[M_NAMELEN] : c->msg[M_NAMELEN];
  if (c->msg[M_NAME]) give(c, c->msg[M_NAME], from ? h[M_NAME] : c->msg[M_NAME], name);
  if (c->msg[M_CONTROL] && h[M_CONTROLLEN] <= c->msg[M_CONTROLLEN]) give(c, c->msg[M_CONTROL], from ? h[M_CONTROL] : c->msg[M_CONTROL], h[M_CONTROLLEN]);
  u64 out[7];
  if (!get_guest(out, c->args[1], MSGHDR)) return;
  memcpy(&out[M_NAMELEN], &h[M_NAMELEN], 4); // the kernel writes these three, not the padding
  out[M_CONTROLLEN] = h[M_CONTROLLEN];
  memcpy(&out[M_FLAGS], &h[M_FLAGS], 4);
  if (from) copyout(c->args[1], out, MSGHDR);
  log_data(c->args[1], MSGHDR);
}

// ---- receiving several ----

enum call_status call_recvmmsg(struct call *c) {
  u32 n = (u32)c->args[2];
  for (u32 i = 0; i < n && i < 1024; i++) {
    read_msg(c, c->args[1] + (u64)i * MMSGHDR);
    if (c->msg[M_NAME]) smc_prepare_write(c->msg[M_NAME], c->msg[M_NAMELEN]);
    if (c->msg[M_CONTROL]) smc_prepare_write(c->msg[M_CONTROL], c->msg[M_CONTROLLEN]);
    for (u32 k = 0; k < c->iov_n; k++) smc_prepare_write(c->iov[k].base, c->iov[k].len);
  }
  smc_prepare_write(c->args[1], (u64)n * MMSGHDR);
  if (thread_count > 1) c->host_args[3] |= MSG_WAITFORONE_; // nobody else runs meanwhile: it must not wait for more
  return CALL_HOST;
}

void done_recvmmsg(struct call *c) {
  s64 result = c->result;
  for (s64 i = 0; i < result; i++) {
    u64 at = c->args[1] + (u64)i * MMSGHDR;
    u32 len;
    read_msg(c, at);
    if (!get_guest(&len, at + MSGHDR, 4)) continue;
    c->result = len;
    iov_done(c);
    if (c->msg[M_NAME]) call_log_reachable(c, c->msg[M_NAME], c->msg[M_NAMELEN]);
    if (c->msg[M_CONTROL]) call_log_reachable(c, c->msg[M_CONTROL], c->msg[M_CONTROLLEN]);
    log_data(at, MMSGHDR);
  }
  c->result = result;
  if (result > 0 && c->args[4]) call_log_reachable(c, c->args[4], 16);
}

// ---- sending ----

// No descriptor of ours may travel: the guest's numbers that are ours are closed as far as it can tell.
bool msg_sendable(u64 msg) {
  u64 h[7];
  static u8 control[1024];
  if (!get_guest(h, msg, MSGHDR) || !h[M_CONTROL] || h[M_CONTROLLEN] > sizeof control) return true;
  if (!get_guest(control, h[M_CONTROL], h[M_CONTROLLEN])) return true;
  for (u64 at = 0; at + 16 <= h[M_CONTROLLEN];) {
    u64 len;
    s32 kind[2];
    memcpy(&len, control + at, 8);
    memcpy(kind, control + at + 8, 8);
    if (len < 16 || len > h[M_CONTROLLEN] - at) return true;
    for (u64 i = 16; kind[0] == SOL_SOCKET_ && kind[1] == SCM_RIGHTS_ && i + 4 <= len; i += 4) {
      s32 fd;
      memcpy(&fd, control + at + i, 4);
      if (fd_ours(fd)) return false;
    }
    at += ALIGN_UP(len, 8);
  }
  return true;
}

enum call_status call_sendmmsg(struct call *c) {
  for (u32 i = 0; i < (u32)c->args[2] && i < 1024; i++)
    if (!msg_sendable(c->args[1] + (u64)i * MMSGHDR)) return call_done(c, -EBADF);
  u32 type, size = 4;
  bool socket = sys(__NR_getsockopt, (int)c->args[0], SOL_SOCKET_, SO_TYPE_, &type, &size) == 0;
  if (socket && fd_output((int)c->args[0])) stop(STOP_REFUSED, "sendmmsg to the recording's own standard output can't be recorded yet");
  smc_prepare_write(c->args[1], (u64)(u32)c->args[2] * MMSGHDR);
  return CALL_HOST;
}

void done_sendmmsg(struct call *c) {
  for (s64 i = 0; i < c->result; i++) log_data(c->args[1] + (u64)i * MMSGHDR + MSGHDR, 4);
}

// ---- options that would share memory with the kernel ----

#define SOL_TCP_ 6
#define SOL_PACKET_ 263
#define SOL_XDP_ 283
#define TCP_ZEROCOPY_RECEIVE_ 35
#define PACKET_RX_RING_ 5
#define PACKET_TX_RING_ 13

enum call_status call_setsockopt(struct call *c) {
  u32 level = (u32)c->args[1], name = (u32)c->args[2];
  if (level == SOL_PACKET_ && (name == PACKET_RX_RING_ || name == PACKET_TX_RING_)) return call_done(c, -ENOPROTOOPT); // as without CONFIG_PACKET_MMAP
  if (level == SOL_XDP_) return call_done(c, -ENOPROTOOPT);
  return CALL_HOST;
}

enum call_status call_getsockopt(struct call *c) {
  if ((u32)c->args[1] == SOL_TCP_ && (u32)c->args[2] == TCP_ZEROCOPY_RECEIVE_) return call_done(c, -ENOPROTOOPT);
  return CALL_HOST;
}
