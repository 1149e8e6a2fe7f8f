// Whole reads and writes of files.
#include "host/files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t write_parts(int fd, struct iovec *parts, int count) {
  ssize_t total = 0;
  while (count) {
    ssize_t n = writev(fd, parts, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    total += n;
    for (; count && (size_t)n >= parts->iov_len; parts++, count--) n -= (ssize_t)parts->iov_len;
    if (count) {
      parts->iov_base = (char *)parts->iov_base + n;
      parts->iov_len -= (size_t)n;
    }
  }
  return total;
}

ssize_t read_at(int fd, void *data, size_t size, off_t at) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, (char *)data + done, size - done, at + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (!n) break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

static char *read_open_file(int fd, size_t max, size_t *size) {
  struct stat st;
  if (fstat(fd, &st) < 0) return NULL;
  if (S_ISDIR(st.st_mode) || (uint64_t)st.st_size > max) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EFBIG;
    return NULL;
  }
  char *data = malloc((size_t)st.st_size + 1);
  ssize_t n = data ? read_at(fd, data, (size_t)st.st_size, 0) : -1;
  if (n < 0) {
    free(data);
    return NULL;
  }
  data[n] = 0;
  *size = (size_t)n;
  return data;
}

char *read_file_at(int dir, const char *name, size_t max, size_t *size) {
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NULL;
  char *data = read_open_file(fd, max, size);
  int error = errno;
  close(fd);
  errno = error;
  return data;
}

int write_file_at(int dir, const char *name, const void *data, size_t size) {
  char temporary[256];
  snprintf(temporary, sizeof temporary, "%s.new", name);
  int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return -1;
  struct iovec part = { (void *)data, size };
  int r = write_parts(fd, &part, 1) < 0 ? -1 : 0;
  int error = errno;
  if (close(fd) < 0 && !r) r = -1, error = errno;
  if (!r && renameat(dir, temporary, dir, name) < 0) r = -1, error = errno;
  if (r) unlinkat(dir, temporary, 0);
  errno = error;
  return r;
}
