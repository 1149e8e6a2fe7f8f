// Paths. The names that may be in a trace directory are known here, because nothing else is ever removed from one.
#include "host/paths.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

bool trace_dir_is(const char *dir) {
  char name[PATH_MAX];
  struct stat st;
  int n = snprintf(name, sizeof name, "%s/manifest", dir);
  return n > 0 && n < (int)sizeof name && stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

const char *trace_dir_home(void) {
  const char *home = getenv("_RR_TRACE_DIR");
  return home && *home ? home : ".";
}

int engine_open(struct fault *f) {
  static const char *const places[] = { "rr-engine", "../lib/rr/rr-engine" };
  char self[PATH_MAX], name[PATH_MAX + 32];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n >= 0) self[n] = 0;
  else if (!realpath((const char *)getauxval(AT_EXECFN), self)) // no /proc here: as we were started
    return fault_set(f, EXIT_NO_START, "/proc/self/exe cannot be read (%s): is /proc mounted?", strerror(errno)), -1;
  char *slash = strrchr(self, '/');
  if (slash) *slash = 0;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    snprintf(name, sizeof name, "%s/%s", self, places[i]);
    int fd = open(name, O_PATH | O_CLOEXEC);
    if (fd >= 0) return fd;
  }
  fault_set(f, EXIT_NO_START, "rr-engine is neither in %s nor in %s/../lib/rr: install rr whole", self, self);
  return -1;
}

int trace_dir_new(const char *output, char *path, size_t size, struct fault *f) {
  if (output) {
    snprintf(path, size, "%s", output);
    if (mkdir(path, 0777) == 0) return 0;
    if (errno == EEXIST && rmdir(path) == 0 && mkdir(path, 0777) == 0) return 0; // an empty one is taken
    return fault_set(f, EXIT_NO_START, "cannot make the trace directory %s: %s", path, strerror(errno == ENOTEMPTY ? EEXIST : errno));
  }
  const char *home = trace_dir_home();
  if (strcmp(home, ".")) mkdir(home, 0777); // as a convenience; the next mkdir says what is wrong
  for (unsigned n = 0;; n++) {
    if (strcmp(home, ".")) snprintf(path, size, "%s/trace_%u", home, n);
    else snprintf(path, size, "trace_%u", n);
    if (mkdir(path, 0777) == 0) return 0;
    if (errno != EEXIST)
      return fault_set(f, EXIT_NO_START, "cannot make the trace directory %s: %s (name another place with -o or _RR_TRACE_DIR)", path, strerror(errno));
  }
}

void trace_dir_link_latest(const char *path) {
  const char *home = getenv("_RR_TRACE_DIR");
  char real[PATH_MAX], link[PATH_MAX], temporary[PATH_MAX];
  if (!home || !*home || !realpath(path, real)) return;
  snprintf(link, sizeof link, "%s/latest-trace", home);
  snprintf(temporary, sizeof temporary, "%s/.latest-trace.%d", home, (int)getpid());
  if (symlink(real, temporary) == 0 && rename(temporary, link) < 0) unlink(temporary);
}

static bool name_ours(const char *name) {
  static const char *const names[] = { "manifest", "manifest.new", "frames", "index", "files" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i])) return true;
  return !strncmp(name, "file_", 5) && name[5] && strspn(name + 5, "0123456789") == strlen(name + 5);
}

int trace_dir_delete(const char *path, struct fault *f) {
  int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = dir < 0 ? NULL : fdopendir(dir);
  if (!d) {
    int error = errno;
    if (dir >= 0) close(dir);
    return fault_set(f, EXIT_BAD_TRACE, "%s: %s", path, strerror(error));
  }
  int r = 0;
  for (struct dirent *e; !r && (e = readdir(d));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && !name_ours(e->d_name))
      r = fault_set(f, EXIT_BAD_TRACE, "%s: holds `%s`, which is not part of a trace: not removed", path, e->d_name);
  rewinddir(d);
  for (struct dirent *e; !r && (e = readdir(d));)
    if (name_ours(e->d_name) && unlinkat(dir, e->d_name, 0) < 0) r = fault_set(f, 1, "%s/%s: %s", path, e->d_name, strerror(errno));
  closedir(d);
  if (!r && rmdir(path) < 0) r = fault_set(f, 1, "%s: %s", path, strerror(errno));
  return r;
}

void trace_dir_remove(const char *path) {
  struct fault f;
  trace_dir_delete(path, &f);
}

// The trace in `home` whose manifest is the youngest.
static bool newest_trace(const char *home, char *path, size_t size) {
  DIR *d = opendir(home);
  struct timespec best = { 0 };
  bool found = false;
  for (struct dirent *e; d && (e = readdir(d));) {
    struct stat st;
    char name[PATH_MAX];
    if (e->d_name[0] == '.' || !strcmp(e->d_name, "latest-trace")) continue;
    snprintf(name, sizeof name, "%s/%s/manifest", home, e->d_name);
    if (stat(name, &st) < 0 || !S_ISREG(st.st_mode)) continue;
    bool newer = st.st_mtim.tv_sec > best.tv_sec || (st.st_mtim.tv_sec == best.tv_sec && st.st_mtim.tv_nsec > best.tv_nsec);
    if (found && !newer) continue;
    best = st.st_mtim;
    found = true;
    if (strcmp(home, ".")) snprintf(path, size, "%s/%s", home, e->d_name);
    else snprintf(path, size, "%s", e->d_name);
  }
  if (d) closedir(d);
  return found;
}

int trace_dir_find(const char *name, char *path, size_t size, struct fault *f) {
  if (!name) {
    if (newest_trace(trace_dir_home(), path, size)) return 0;
    return fault_set(f, EXIT_BAD_TRACE, "there is no trace in %s: record one, or name it", trace_dir_home());
  }
  snprintf(path, size, "%s", name);
  struct stat st;
  if (stat(name, &st) < 0 && errno == ENOENT && name[0] != '/') {
    char other[PATH_MAX];
    snprintf(other, sizeof other, "%s/%s", trace_dir_home(), name);
    if (trace_dir_is(other)) snprintf(path, size, "%s", other);
    else return fault_set(f, EXIT_BAD_TRACE, "%s: no such trace", name);
  } else if (stat(name, &st) == 0 && !S_ISDIR(st.st_mode)) {
    return fault_set(f, EXIT_BAD_TRACE, "%s is not a trace (a trace is a directory)", name);
  }
  return 0;
}

static bool dir_ours(const char *path) {
  struct stat st;
  if (mkdir(path, 0700) < 0 && errno != EEXIST) return false;
  return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) && access(path, W_OK) == 0;
}

bool cache_dir_find(char *path, size_t size) {
  const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  int n = -1;
  if (base && base[0] == '/') {
    n = snprintf(path, size, "%s/rr", base);
  } else if (home && home[0] == '/') {
    n = snprintf(path, size, "%s/.cache", home);
    if (n > 0 && n < (int)size) mkdir(path, 0700);
    n = snprintf(path, size, "%s/.cache/rr", home);
  }
  if (n > 0 && n < (int)size && dir_ours(path)) return true;
  n = snprintf(path, size, "/tmp/rr-cache-%u", (unsigned)geteuid());
  if (n > 0 && n < (int)size && dir_ours(path)) return true;
  path[0] = 0;
  return false;
}
