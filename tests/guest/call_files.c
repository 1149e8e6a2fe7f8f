// Calls about files: descriptors, locks, leases, copies in the kernel, pipes, notification, attributes, handles, directories, odd arguments.
// rr-test: timeout=40
#include "guest/t.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <linux/fiemap.h>
#include <linux/loop.h>
#include <linux/random.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <sys/quota.h>
#include <sys/time.h>
#include <utime.h>
#include <termios.h>
#define P 4096
static char *edge; // 4096 writable bytes, then nothing
static void need_edge(void) {
  if (edge) return;
  edge = mmap(NULL, 2 * P, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(edge + P, P, PROT_NONE);
}
static int file(const char *name, const char *text) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static void fcntl_forms(void) {
  int fd = file("a", "0123456789");
  int d = fcntl(fd, F_DUPFD, 50);
  CHECK_EQ(d, 50);
  CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 50), 51);
  CHECK_EQ(fcntl(51, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(51, F_SETFD, 0), 0);
  CHECK_EQ(fcntl(51, F_GETFD), 0);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
  CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
  CHECK(fcntl(d, F_GETFL) & O_APPEND);
  CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3 };
  CHECK_EQ(fcntl(fd, F_SETLK, &l), 0);
  l.l_pid = 0;
  CHECK_EQ(fcntl(fd, F_GETLK, &l), 0);
  CHECK_EQ(l.l_type, F_UNLCK);
  pid_t k = fork();
  if (!k) {
    struct flock o = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
    CHECK_EQ(fcntl(fd, F_GETLK, &o), 0);
    CHECK_EQ(o.l_type, F_WRLCK);
    CHECK_EQ(o.l_start, 2);
    CHECK_EQ(o.l_pid, getppid());
    o.l_type = F_RDLCK;
    o.l_start = 0;
    o.l_len = 0;
    CHECK_ERR(fcntl(fd, F_SETLK, &o), EAGAIN);
    _exit(3);
  }
  CHECK_EQ(t_wait(k), 3);
  int p[2];
  CHECK_EQ(pipe(p), 0);
  k = fork();
  if (!k) { // waits for the lock
    struct flock o = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
    write(p[1], "x", 1);
    CHECK_EQ(fcntl(fd, F_SETLKW, &o), 0);
    _exit(4);
  }
  char c;
  CHECK_EQ(read(p[0], &c, 1), 1);
  usleep(20000);
  l.l_type = F_UNLCK;
  l.l_start = 0;
  l.l_len = 0;
  CHECK_EQ(fcntl(fd, F_SETLK, &l), 0);
  CHECK_EQ(t_wait(k), 4);
  CHECK_ERR(fcntl(fd, F_SETLK, (void *)8), EFAULT);
  CHECK_ERR(fcntl(fd, 9999, 0), EINVAL);
  CHECK_ERR(fcntl(999, F_GETFD), EBADF);
  CHECK_ERR(fcntl(fd, F_DUPFD, -1), EINVAL);
  CHECK_ERR(fcntl(fd, F_DUPFD, 1 << 30), EINVAL);
  // of the open file
  int other = open("a", O_RDWR);
  struct flock o = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  CHECK_EQ(fcntl(fd, F_OFD_SETLK, &o), 0);
  struct flock q = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  CHECK_EQ(fcntl(other, F_OFD_GETLK, &q), 0);
  CHECK_EQ(q.l_type, F_WRLCK);
  CHECK_EQ(q.l_pid, -1);
  q.l_pid = 0;
  CHECK_ERR(fcntl(other, F_OFD_SETLK, &q), EAGAIN);
  o.l_type = F_UNLCK;
  CHECK_EQ(fcntl(fd, F_OFD_SETLKW, &o), 0);
  CHECK_EQ(flock(fd, LOCK_EX), 0);
  CHECK_ERR(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  CHECK_EQ(flock(fd, LOCK_UN), 0);
  CHECK_EQ(flock(other, LOCK_SH), 0);
  CHECK_ERR(flock(fd, 77), EINVAL);
  close(other);
  // sizes and hints
  int sz = fcntl(p[0], F_GETPIPE_SZ);
  CHECK(sz >= P);
  CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 8192), 8192);
  CHECK_EQ(fcntl(p[0], F_GETPIPE_SZ), 8192);
  CHECK_ERR(fcntl(fd, F_GETPIPE_SZ), EBADF);
  uint64_t hint = 99;
  CHECK_EQ(fcntl(fd, 1035 /* F_GET_RW_HINT */, &hint), 0);
  CHECK_EQ(hint, 0);
  hint = 2;
  CHECK_EQ(fcntl(fd, 1036, &hint), 0);
  CHECK_EQ(fcntl(fd, 1035, &hint), 0);
  CHECK_EQ(hint, 2);
  close(50);
  close(51);
  close(fd);
}

static volatile int got_sig, got_fd;
static void on_io(int s, siginfo_t *i, void *u) {
  (void)u;
  got_sig = s;
  got_fd = i->si_fd;
}
static void owners(void) {
  struct sigaction a = { .sa_sigaction = on_io, .sa_flags = SA_SIGINFO };
  sigaction(SIGIO, &a, NULL);
  sigaction(SIGRTMIN + 2, &a, NULL);
  int p[2];
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(fcntl(p[0], F_GETOWN), 0);
  CHECK_EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
  CHECK_EQ(fcntl(p[0], F_GETOWN), getpid());
  struct { int type, pid; } ex = { 0, 0 };
  CHECK_EQ(fcntl(p[0], F_GETOWN_EX, &ex), 0);
  CHECK_EQ(ex.pid, getpid());
  CHECK_EQ(ex.type, 1);
  ex.type = 0; // a thread
  CHECK_EQ(fcntl(p[0], F_SETOWN_EX, &ex), 0);
  CHECK_EQ(fcntl(p[0], F_SETSIG, SIGRTMIN + 2), 0);
  CHECK_EQ(fcntl(p[0], F_GETSIG), SIGRTMIN + 2);
  CHECK_EQ(fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK), 0);
  CHECK_EQ(write(p[1], "x", 1), 1);
  for (int i = 0; i < 2000 && !got_sig; i++) usleep(1000);
  CHECK_EQ(got_sig, SIGRTMIN + 2);
  CHECK_EQ(got_fd, p[0]);
  ex.type = 9;
  CHECK_ERR(fcntl(p[0], F_SETOWN_EX, &ex), EINVAL);
  CHECK_ERR(fcntl(p[0], F_SETSIG, 99), EINVAL);
  CHECK_ERR(fcntl(p[0], F_GETOWN_EX, (void *)8), EFAULT);
  // leases and directory notification
  int fd = file("leased", "x");
  close(fd);
  fd = open("leased", O_RDONLY);
  CHECK_EQ(fcntl(fd, F_GETLEASE), F_UNLCK);
  CHECK_EQ(fcntl(fd, F_SETLEASE, F_RDLCK), 0);
  CHECK_EQ(fcntl(fd, F_GETLEASE), F_RDLCK);
  CHECK_ERR(open("leased", O_WRONLY | O_NONBLOCK), EWOULDBLOCK);
  for (int i = 0; i < 2000 && got_sig != SIGIO; i++) usleep(1000);
  CHECK_EQ(got_sig, SIGIO);
  CHECK_EQ(fcntl(fd, F_SETLEASE, F_UNLCK), 0);
  close(fd);
  int d = open(".", O_RDONLY);
  got_sig = 0;
  CHECK_EQ(fcntl(d, F_SETSIG, SIGRTMIN + 2), 0);
  CHECK_EQ(fcntl(d, F_NOTIFY, 4 /* DN_CREATE */), 0);
  close(file("created", ""));
  for (int i = 0; i < 2000 && !got_sig; i++) usleep(1000);
  CHECK_EQ(got_sig, SIGRTMIN + 2);
  close(d);
}

static void copies(void) {
  char big[20000], b[20000];
  for (int i = 0; i < 20000; i++) big[i] = (char)(i * 3);
  t_write_file("src", big, sizeof big);
  int in = open("src", O_RDONLY), out = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2], q[2];
  off_t off = 5;
  CHECK_EQ(sendfile(out, in, &off, 10000), 10000);
  CHECK_EQ(off, 10005);
  CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
  CHECK_EQ(sendfile(out, in, NULL, 50000), 20000);
  CHECK_EQ(lseek(in, 0, SEEK_CUR), 20000);
  CHECK_EQ(pread(out, b, 20000, 0), 20000);
  CHECK(!memcmp(b, big + 5, 10000) && !memcmp(b + 10000, big, 10000));
  CHECK_ERR(sendfile(out, in, (off_t *)8, 10), EFAULT);
  CHECK_ERR(sendfile(99, in, NULL, 10), EBADF);
  CHECK_EQ(sendfile(out, in, NULL, 10), 0);
  loff_t a = 100, z = 200;
  CHECK_EQ(SYS6(SYS_copy_file_range, in, &a, out, &z, 500, 0), 500);
  CHECK_EQ(a, 600);
  CHECK_EQ(z, 700);
  CHECK_EQ(pread(out, b, 500, 200), 500);
  CHECK(!memcmp(b, big + 100, 500));
  CHECK_EQ(SYS6(SYS_copy_file_range, in, &a, out, &z, 500, 1), -EINVAL);
  CHECK_EQ(SYS6(SYS_copy_file_range, in, 8, out, &z, 500, 0), -EFAULT);
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(pipe(q), 0);
  a = 1000;
  CHECK_EQ(splice(in, &a, p[1], NULL, 3000, 0), 3000);
  CHECK_EQ(a, 4000);
  CHECK_EQ(tee(p[0], q[1], 2000, 0), 2000);
  CHECK_EQ(read(q[0], b, 2000), 2000);
  CHECK(!memcmp(b, big + 1000, 2000));
  z = 0;
  CHECK_EQ(splice(p[0], NULL, out, &z, 3000, SPLICE_F_MOVE), 3000);
  CHECK_EQ(pread(out, b, 3000, 0), 3000);
  CHECK(!memcmp(b, big + 1000, 3000));
  CHECK_ERR(splice(in, NULL, out, NULL, 10, 0), EINVAL);
  CHECK_ERR(splice(p[0], &z, out, NULL, 10, 0), ESPIPE);
  CHECK_ERR(splice(p[0], NULL, q[1], NULL, 10, SPLICE_F_NONBLOCK), EAGAIN);
  struct iovec v[2] = { { big, 700 }, { big + 5000, 300 } };
  CHECK_EQ(vmsplice(p[1], v, 2, 0), 1000);
  CHECK_EQ(splice(p[0], NULL, q[1], NULL, 1000, 0), 1000);
  struct iovec w[2] = { { b, 100 }, { b + 8000, 900 } };
  CHECK_EQ(vmsplice(q[0], w, 2, 0), 1000);
  CHECK(!memcmp(b, big, 100) && !memcmp(b + 8000, big + 100, 600) && !memcmp(b + 8600, big + 5000, 300));
  CHECK_ERR(vmsplice(out, v, 1, 0), EBADF);
}

static void inotify(void) {
  int n = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  CHECK(n >= 0);
  mkdir("watched", 0755);
  int w = inotify_add_watch(n, "watched", IN_ALL_EVENTS);
  CHECK_EQ(w, 1);
  char b[4096];
  CHECK_ERR(read(n, b, sizeof b), EAGAIN);
  close(file("watched/one", "abc"));
  rename("watched/one", "watched/two");
  unlink("watched/two");
  int avail = 0;
  CHECK_EQ(ioctl(n, FIONREAD, &avail), 0);
  CHECK(avail > 0);
  CHECK_ERR(read(n, b, 3), EINVAL);
  long len = read(n, b, sizeof b);
  CHECK_EQ(len, avail);
  unsigned cookie = 0;
  for (long at = 0; at < len;) {
    struct inotify_event *e = (struct inotify_event *)(b + at);
    printf("%x %s%s\n", e->mask, e->len ? e->name : "-", e->cookie ? " cookie" : "");
    if (e->cookie && cookie) CHECK_EQ(cookie, e->cookie);
    cookie = e->cookie;
    at += (long)sizeof *e + e->len;
  }
  CHECK_EQ(inotify_rm_watch(n, w), 0);
  CHECK_ERR(inotify_rm_watch(n, w), EINVAL);
  CHECK(read(n, b, sizeof b) > 0); // IN_IGNORED
  CHECK_ERR(inotify_add_watch(n, "nothing", IN_ALL_EVENTS), ENOENT);
  CHECK_ERR(inotify_init1(12345), EINVAL);
  close(n);
}

static void fanotify(void) {
  int n = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
  if (n < 0) {
    CHECK(errno == EPERM || errno == ENOSYS);
    return;
  }
  close(file("fan", "x"));
  int r = fanotify_mark(n, FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE, AT_FDCWD, "fan");
  CHECK_EQ(r, 0);
  close(open("fan", O_RDONLY));
  char b[4096];
  long len = read(n, b, sizeof b);
  CHECK(len >= (long)sizeof(struct fanotify_event_metadata));
  struct fanotify_event_metadata *m = (struct fanotify_event_metadata *)b;
  CHECK(m->mask & FAN_OPEN);
  CHECK(m->fd >= 0);
  char t[4];
  CHECK_EQ(read(m->fd, t, 4), 1);
  close(m->fd);
  close(n);
}

static void xattrs(void) {
  close(file("xa", "x"));
  symlink("xa", "xl");
  int fd = open("xa", O_RDWR);
  if (setxattr("xa", "user.one", "first", 5, XATTR_CREATE)) {
    CHECK_EQ(errno, EOPNOTSUPP);
    return;
  }
  char b[300];
  CHECK_ERR(setxattr("xa", "user.one", "first", 5, XATTR_CREATE), EEXIST);
  CHECK_ERR(setxattr("xa", "user.two", "x", 1, XATTR_REPLACE), ENODATA);
  CHECK_EQ(fsetxattr(fd, "user.two", "second", 6, 0), 0);
  CHECK_EQ(getxattr("xl", "user.one", b, 300), 5);
  CHECK_EQ(getxattr("xa", "user.one", NULL, 0), 5);
  CHECK_ERR(getxattr("xa", "user.one", b, 3), ERANGE);
  CHECK_EQ(fgetxattr(fd, "user.two", b, 6), 6);
  CHECK(!memcmp(b, "second", 6));
  CHECK_ERR(lgetxattr("xl", "user.one", b, 300), ENODATA);
  CHECK_ERR(lsetxattr("xl", "user.one", "x", 1, 0), EPERM);
  long n = listxattr("xa", b, 300);
  CHECK(n >= 18);
  CHECK_EQ(llistxattr("xa", NULL, 0), n);
  CHECK_EQ(flistxattr(fd, b, 300), n);
  CHECK_ERR(listxattr("xa", b, 3), ERANGE);
  need_edge();
  CHECK_EQ(getxattr("xa", "user.one", edge + P - 5, 5), 5);
  CHECK_EQ(SYS4(SYS_getxattr, "xa", "user.one", edge + P - 4, 300), -EFAULT);
  CHECK_EQ(fremovexattr(fd, "user.one"), 0);
  CHECK_EQ(removexattr("xa", "user.two"), 0);
  CHECK_ERR(lremovexattr("xa", "user.two"), ENODATA);
  CHECK_ERR(getxattr("xa", "nonsense", b, 10), EOPNOTSUPP);
}

static void stats(void) {
  need_edge();
  int fd = file("st", "12345");
  struct stat s, t;
  CHECK_EQ(fstat(fd, &s), 0);
  CHECK_EQ(fstatat(fd, "", &t, AT_EMPTY_PATH), 0);
  CHECK_EQ(s.st_ino, t.st_ino);
  CHECK_EQ(fstatat(AT_FDCWD, "st", &t, AT_SYMLINK_NOFOLLOW), 0);
  CHECK_ERR(fstatat(AT_FDCWD, "st", &t, 0x40000000), EINVAL);
  CHECK_EQ(SYS2(SYS_stat, "st", edge + P - 100), -EFAULT);
  CHECK_EQ(SYS2(SYS_stat, "st", edge + P - sizeof s), 0);
  CHECK_EQ(((struct stat *)(edge + P - sizeof s))->st_size, 5);
  struct statx x;
  memset(&x, 0xff, sizeof x);
  CHECK_EQ(statx(AT_FDCWD, "st", AT_STATX_FORCE_SYNC, STATX_ALL, &x), 0);
  CHECK_EQ(x.stx_size, 5);
  CHECK_EQ(x.stx_uid, getuid());
  CHECK_EQ(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x), 0);
  CHECK_ERR(statx(AT_FDCWD, "st", 0x10000000, STATX_SIZE, &x), EINVAL);
  CHECK_ERR(statx(AT_FDCWD, "st", 0, 0x80000000u, &x), EINVAL);
  struct statfs f;
  CHECK_EQ(statfs(".", &f), 0);
  CHECK_EQ(fstatfs(fd, &f), 0);
  struct statvfs v;
  CHECK_EQ(statvfs(".", &v), 0);
  char ustat_buf[32];
  long r = SYS2(SYS_ustat, s.st_dev, ustat_buf);
  CHECK(r == 0 || r == -EINVAL || r == -ENOSYS);
  r = SYS1(SYS_sysfs, 3);
  CHECK(r > 0 || r == -ENOSYS);
  if (r > 0) {
    char name[64];
    CHECK_EQ(SYS3(SYS_sysfs, 2, 0, name), 0);
    CHECK_EQ(SYS2(SYS_sysfs, 1, name), 0);
  }
  struct utimbuf ut = { 100, 200 };
  CHECK_EQ(utime("st", &ut), 0);
  CHECK_EQ(stat("st", &s), 0);
  CHECK_EQ(s.st_mtime, 200);
  struct timeval tv[2] = { { 10, 500000 }, { 20, 999999 } };
  CHECK_EQ(utimes("st", tv), 0);
  CHECK_EQ(SYS3(SYS_futimesat, AT_FDCWD, "st", tv), 0);
  CHECK_EQ(stat("st", &s), 0);
  CHECK_EQ(s.st_mtim.tv_nsec, 999999000);
  tv[0].tv_usec = 2000000;
  CHECK_ERR(utimes("st", tv), EINVAL);
  struct timespec ts[2] = { { 0, UTIME_OMIT }, { 55, 66 } };
  CHECK_EQ(utimensat(AT_FDCWD, "st", ts, AT_SYMLINK_NOFOLLOW), 0);
  CHECK_EQ(stat("st", &s), 0);
  CHECK_EQ(s.st_atime, 10);
  CHECK_EQ(s.st_mtim.tv_nsec, 66);
}

static void directories(void) {
  mkdir("d", 0755);
  for (int i = 0; i < 20; i++) {
    char n[40];
    sprintf(n, "d/entry-%0*d", i + 1, i);
    close(file(n, ""));
  }
  int d = open("d", O_RDONLY | O_DIRECTORY);
  need_edge();
  long total = 0, r, calls = 0;
  for (long size = 24; size < 400; size += 7) {
    lseek(d, 0, SEEK_SET);
    total = 0;
    while ((r = SYS3(SYS_getdents64, d, edge + P - size, size)) > 0) {
      calls++;
      for (char *e = edge + P - size; e < edge + P - size + r; e += *(unsigned short *)(e + 16)) total++;
    }
    if (r == 0) CHECK_EQ(total, 22);
    else CHECK_EQ(r, -EINVAL);
  }
  lseek(d, 0, SEEK_SET);
  r = SYS3(SYS_getdents64, d, edge + P - 100, 4096);
  CHECK(r == -EFAULT || r > 0);
  printf("~%ld %ld\n", calls, r);
  lseek(d, 0, SEEK_SET);
  char b[1000];
  total = 0;
  while ((r = SYS3(SYS_getdents, d, b, sizeof b)) > 0)
    for (char *e = b; e < b + r; e += *(unsigned short *)(e + 16)) total++;
  CHECK_EQ(total, 22);
  CHECK_EQ(SYS3(SYS_getdents64, d, 8, 4096), 0);
  DIR *h = opendir("d");
  struct dirent *e;
  while ((e = readdir(h)))
    if (e->d_name[0] == 'e') unlinkat(dirfd(h), e->d_name, 0);
  closedir(h);
  CHECK_EQ(rmdir("d"), 0);
  CHECK_EQ(SYS3(SYS_getdents64, d, b, sizeof b), -ENOENT);
}

static void handles(void) {
  close(file("hd", "handle"));
  struct { unsigned bytes; int type; unsigned char h[128]; } fh = { .bytes = 0 };
  int mount = -5;
  long r = SYS5(SYS_name_to_handle_at, AT_FDCWD, "hd", &fh, &mount, 0);
  if (r == -EOPNOTSUPP || r == -EPERM || r == -ENOSYS) return;
  CHECK_EQ(r, -EOVERFLOW);
  CHECK(fh.bytes > 0 && fh.bytes <= 128);
  CHECK_EQ(SYS5(SYS_name_to_handle_at, AT_FDCWD, "hd", &fh, &mount, 0), 0);
  int m = open(".", O_RDONLY);
  r = SYS3(SYS_open_by_handle_at, m, &fh, O_RDONLY);
  if (r >= 0) {
    char b[10];
    CHECK_EQ(read((int)r, b, 10), 6);
  } else CHECK(r == -EPERM || r == -ESTALE);
  CHECK_EQ(SYS5(SYS_name_to_handle_at, AT_FDCWD, "hd", 8, &mount, 0), -EFAULT);
  CHECK_EQ(SYS3(SYS_open_by_handle_at, m, 8, O_RDONLY), r == -EPERM ? -EPERM : -EFAULT);
}

static void open_forms(void) {
  close(file("of", "x"));
  mkdir("od", 0755);
  symlink("/etc", "od/escape");
  struct open_how how = { .flags = O_RDONLY };
  long r = SYS4(SYS_openat2, AT_FDCWD, "of", &how, sizeof how);
  CHECK(r >= 0);
  how.resolve = RESOLVE_BENEATH;
  int d = open("od", O_PATH | O_DIRECTORY);
  CHECK_EQ(SYS4(SYS_openat2, d, "../of", &how, sizeof how), -EXDEV);
  how.resolve = RESOLVE_NO_SYMLINKS;
  CHECK_EQ(SYS4(SYS_openat2, d, "escape", &how, sizeof how), -ELOOP);
  how.resolve = 0;
  how.mode = 0777;
  CHECK_EQ(SYS4(SYS_openat2, AT_FDCWD, "of", &how, sizeof how), -EINVAL);
  CHECK_EQ(SYS4(SYS_openat2, AT_FDCWD, "of", &how, 5), -EINVAL);
  CHECK_EQ(SYS4(SYS_openat2, AT_FDCWD, "of", 8, sizeof how), -EFAULT);
  CHECK_ERR(open("of", O_RDONLY | O_DIRECTORY), ENOTDIR);
  CHECK_ERR(open("", O_RDONLY), ENOENT);
  char longname[5000];
  memset(longname, 'x', 4999);
  longname[4999] = 0;
  CHECK_ERR(open(longname, O_RDONLY), ENAMETOOLONG);
  longname[300] = 0;
  CHECK_ERR(open(longname, O_RDONLY), ENAMETOOLONG);
  int t = open(".", O_TMPFILE | O_RDWR, 0600);
  if (t >= 0) {
    char path[64];
    sprintf(path, "/proc/self/fd/%d", t);
    CHECK_EQ(write(t, "tmp", 3), 3);
    CHECK_EQ(linkat(AT_FDCWD, path, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW), 0);
    CHECK_EQ(access("linked", R_OK), 0);
  }
  CHECK_EQ(SYS4(SYS_faccessat2, AT_FDCWD, "of", R_OK, AT_EACCESS), 0);
  CHECK_EQ(SYS4(SYS_faccessat2, AT_FDCWD, "of", R_OK, 0x8000), -EINVAL);
  CHECK_EQ(SYS2(SYS_creat, "cr", 0600) >= 0, 1);
  CHECK_EQ(mknod("fifo", S_IFIFO | 0600, 0), 0);
  int m = mknod("nod", S_IFCHR | 0600, makedev(1, 3));
  CHECK(m == 0 || errno == EPERM);
  CHECK_EQ(SYS4(452 /* fchmodat2 */, AT_FDCWD, "of", 0640, 0) == 0 || errno, 1);
  // many descriptors, and ranges of them
  int lo = fcntl(0, F_DUPFD, 100), n = 40;
  for (int i = 1; i < n; i++) CHECK_EQ(fcntl(0, F_DUPFD, 100), lo + i);
  CHECK_EQ(SYS3(SYS_close_range, lo + 10, lo + 19, 4 /* CLOEXEC */), 0);
  CHECK_EQ(fcntl(lo + 10, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(lo + 9, F_GETFD), 0);
  CHECK_EQ(SYS3(SYS_close_range, lo, lo + n - 1, 0), 0);
  CHECK_ERR(fcntl(lo + 5, F_GETFD), EBADF);
  CHECK_EQ(SYS3(SYS_close_range, 10, 5, 0), -EINVAL);
  CHECK_EQ(SYS3(SYS_close_range, 10, 15, 99), -EINVAL);
  CHECK_EQ(SYS3(SYS_close_range, 3, ~0u, 0), 0);
  CHECK(open("of", O_RDONLY) == 3);
  CHECK_EQ(SYS5(SYS_kcmp, getpid(), getpid(), 0, 3, 3), 0);
}

static void waits(void) {
  // timers, events, nested and exclusive polling
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), e = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
  uint64_t v;
  CHECK_EQ(read(e, &v, 8), 8);
  CHECK_EQ(v, 1);
  CHECK_EQ(read(e, &v, 8), 8);
  CHECK_EQ(read(e, &v, 8), 8);
  CHECK_ERR(read(e, &v, 8), EAGAIN);
  CHECK_ERR(read(e, &v, 7), EINVAL);
  v = ~0ull;
  CHECK_ERR(write(e, &v, 8), EINVAL);
  struct itimerspec its = { .it_value = { 0, 1000000 }, .it_interval = { 0, 1000000 } }, old;
  CHECK_EQ(timerfd_settime(t, 0, &its, &old), 0);
  CHECK_EQ(old.it_value.tv_nsec, 0);
  struct pollfd pf = { t, POLLIN, 0 };
  CHECK_EQ(poll(&pf, 1, 5000), 1);
  CHECK_EQ(read(t, &v, 8), 8);
  CHECK(v >= 1);
  CHECK_EQ(timerfd_gettime(t, &old), 0);
  CHECK_EQ(old.it_interval.tv_nsec, 1000000);
  its.it_value.tv_nsec = 2000000000;
  CHECK_ERR(timerfd_settime(t, 0, &its, NULL), EINVAL);
  int ep = epoll_create1(EPOLL_CLOEXEC), inner = epoll_create(1);
  struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = 77 }, out[4];
  CHECK_EQ(epoll_ctl(inner, EPOLL_CTL_ADD, t, &ev), 0);
  CHECK_ERR(epoll_ctl(inner, EPOLL_CTL_ADD, t, &ev), EEXIST);
  struct epoll_event ne = { .events = EPOLLIN, .data.u64 = 88 };
  CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, inner, &ne), 0);
  CHECK_ERR(epoll_ctl(inner, EPOLL_CTL_ADD, ep, &ne), ELOOP);
  CHECK_EQ(epoll_wait(ep, out, 4, 5000), 1);
  CHECK_EQ(out[0].data.u64, 88);
  CHECK_EQ(epoll_wait(inner, out, 4, 5000), 1);
  CHECK_EQ(out[0].data.u64, 77);
  usleep(3000);
  CHECK_EQ(epoll_wait(inner, out, 4, 0), 0); // once only
  CHECK_EQ(epoll_ctl(inner, EPOLL_CTL_MOD, t, &ev), 0);
  sigset_t none;
  sigemptyset(&none);
  CHECK_EQ(epoll_pwait(inner, out, 4, 5000, &none), 1);
  struct timespec ts = { 0, 1000000 };
  CHECK_EQ(SYS6(SYS_epoll_pwait2, inner, out, 4, &ts, 0, 8), 0);
  ev.events = EPOLLIN | EPOLLEXCLUSIVE;
  CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev), 0);
  CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_MOD, e, &ev), EINVAL);
  CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_DEL, e, NULL), 0);
  CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_DEL, e, NULL), ENOENT);
  CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev), EINVAL);
  int reg = file("reg", "x");
  CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, reg, &ev), EPERM);
  CHECK_EQ(SYS4(SYS_epoll_wait, ep, out, 0, 0), -EINVAL);
  CHECK_EQ(SYS4(SYS_epoll_wait, e, out, 4, 0), -EINVAL);
  v = 1;
  CHECK_EQ(write(e, &v, 8), 8);
  ev.events = EPOLLIN | EPOLLET;
  CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev), 0);
  need_edge();
  CHECK_EQ(SYS4(SYS_epoll_wait, ep, edge + P - 5, 4, 0), -EFAULT);
  CHECK_EQ(epoll_wait(ep, (struct epoll_event *)(edge + P - 12), 1, 1000), 1);
  CHECK_EQ(epoll_wait(ep, out, 4, 0), 0);
  // odd sets
  CHECK_EQ(poll(NULL, 0, 1), 0);
  CHECK_EQ(SYS3(SYS_poll, 8, 1, 0), -EFAULT);
  CHECK_EQ(SYS3(SYS_poll, &pf, 10000000, 0), -EINVAL);
  struct pollfd three[3] = { { -1, POLLIN, 7 }, { 999, POLLIN, 0 }, { e, POLLOUT, 0 } };
  CHECK_EQ(poll(three, 3, 0), 2);
  CHECK_EQ(three[0].revents, 0);
  CHECK_EQ(three[1].revents, POLLNVAL);
  CHECK_EQ(three[2].revents, POLLOUT);
  *(struct pollfd *)(edge + P - 8) = (struct pollfd){ e, POLLOUT, 0 };
  CHECK_EQ(poll((struct pollfd *)(edge + P - 8), 1, 0), 1);
  CHECK_EQ(SYS3(SYS_poll, edge + P - 8, 2, 0), -EFAULT);
  fd_set r;
  FD_ZERO(&r);
  FD_SET(t, &r);
  struct timeval tv = { 5, 0 };
  CHECK_EQ(select(t + 1, &r, NULL, NULL, &tv), 1);
  CHECK(FD_ISSET(t, &r));
  CHECK_EQ(SYS5(SYS_select, -1, 0, 0, 0, &tv), -EINVAL);
  tv.tv_sec = -1;
  CHECK_EQ(SYS5(SYS_select, 0, 0, 0, 0, &tv), -EINVAL);
  FD_ZERO(&r);
  FD_SET(63, &r);
  tv.tv_sec = 0;
  CHECK_ERR(select(64, &r, NULL, NULL, &tv), EBADF);
  tv = (struct timeval){ 0, 1000 };
  CHECK_EQ(select(0, NULL, NULL, NULL, &tv), 0);
  CHECK_EQ(tv.tv_usec, 0);
  ts = (struct timespec){ 0, 1000 };
  CHECK_EQ(pselect(0, NULL, NULL, NULL, &ts, &none), 0);
  CHECK_EQ(ppoll(NULL, 0, &ts, &none), 0);
  CHECK_EQ(SYS5(SYS_ppoll, 0, 0, &ts, &none, 5), -EINVAL);
  *(long *)edge = *(long *)(edge + P - 8) = 0;
  CHECK_EQ(SYS5(SYS_select, 20, edge + P - 8, 0, 0, edge), 0); // 8 bytes for 64 descriptors
}

static void file_ioctls(void) {
  int fd = file("io", "0123456789");
  int n = -1;
  CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
  CHECK_EQ(n, 10);
  CHECK_EQ(ioctl(fd, FIOCLEX), 0);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(ioctl(fd, FIONCLEX), 0);
  n = 1;
  CHECK_EQ(ioctl(fd, FIONBIO, &n), 0);
  int bs = 0;
  int r = ioctl(fd, FIGETBSZ, &bs);
  CHECK(r == 0 || errno == EINVAL || errno == ENOTTY);
  long fl = 0;
  r = ioctl(fd, FS_IOC_GETFLAGS, &fl);
  CHECK(r == 0 || errno == ENOTTY);
  if (!r) CHECK_EQ(ioctl(fd, FS_IOC_SETFLAGS, &fl), 0);
  struct { struct fiemap m; struct fiemap_extent e[4]; } fm = { .m = { .fm_length = ~0ull, .fm_extent_count = 4, .fm_flags = FIEMAP_FLAG_SYNC } };
  r = ioctl(fd, FS_IOC_FIEMAP, &fm);
  CHECK(r == 0 || errno == EOPNOTSUPP);
  if (!r) printf("~%u %llx\n", fm.m.fm_mapped_extents, fm.e[0].fe_physical);
  int dst = file("io2", "");
  r = ioctl(dst, FICLONE, fd);
  CHECK(r == 0 || errno == EOPNOTSUPP || errno == EINVAL || errno == EXDEV);
  struct fsxattr fx;
  r = ioctl(fd, FS_IOC_FSGETXATTR, &fx);
  CHECK(r == 0 || errno == ENOTTY);
  CHECK_ERR(ioctl(fd, TCGETS, &fm), ENOTTY);
  CHECK_ERR(ioctl(999, FIONREAD, &n), EBADF);
  CHECK_EQ(SYS3(SYS_ioctl, fd, FIONREAD, 8), -EFAULT);
  unsigned v = 0;
  r = ioctl(fd, FS_IOC_GETVERSION, &v);
  int ran = open("/dev/urandom", O_RDONLY);
  CHECK_EQ(ioctl(ran, RNDGETENTCNT, &n), 0);
  // what nobody knows: natively ENOTTY (a size in the number, no pointers inside)
  char arg[64] = { 0 };
  CHECK_ERR(ioctl(fd, _IOR('z', 99, char[64]), arg), ENOTTY);
  CHECK_ERR(ioctl(ran, _IOWR('z', 98, int), arg), EINVAL);
  int p[2];
  pipe(p);
  CHECK_ERR(ioctl(p[0], _IOW('z', 97, int), arg), ENOTTY);
  int nul = open("/dev/null", O_RDWR);
  CHECK_ERR(ioctl(nul, TCGETS, arg), ENOTTY);
  CHECK_ERR(ioctl(nul, _IOWR('z', 96, char[32]), arg), ENOTTY);
}

static void sync_forms(void) {
  int fd = file("sy", "sync");
  sync();
  CHECK_EQ(syncfs(fd), 0);
  CHECK_EQ(fsync(fd), 0);
  CHECK_EQ(fdatasync(fd), 0);
  CHECK_EQ(sync_file_range(fd, 0, 4, SYNC_FILE_RANGE_WRITE), 0);
  CHECK_EQ(readahead(fd, 0, 4), 0);
  CHECK_EQ(posix_fadvise(fd, 0, 4, POSIX_FADV_DONTNEED), 0);
  CHECK_EQ(posix_fadvise(fd, 0, 4, 99), EINVAL);
  CHECK_EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 10000), 0);
  CHECK_EQ(fallocate(fd, 0, 100, 100), 0);
  struct stat s;
  fstat(fd, &s);
  CHECK_EQ(s.st_size, 200);
  CHECK_ERR(fallocate(fd, 0, -1, 5), EINVAL);
  CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
  CHECK_ERR(lseek(fd, 1000, SEEK_DATA), ENXIO);
  CHECK_ERR(lseek(fd, 0, 99), EINVAL);
  struct { uint64_t off, len; } cr = { 0, 0 };
  uint64_t cs[5];
  long r = SYS4(451 /* cachestat */, fd, &cr, cs, 0);
  CHECK(r == 0 || r == -ENOSYS);
}

static void odd_buffers(void) {
  need_edge();
  int fd = file("ob", "0123456789abcdefghijklmnopqrstuvwxyz");
  CHECK_EQ(pread(fd, edge + P - 10, 10, 0), 10);
  CHECK_EQ(SYS4(SYS_pread64, fd, edge + P - 10, 20, 0), 10); // as much as there is room
  CHECK(!memcmp(edge + P - 10, "0123456789", 10));
  CHECK_EQ(SYS4(SYS_pread64, fd, edge + P, 20, 0), -EFAULT);
  CHECK_EQ(SYS3(SYS_read, fd, 0, 5), -EFAULT);
  CHECK_EQ(SYS3(SYS_read, fd, 0, 0), 0);
  CHECK_EQ(SYS3(SYS_read, fd, edge, -1l), -EFAULT);
  CHECK_EQ(SYS4(SYS_pread64, fd, edge, 5, -1l), -EINVAL);
  struct iovec v[3] = { { edge, 5 }, { edge + P - 3, 10 }, { edge, 5 } };
  CHECK_EQ(SYS5(SYS_preadv, fd, v, 3, 0, 0), 8);
  CHECK_EQ(SYS5(SYS_preadv, fd, v, 1025, 0, 0), -EINVAL);
  CHECK_EQ(SYS5(SYS_preadv, fd, 8, 1, 0, 0), -EFAULT);
  CHECK_EQ(SYS3(SYS_readv, fd, v, 0), 0);
  struct iovec same[2] = { { edge, 5 }, { edge, 3 } }; // overlapping
  CHECK_EQ(SYS5(SYS_preadv, fd, same, 2, 0, 0), 8);
  CHECK(!memcmp(edge, "56734", 5));
  CHECK_EQ(SYS6(SYS_preadv2, fd, v, 1, 0, 0, 0x8000), -EOPNOTSUPP);
  CHECK_EQ(SYS6(SYS_preadv2, fd, v, 1, 3, 0, 8 /* NOWAIT */) > 0 || 1, 1);
  int p[2];
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(write(p[1], "abcdef", 6), 6);
  long r = SYS3(SYS_read, p[0], edge + P - 3, 6);
  CHECK(r == -EFAULT || r == 3);
  printf("~%ld\n", r);
  CHECK_EQ(SYS1(SYS_pipe, edge + P - 4), -EFAULT);
  CHECK_EQ(SYS2(SYS_getcwd, edge + P - 1, 500), -EFAULT);
  CHECK_EQ(SYS2(SYS_getcwd, edge, 1), -ERANGE);
  CHECK_EQ(SYS3(SYS_readlink, "/proc/self/exe", edge + P - 4, 4), 4);
  CHECK_EQ(SYS3(SYS_readlink, "/proc/self/exe", edge + P - 4, 10), -EFAULT);
  CHECK_EQ(SYS3(SYS_readlink, "/proc/self/exe", edge, 0), -EINVAL);
  CHECK_EQ(SYS3(SYS_getrandom, edge + P - 10, 20, 0) > 0 || 1, 1);
  CHECK_EQ(SYS3(SYS_write, fd, edge + P - 10, 20), 10);
  CHECK_EQ(SYS3(SYS_write, fd, edge + P, 20), -EFAULT);
}
static void quotas(void) {
  struct dqblk q;
  long r = SYS4(SYS_quotactl, QCMD(Q_GETQUOTA, USRQUOTA), "/dev/none", 0, &q);
  CHECK(r == -ENOENT || r == -ENOSYS || r == -ENODEV || r == -EPERM);
  r = SYS4(SYS_quotactl, QCMD(Q_SYNC, USRQUOTA), 0, 0, 0);
  CHECK(r == 0 || r == -ENOSYS);
  CHECK_EQ(SYS1(SYS_acct, "/none/there") < 0, 1);
  CHECK_EQ(SYS2(SYS_swapon, "/none", 0) < 0, 1);
}

T_CASES({ "fcntl", fcntl_forms }, { "owners", owners }, { "copies", copies }, { "inotify", inotify }, { "fanotify", fanotify }, { "xattrs", xattrs }, { "stats", stats },
  { "directories", directories }, { "handles", handles }, { "open_forms", open_forms }, { "waits", waits }, { "file_ioctls", file_ioctls }, { "sync_forms", sync_forms },
  { "odd_buffers", odd_buffers }, { "quotas", quotas })
