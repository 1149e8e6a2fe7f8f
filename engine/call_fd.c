// Descriptors: which are ours and hidden, which are the recording's output, and the calls that make and end them.
//
// A vfork child shares our memory but has a descriptor table of its own: what is cached here describes the parent's.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include "engine/calls.h"
#include "engine/start.h"
#include "engine/sys.h"

#define DEV_NULL 0x103u
#define F_GETOWNER_UIDS 17      // include/uapi/asm-generic/fcntl.h, hidden by linux/fcntl.h of old headers
#define F_CREATED_QUERY (F_LINUX_SPECIFIC_BASE + 4)

enum fd_kind { FD_UNKNOWN, FD_OTHER, FD_OUT1, FD_OUT2 };
static u8 kinds[1024];
static bool updated[1024];       // a regular file open for reading and writing; valid with kinds[]
static u16 inodes[1024];         // hash of a regular file's identity, 0 for others; valid with kinds[]
static u8 mapped_set[8192];      // bits: hashes of files that were ever mapped here

static u16 inode_hash(u64 dev, u64 ino) {
  u64 h = (dev * 0x9e3779b97f4a7c15ul ^ ino) * 0x9e3779b97f4a7c15ul;
  return (u16)(h >> 48) | 1;
}

void fd_note_mapped(u64 dev, u64 ino) {
  u16 h = inode_hash(dev, ino);
  mapped_set[h / 8] |= (u8)(1 << h % 8);
}

static bool own_table(void) { return !current || !current->process->vfork_child; }

bool fd_ours(int fd) {
  if (fd < 0) return false;
  for (u32 i = 0; i < ENGINE_FDS; i++)
    if (engine_fds[i] == fd) return true;
  return false;
}

void fd_changed(int fd) {
  if (fd >= 0 && (u32)fd < sizeof kinds && own_table()) kinds[fd] = FD_UNKNOWN;
}

static enum fd_kind find_kind(int fd, u16 *inode) {
  struct stat st;
  *inode = 0;
  if (sys(__NR_fstat, fd, &st) < 0) return FD_OTHER;
  if ((st.st_mode & 0170000) == 0100000) *inode = inode_hash(st.st_dev, st.st_ino);
  bool one = st.st_dev == session->out[1].dev && st.st_ino == session->out[1].ino;
  bool two = st.st_dev == session->out[2].dev && st.st_ino == session->out[2].ino;
  if (!one && !two) return FD_OTHER;
  if (st.st_rdev == DEV_NULL && fd > 2) return FD_OTHER; // anybody's /dev/null, not the recording's output
  if (one && two) return fd == 2 ? FD_OUT2 : FD_OUT1;
  return one ? FD_OUT1 : FD_OUT2;
}

static enum fd_kind kind_of(int fd, u16 *inode) {
  if ((u32)fd >= sizeof kinds || !own_table()) return find_kind(fd, inode);
  if (kinds[fd] == FD_UNKNOWN) {
    kinds[fd] = (u8)find_kind(fd, &inodes[fd]);
    updated[fd] = inodes[fd] && (sys(__NR_fcntl, fd, F_GETFL) & O_ACCMODE) == O_RDWR;
  }
  *inode = inodes[fd];
  return kinds[fd];
}

int fd_output(int fd) {
  u16 inode;
  if (fd < 0) return 0;
  enum fd_kind k = kind_of(fd, &inode);
  return k == FD_OUT1 ? 1 : k == FD_OUT2 ? 2 : 0;
}

bool fd_updated(int fd) {
  u16 inode;
  if (fd < 0 || (u32)fd >= sizeof kinds || !own_table()) return false;
  if (kinds[fd] == FD_UNKNOWN) kind_of(fd, &inode);
  return updated[fd];
}

bool fd_mapped(int fd) {
  u16 inode;
  if (fd < 0) return false;
  kind_of(fd, &inode);
  return inode && (mapped_set[inode / 8] >> inode % 8 & 1);
}

int fd_move_away(int fd) {
  if (!own_table()) return -EBADF; // the numbers are the parent's too
  for (u32 i = 0; i < ENGINE_FDS; i++) {
    if (engine_fds[i] != fd) continue;
    s64 n = sys(__NR_fcntl, fd, F_DUPFD, fd + 1);
    for (int low = fd / 2; n < 0 && low > 0; low /= 2) n = sys(__NR_fcntl, fd, F_DUPFD, low);
    if (n < 0) return (int)n;
    sys(__NR_close, fd);
    engine_fds[i] = (s32)n;
    return 0;
  }
  return 0;
}

void fd_name(int fd, char *out, size_t size) {
  char link[40];
  fmt(link, sizeof link, "/proc/self/fd/%d", fd);
  s64 n = sys(__NR_readlink, link, out, size - 1);
  if (n < 0) fmt(out, size, "descriptor %d", fd);
  else out[n] = 0;
}

enum call_status call_close(struct call *c) {
  int fd = (int)c->args[0];
  if (fd_ours(fd)) return call_done(c, -EBADF);
  fd_changed(fd);
  return CALL_HOST;
}

enum call_status call_dup(struct call *c) {
  enum call_status s = call_direct(c);
  procmem_duplicated((s32)c->args[0], c->result);
  return s;
}

enum call_status call_dup2(struct call *c) {
  int from = (int)c->args[0], to = (int)c->args[1];
  if (fd_ours(from)) return call_done(c, -EBADF);
  if (fd_ours(to)) {
    if (sys(__NR_fcntl, from, F_GETFD) < 0) return call_done(c, -EBADF);
    if (fd_move_away(to) < 0) return call_done(c, -EMFILE);
  }
  fd_changed(to);
  procmem_duplicated(from, to);
  return CALL_HOST;
}

static s64 close_part(u32 first, u32 last, u32 flags) {
  return first > last ? 0 : sys(__NR_close_range, first, last, flags);
}

enum call_status call_close_range(struct call *c) {
  u32 first = (u32)c->args[0], last = (u32)c->args[1], flags = (u32)c->args[2];
  if (first > last || (flags & ~(u32)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))) return CALL_HOST;
  if (!(flags & CLOSE_RANGE_CLOEXEC) && own_table())
    for (u32 fd = first; fd <= last && fd < sizeof kinds; fd++) kinds[fd] = FD_UNKNOWN;
  u32 from = first;
  for (;;) { // up to the lowest of ours at or above `from`
    u32 next = ~0u;
    for (u32 i = 0; i < ENGINE_FDS; i++)
      if (engine_fds[i] >= 0 && (u32)engine_fds[i] >= from && (u32)engine_fds[i] < next) next = (u32)engine_fds[i];
    if (next > last) return call_done(c, close_part(from, last, flags));
    if (next > from) {
      s64 r = close_part(from, next - 1, flags);
      if (r < 0) return call_done(c, r);
    }
    if (next == last) return call_done(c, 0);
    from = next + 1;
  }
}

enum call_status call_pidfd_getfd(struct call *c) {
  return fd_ours((int)c->args[1]) ? call_done(c, -EBADF) : CALL_HOST; // the numbers are alike in all recorded processes
}

// ---- fcntl ----

static u32 fcntl_out(u32 cmd) {
  switch (cmd) {
  case F_GETLK: case F_OFD_GETLK: return 32;
  case F_GETOWN_EX: case F_GETOWNER_UIDS: case F_GET_RW_HINT: case F_GET_FILE_RW_HINT: return 8;
  }
  return 0;
}

enum call_status call_fcntl(struct call *c) {
  u32 cmd = (u32)c->args[1];
  switch (cmd) {
  case F_SETLKW: case F_OFD_SETLKW: return CALL_HOST;
  case F_DUPFD: case F_DUPFD_CLOEXEC: case F_GETFD: case F_SETFD: case F_GETFL: case F_SETFL: case F_GETLK: case F_SETLK: case F_SETOWN: case F_GETOWN:
  case F_SETSIG: case F_GETSIG: case F_SETOWN_EX: case F_GETOWN_EX: case F_GETOWNER_UIDS: case F_OFD_GETLK: case F_OFD_SETLK: case F_SETLEASE:
  case F_GETLEASE: case F_NOTIFY: case F_LINUX_SPECIFIC_BASE + 3 /* F_DUPFD_QUERY */: case F_CREATED_QUERY: case F_CANCELLK: case F_SETPIPE_SZ: case F_GETPIPE_SZ:
  case F_ADD_SEALS: case F_GET_SEALS: case F_GET_RW_HINT: case F_SET_RW_HINT: case F_GET_FILE_RW_HINT: case F_SET_FILE_RW_HINT:
    if (fcntl_out(cmd)) smc_prepare_write(c->args[2], fcntl_out(cmd));
    return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ? call_dup(c) : call_direct(c);
  }
  return call_done(c, -EINVAL); // as a kernel that does not know the command
}

void done_fcntl(struct call *c) {
  u32 n = fcntl_out((u32)c->args[1]);
  if (n && c->result >= 0) call_log_out(c, c->args[2], n);
  else if (n && c->result == -EFAULT) call_log_reachable(c, c->args[2], n);
}

bool redirect_fcntl(struct call *c) { (void)c; return true; } // only F_SETLKW comes here: it writes nothing
