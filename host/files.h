// Whole reads and writes of files.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

ssize_t write_parts(int fd, struct iovec *parts, int count);   // all of it; -1 with errno
ssize_t read_at(int fd, void *data, size_t size, off_t at);    // up to size, short only at the end of the file; -1 with errno
char *read_file_at(int dir, const char *name, size_t max, size_t *size);  // malloc'd, zero-terminated; NULL with errno (EFBIG over max)
int write_file_at(int dir, const char *name, const void *data, size_t size); // a new file takes the name's place at once; -1 with errno
