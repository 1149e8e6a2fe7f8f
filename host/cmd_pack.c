// rr pack [TRACE...]: makes traces independent of this machine's store: hard links to it become files of their own.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/replay.h"

enum { O_ACCEPTED = 1 };
static const struct cli_option options[] = { { O_ACCEPTED, "s|symlink|pack-dir", NULL, NULL }, { 0 } };

static int copy_all(int from, int to, uint64_t size) {
  while (size) {
    ssize_t n = sendfile(to, from, NULL, size > 1 << 30 ? 1 << 30 : size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno = n < 0 ? errno : EIO, -1;
    size -= (uint64_t)n;
  }
  return 0;
}

static int own_copy(int dir, uint32_t id, struct fault *f) {
  char name[32], temporary[48];
  struct stat st;
  snprintf(name, sizeof name, "file_%u", id);
  snprintf(temporary, sizeof temporary, "file_%u0000000000", id); // a name that trace_dir_delete knows as ours
  if (fstatat(dir, name, &st, 0) < 0) return fault_set(f, EXIT_BAD_TRACE, "%s: %s", name, strerror(errno));
  if (st.st_nlink == 1) return 0;
  int from = openat(dir, name, O_RDONLY | O_CLOEXEC), to = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
  int r = from < 0 || to < 0 || copy_all(from, to, (uint64_t)st.st_size) < 0 || renameat(dir, temporary, dir, name) < 0;
  if (r) fault_set(f, 1, "cannot copy %s: %s", name, strerror(errno)), unlinkat(dir, temporary, 0);
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  return r ? f->code : 0;
}

static int pack(const char *name) {
  char path[PATH_MAX];
  struct fault f;
  struct replay_session r;
  if (trace_dir_find(name, path, sizeof path, &f) || replay_open(path, &r, &f)) return fault_say(&f);
  int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = kept_files_verify(r.trace->dir, &r.kept, &f);
  for (uint32_t i = 0; !code && i < r.kept.count; i++) code = own_copy(dir, r.kept.files[i].id, &f);
  if (dir >= 0) close(dir);
  if (!code) say_info("packed %s", path);
  replay_close(&r);
  return code ? fault_say(&f) : 0;
}

static int run(struct cli *c) {
  int code = 0;
  unsigned words = 0;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if (o != CLI_WORD) continue;
    words++;
    int r = pack(c->value);
    if (r) code = r;
  }
  return words ? code : pack(NULL);
}

const struct command cmd_pack = { .name = "pack", .summary = "make traces fit to be moved to another machine", .usage = "pack [TRACE...]", .options = options, .run = run };
