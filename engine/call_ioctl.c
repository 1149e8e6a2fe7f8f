// ioctl: what each request writes is a row of abi/ioctls.def.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "engine/calls.h"
#include "engine/sys.h"

#define MEM_MAJOR 1u
#define SIOCETHTOOL_ 0x8946u
enum ioctl_kind { NONE, WAIT, OUT, BOTH, BY, NO, EOPNOTSUPP_ };
struct ioctl_row { u32 number; u8 kind; u16 bytes; const char *name; };
static const struct ioctl_row rows[] = {
#define IOCTL(number, name, kind, bytes) { number, kind, bytes, #name },
#include "abi/ioctls.def"
};

static const struct ioctl_row *find(u32 number) {
  for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
    if (rows[i].number == number) return &rows[i];
  return NULL;
}

// Requests whose kind of file can't know them: the kernel's ENOTTY (fs/ioctl.c, fs/pipe.c).
static bool surely_unknown(int fd, u32 number) {
  struct stat st;
  if (sys(__NR_fstat, fd, &st) < 0) return false;
  u32 type = st.st_mode & 0170000, letter = number >> 8 & 0xff;
  if (type == 0010000) return true;
  if (type != 0100000 && type != 0040000 && type != 0140000) return false;
  // Letters of drivers (sound, video, graphics, input, USB, MTD, tape, SCSI, watchdog), which no file, directory or socket answers.
  return strchr("AEHMPQRSUVWdjm", (int)letter) != NULL && letter;
}

// ---- requests that are in no row, but say in their number how large their argument is (asm-generic/ioctl.h) ----

#define SIZE_MAX_ 0x3fffu
static u64 before[(SIZE_MAX_ + 8) / 8];
static u8 after[SIZE_MAX_ + 1];

static u32 size_of(u32 number) { return number >> 16 & SIZE_MAX_; }

static bool plain_device(int fd) { // null, zero, full; random's requests have rows
  struct stat st;
  return sys(__NR_fstat, fd, &st) == 0 && (st.st_mode & 0170000) == 0020000 && st.st_rdev >> 8 == MEM_MAJOR;
}

// Files, directories and the kernel's nameless ones answer no request of the old style that writes memory but those that have rows.
static bool plain(int fd, u32 number) {
  struct stat st;
  if (sys(__NR_fstat, fd, &st) < 0) return false;
  u32 type = st.st_mode & 0170000;
  if (type == 0020000) return plain_device(fd);
  return type == 0100000 || type == 0040000 || type == 0 || (type == 0140000 && number >> 8 != 0x89);
}

// An argument that seems to hold a pointer is not handled: what the driver writes there would not be seen.
static bool generic(const struct call *c, u32 number) {
  u32 size = size_of(number), direction = number >> 30;
  if (!(number >> 16) && plain((int)c->args[0], number)) return true;
  if (!size || !direction) return false;
  memset(before, 0, size + 7);
  if (copyin(before, c->args[2], size) != size) return true; // it will be EFAULT, or is none of memory
  for (u32 i = 0; i < size / 8 && !plain_device((int)c->args[0]); i++)
    if (before[i] >= RR_GUEST_LOW_MIN && map_find(before[i])) return false;
  smc_prepare_write(c->args[2], size);
  return true;
}

static void generic_done(struct call *c) {
  u32 size = size_of((u32)c->args[1]);
  if (!size) return;
  if (copyin(after, c->args[2], size) != size) { call_log_reachable(c, c->args[2], size); return; }
  if (memcmp(before, after, size)) log_data(c->args[2], size);
}

// ethtool (linux/ethtool.h): the request proper is a structure that ifr_data points to, told by its first word.
static const struct { u8 command; u16 bytes; } ethtool[] = {
  { 0x01, 44 }, { 0x02, 44 }, { 0x03, 196 }, { 0x05, 20 }, { 0x07, 8 }, { 0x0a, 8 }, { 0x0e, 92 }, { 0x10, 36 }, { 0x12, 16 }, { 0x14, 8 }, { 0x16, 8 }, { 0x18, 8 }, { 0x1e, 8 },
  { 0x21, 8 }, { 0x23, 8 }, { 0x25, 8 }, { 0x2b, 8 }, { 0x3c, 36 }, { 0x41, 44 },
};

static u32 ethtool_bytes(u64 request, u64 *data) {
  u32 command;
  if (!get_guest(data, request + 16, 8) || !get_guest(&command, *data, 4)) return 0;
  for (u32 i = 0; i < ARRAY_SIZE(ethtool); i++)
    if (ethtool[i].command == command) return ethtool[i].bytes;
  return 0;
}

static enum call_status unknown(struct call *c, int fd, u32 number) {
  char name[256];
  if (sys(__NR_fcntl, fd, F_GETFD) < 0) return call_done(c, -EBADF);
  if (surely_unknown(fd, number) || session->opt.on_unknown_enosys) return call_done(c, -ENOTTY);
  if (number >> 8 == 0x8b) return call_done(c, -EOPNOTSUPP); // wireless extensions (linux/wireless.h): as on an interface without
  if (generic(c, number)) return call_direct(c);
  fd_name(fd, name, sizeof name);
  stop(STOP_REFUSED, "ioctl request 0x%x on %s is unknown to this rr and can't be recorded; --on-unknown=enosys answers such calls with ENOTTY", number, name);
}

// struct fiemap: 32 bytes, extents of 56 behind. struct file_dedupe_range: 24 bytes, infos of 32 behind.
static size_t trailing(u32 number, u64 at, bool mapped_only) {
  u32 n[8] = { 0 };
  if (!get_guest(n, at, number == 0xc020660b ? 32 : 24)) return 0;
  if (number == 0xc020660b) return 32 + (u64)(mapped_only ? n[5] < n[6] ? n[5] : n[6] : n[6]) * 56;
  return 24 + (u64)((u16 *)n)[8] * 32;
}

static void prepare(struct call *c, const struct ioctl_row *r) {
  u64 at = c->args[2];
  if (r->kind == OUT || r->kind == BOTH) smc_prepare_write(at, r->bytes);
  if (r->kind != BY || r->number == SIOCETHTOOL_) return;
  if (r->number != 0x8912) { smc_prepare_write(at, trailing(r->number, at, false)); return; }
  u64 conf[2];
  smc_prepare_write(at, 16);
  if (get_guest(conf, at, 16) && conf[1]) smc_prepare_write(conf[1], (u32)conf[0]);
}

enum call_status call_ioctl(struct call *c) {
  u32 number = (u32)c->args[1];
  const struct ioctl_row *r = find(number);
  if (!r) return unknown(c, (int)c->args[0], number);
  if (r->kind == NO || r->kind == EOPNOTSUPP_) {
    s64 valid = sys(__NR_fcntl, (int)c->args[0], F_GETFD);
    return call_done(c, valid < 0 ? valid : r->kind == NO ? -ENOTTY : -EOPNOTSUPP);
  }
  if (number == SIOCETHTOOL_) {
    u64 data;
    u32 n = ethtool_bytes(c->args[2], &data);
    if (!n) return call_done(c, -EOPNOTSUPP);
    smc_prepare_write(data, n);
  }
  // FICLONE and FICLONERANGE change a file that may be mapped; their source must not be ours.
  if (number == 0x40049409 && fd_ours((int)c->args[2])) return call_done(c, -EBADF);
  prepare(c, r);
  return r->kind == WAIT ? CALL_HOST : call_direct(c);
}

void done_ioctl(struct call *c) {
  const struct ioctl_row *r = find((u32)c->args[1]);
  u64 at = c->args[2], conf[2];
  if (!r) { generic_done(c); return; }
  if (r->number == SIOCETHTOOL_) {
    u64 data;
    u32 n = ethtool_bytes(at, &data);
    if (n && (c->result >= 0 || c->result == -EFAULT)) call_log_reachable(c, data, n);
    call_log_reachable(c, at, 40);
    return;
  }
  if ((r->number == 0x40049409 || r->number == 0x4020940d) && c->result == 0 && fd_mapped((int)c->args[0])) {
    struct stat st;
    if (sys(__NR_fstat, (int)c->args[0], &st) == 0) memory_file_written(st.st_dev, st.st_ino, 0, ~0ul);
  }
  if (r->kind == OUT && c->result >= 0) call_log_reachable(c, at, r->bytes);
  if (r->kind == BOTH || (r->kind == OUT && c->result == -EFAULT)) call_log_reachable(c, at, r->bytes);
  if (r->kind != BY || c->result < 0) return;
  if (r->number != 0x8912) { call_log_reachable(c, at, trailing(r->number, at, true)); return; }
  if (!get_guest(conf, at, 16)) return;
  log_data(at, 16);
  if (conf[1] && (s32)conf[0] > 0) call_log_reachable(c, conf[1], (u32)conf[0]);
}

bool redirect_ioctl(struct call *c) { (void)c; return true; } // only requests that write nothing wait
