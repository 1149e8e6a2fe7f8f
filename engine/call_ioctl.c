// ioctl: what each request writes is a row of abi/ioctls.def.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "engine/calls.h"
#include "engine/sys.h"

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

static enum call_status unknown(struct call *c, int fd, u32 number) {
  char name[256];
  if (sys(__NR_fcntl, fd, F_GETFD) < 0) return call_done(c, -EBADF);
  if (surely_unknown(fd, number) || session->opt.on_unknown_enosys) return call_done(c, -ENOTTY);
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
  if (r->kind != BY) return;
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
  // FICLONE and FICLONERANGE change a file that may be mapped; their source must not be ours.
  if (number == 0x40049409 && fd_ours((int)c->args[2])) return call_done(c, -EBADF);
  prepare(c, r);
  return r->kind == WAIT ? CALL_HOST : call_direct(c);
}

void done_ioctl(struct call *c) {
  const struct ioctl_row *r = find((u32)c->args[1]);
  u64 at = c->args[2], conf[2];
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
