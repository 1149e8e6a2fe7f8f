// Files: open flags and errors, positions, vectors, truncation, holes, directories, links, modes, times, attributes.
#include "guest/t.h"
#include <dirent.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <sys/vfs.h>
static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
int main(void) {
  umask(022);
  int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666);
  CHECK(fd >= 0);
  CHECK_ERR(open("a", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
  CHECK_ERR(open("none", O_RDONLY), ENOENT);
  CHECK_ERR(open(".", O_WRONLY), EISDIR);
  CHECK_ERR(open("a/b", O_RDONLY), ENOTDIR);
  CHECK_ERR(open((char *)8, O_RDONLY), EFAULT);
  CHECK_EQ(write(fd, "hello world", 11), 11);
  CHECK_EQ(lseek(fd, 6, SEEK_SET), 6);
  char b[100] = { 0 };
  CHECK_EQ(read(fd, b, 100), 5);
  CHECK(!strcmp(b, "world"));
  CHECK_EQ(read(fd, b, 100), 0);
  CHECK_EQ(pread(fd, b, 3, 2), 3);
  CHECK(!memcmp(b, "llo", 3));
  CHECK_EQ(pwrite(fd, "HE", 2, 0), 2);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11);
  CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
  CHECK_EQ(lseek(fd, 100000, SEEK_END), 100011);
  CHECK_EQ(write(fd, "x", 1), 1);
  struct stat s;
  CHECK_EQ(fstat(fd, &s), 0);
  CHECK_EQ(s.st_size, 100012);
  CHECK_EQ(s.st_mode, S_IFREG | 0644);
  CHECK_EQ(s.st_nlink, 1);
  off_t hole = lseek(fd, 0, SEEK_HOLE);
  CHECK(hole >= 0);
  CHECK_EQ(ftruncate(fd, 5), 0);
  CHECK_EQ(stat("a", &s), 0);
  CHECK_EQ(s.st_size, 5);
  CHECK_EQ(truncate("a", 8), 0);
  CHECK_EQ(pread(fd, b, 100, 0), 8);
  CHECK(!memcmp(b, "HEllo\0\0\0", 8));
  struct iovec v[3] = { { "one", 3 }, { "", 0 }, { "three", 5 } };
  CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
  CHECK_EQ(writev(fd, v, 3), 8);
  char x[4], y[10];
  struct iovec w[2] = { { x, 4 }, { y, 10 } };
  CHECK_EQ(preadv(fd, w, 2, 0), 8);
  CHECK(!memcmp(x, "onet", 4) && !memcmp(y, "hree", 4));
  CHECK_EQ(pwritev(fd, v, 1, 100), 3);
  CHECK_EQ(preadv2(fd, w, 2, 100, 0), 3);
  CHECK_ERR(readv(fd, w, -1), EINVAL);
  int ap = open("a", O_WRONLY | O_APPEND);
  CHECK_EQ(write(ap, "end", 3), 3);
  CHECK_EQ(lseek(ap, 0, SEEK_CUR), 106);
  CHECK_ERR(read(ap, b, 1), EBADF);
  close(ap);
  CHECK_ERR(close(ap), EBADF);
  CHECK_ERR(write(99, "x", 1), EBADF);
  // names
  CHECK_EQ(link("a", "b"), 0);
  CHECK_EQ(stat("b", &s), 0);
  CHECK_EQ(s.st_nlink, 2);
  CHECK_EQ(symlink("a", "sym"), 0);
  CHECK_EQ(lstat("sym", &s), 0);
  CHECK(S_ISLNK(s.st_mode));
  CHECK_EQ(s.st_size, 1);
  ssize_t n = readlink("sym", b, sizeof b);
  CHECK_EQ(n, 1);
  CHECK_EQ(b[0], 'a');
  CHECK_ERR(open("sym", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK_EQ(rename("b", "c"), 0);
  CHECK_ERR(access("b", F_OK), ENOENT);
  CHECK_EQ(mkdir("dir", 0700), 0);
  CHECK_ERR(mkdir("dir", 0700), EEXIST);
  CHECK_EQ(rename("c", "dir/c"), 0);
  CHECK_ERR(rmdir("dir"), ENOTEMPTY);
  CHECK_ERR(unlink("dir"), EISDIR);
  CHECK_EQ(syscall(SYS_renameat2, AT_FDCWD, "dir/c", AT_FDCWD, "a", 2 /* exchange */), 0);
  int d = open("dir", O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 300; i++) {
    sprintf(b, "file%03d", i);
    int f = openat(d, b, O_WRONLY | O_CREAT, 0600);
    CHECK(f >= 0);
    close(f);
  }
  DIR *h = fdopendir(dup(d));
  char *names[400];
  int k = 0;
  struct dirent *e;
  while ((e = readdir(h))) names[k++] = strdup(e->d_name);
  closedir(h);
  qsort(names, (size_t)k, sizeof *names, by_name);
  CHECK_EQ(k, 303);
  printf("%s %s %s %s\n", names[0], names[1], names[2], names[302]);
  CHECK_EQ(lseek(d, 0, SEEK_SET), 0);
  char dents[512];
  long total = 0, r;
  while ((r = SYS3(SYS_getdents64, d, dents, sizeof dents)) > 0) {
    for (long o = 0; o < r; o += *(unsigned short *)(dents + o + 16)) total++;
  }
  CHECK_EQ(r, 0);
  CHECK_EQ(total, 303);
  CHECK_EQ(SYS3(SYS_getdents64, d, dents, 3), 0);
  lseek(d, 0, SEEK_SET);
  CHECK_EQ(SYS3(SYS_getdents64, d, dents, 3), -EINVAL);
  CHECK_EQ(SYS3(SYS_getdents64, fd, dents, 512), -ENOTDIR);
  for (int i = 0; i < 300; i++) {
    sprintf(b, "file%03d", i);
    CHECK_EQ(unlinkat(d, b, 0), 0);
  }
  CHECK_EQ(unlinkat(d, "c", 0), 0);
  CHECK_EQ(unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR), 0);
  close(d);
  // modes and times
  CHECK_EQ(chmod("a", 04751), 0);
  CHECK_EQ(fstatat(AT_FDCWD, "a", &s, 0), 0);
  CHECK_EQ(s.st_mode & 07777, 04751);
  CHECK_EQ(fchmod(fd, 0600), 0);
  struct timespec ts[2] = { { 1000000000, 5 }, { 1234567890, 123456789 } };
  CHECK_EQ(utimensat(AT_FDCWD, "a", ts, 0), 0);
  CHECK_EQ(stat("a", &s), 0);
  CHECK_EQ(s.st_mtim.tv_sec, 1234567890);
  CHECK_EQ(s.st_mtim.tv_nsec, 123456789);
  CHECK_EQ(s.st_atim.tv_sec, 1000000000);
  CHECK_EQ(futimens(fd, NULL), 0);
  struct statx sx;
  CHECK_EQ(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &sx), 0);
  CHECK_EQ(sx.stx_size, s.st_size);
  CHECK_EQ(sx.stx_ino, s.st_ino);
  struct statfs sf;
  CHECK_EQ(statfs(".", &sf), 0);
  CHECK_EQ(fstatfs(fd, &sf), 0);
  CHECK(sf.f_bsize > 0);
  int xr = setxattr("a", "user.test", "value", 5, 0);
  if (xr == 0) {
    CHECK_EQ(getxattr("a", "user.test", b, sizeof b), 5);
    CHECK(!memcmp(b, "value", 5));
    CHECK(listxattr("a", b, sizeof b) >= 10);
    CHECK_EQ(removexattr("a", "user.test"), 0);
    CHECK_ERR(getxattr("a", "user.test", b, sizeof b), ENODATA);
  } else CHECK_EQ(errno, EOPNOTSUPP);
  CHECK_EQ(mkfifo("fifo", 0600), 0);
  CHECK_EQ(stat("fifo", &s), 0);
  CHECK(S_ISFIFO(s.st_mode));
  CHECK_ERR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  int ff = open("fifo", O_RDWR);
  CHECK_EQ(write(ff, "abc", 3), 3);
  CHECK_EQ(read(ff, b, 9), 3);
  close(ff);
  CHECK_EQ(fsync(fd), 0);
  CHECK_EQ(fdatasync(fd), 0);
  CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
  CHECK_EQ(fallocate(fd, 0, 0, 10000), 0);
  CHECK_EQ(fstat(fd, &s), 0);
  CHECK_EQ(s.st_size, 10000);
  CHECK_EQ(access("a", R_OK | W_OK), 0);
  CHECK_EQ(faccessat(AT_FDCWD, "a", R_OK, 0), 0);
  char cwd[4096];
  CHECK(getcwd(cwd, sizeof cwd));
  CHECK_ERR(getcwd(cwd, 2) ? 0 : -1, ERANGE);
  CHECK_EQ(mkdir("sub", 0755), 0);
  CHECK_EQ(chdir("sub"), 0);
  CHECK(getcwd(b, 1) == NULL);
  int up = open("..", O_PATH);
  CHECK_EQ(fchdir(up), 0);
  CHECK_ERR(read(up, b, 1), EBADF);
  CHECK_EQ(rmdir("sub"), 0);
  int t = open(".", O_TMPFILE | O_RDWR, 0600);
  if (t >= 0) {
    CHECK_EQ(write(t, "tmp", 3), 3);
    CHECK_EQ(fstat(t, &s), 0);
    CHECK_EQ(s.st_nlink, 0);
    close(t);
  }
  puts("ok");
  return 0;
}
