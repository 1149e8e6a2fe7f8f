// Finding the program. The engine resolves `#!` itself; here only what makes a good message before anything is started.
#include "host/program.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/elf.h"

static int check_format(int fd, const char *path, struct fault *f) {
  uint8_t head[64] = { 0 };
  ssize_t n = pread(fd, head, sizeof head, 0);
  if (n < 0) return fault_set(f, EXIT_NO_START, "%s cannot be read: %s", path, strerror(errno));
  if (n >= 2 && head[0] == '#' && head[1] == '!') return 0;
  switch (elf_kind(head, (size_t)n)) {
  case ELF_X86_64: return 0;
  case ELF_I386: return fault_set(f, EXIT_NO_START, "%s is a 32-bit program: these are not supported yet", path);
  case ELF_OTHER: return fault_set(f, EXIT_NO_START, "%s is a program for another kind of machine", path);
  case ELF_NONE: break;
  }
  return fault_set(f, EXIT_NO_START, "%s is neither an ELF program nor a script that begins with #!", path);
}

// 0, or errno of why this candidate cannot be executed.
static int executable(const char *path) {
  struct stat st;
  if (stat(path, &st) < 0) return errno;
  if (!S_ISREG(st.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int search(const char *name, char *path, int size) {
  const char *list = getenv("PATH");
  int error = ENOENT;
  if (!list) list = "/bin:/usr/bin"; // execvp's default
  for (const char *p = list;; p++) {
    int n = (int)strcspn(p, ":");
    snprintf(path, (size_t)size, "%.*s%s%s", n, p, n ? "/" : "", name);
    int r = executable(path);
    if (!r) return 0;
    if (r == EACCES) error = r; // execvp goes on and reports this at the end
    p += n;
    if (!*p) return error;
  }
}

int program_open(const char *name, char *path, int size, struct fault *f) {
  int error = ENOENT;
  if (strchr(name, '/')) {
    snprintf(path, (size_t)size, "%s", name);
    error = executable(path);
  } else if (*name) {
    error = search(name, path, size);
  }
  if (error) {
    struct stat st;
    const char *why = stat(name, &st) == 0 && S_ISDIR(st.st_mode) && strchr(name, '/') ? "it is a directory" : strerror(error);
    return fault_set(f, EXIT_NO_START, "cannot start %s: %s", name, why), -1;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fault_set(f, EXIT_NO_START, "%s cannot be read, and a program that cannot be read cannot be recorded: %s", path, strerror(errno)), -1;
  if (check_format(fd, path, f)) {
    close(fd);
    return -1;
  }
  return fd;
}
