// rr ls [-l] [-t] [-r] [DIR]: the traces in a directory.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "host/commands.h"
#include "host/manifest.h"
#include "host/paths.h"
#include "host/text.h"

enum { O_LONG = 1, O_TIME, O_REVERSE };
static const struct cli_option options[] = {
  { O_LONG, "l|full-listing", NULL, "also when it was recorded, its size, and the command" },
  { O_TIME, "t|sort-by-age", NULL, "the newest first" },
  { O_REVERSE, "r|reverse", NULL, "the other way round" },
  { 0 },
};

struct entry { char *name; struct timespec time; };
static bool by_time, reverse;

static int order(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  int r = strverscmp(x->name, y->name); // trace_9 before trace_10
  if (by_time && x->time.tv_sec != y->time.tv_sec) r = x->time.tv_sec > y->time.tv_sec ? -1 : 1;
  else if (by_time && x->time.tv_nsec != y->time.tv_nsec) r = x->time.tv_nsec > y->time.tv_nsec ? -1 : 1;
  return reverse ? -r : r;
}

static uint64_t dir_bytes(const char *path) {
  uint64_t bytes = 0;
  DIR *d = opendir(path);
  for (struct dirent *e; d && (e = readdir(d));) {
    struct stat st;
    if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) bytes += (uint64_t)st.st_blocks * 512;
  }
  if (d) closedir(d);
  return bytes;
}

static void print_long(const char *dir, const struct entry *e) {
  char path[PATH_MAX], when[64], size[32];
  struct manifest m = { 0 };
  struct fault f;
  struct text command = { 0 };
  snprintf(path, sizeof path, "%s/%s", dir, e->name);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool good = fd >= 0 && !manifest_read(fd, &m, &f);
  if (fd >= 0) close(fd);
  const char *arg;
  for (size_t i = 0; (arg = manifest_each(&m, "arg", &i));) {
    if (command.size) text_add_bytes(&command, " ", 1);
    text_escape(&command, arg);
  }
  struct tm tm;
  strftime(when, sizeof when, "%F %T", localtime_r(&e->time.tv_sec, &tm));
  uint64_t bytes = dir_bytes(path);
  snprintf(size, sizeof size, bytes < 1 << 20 ? "%.0fK" : bytes < 1 << 30 ? "%.1fM" : "%.1fG",
    (double)bytes / (bytes < 1 << 20 ? 1 << 10 : bytes < 1 << 30 ? 1 << 20 : 1 << 30));
  printf("%-24s %s %8s%s %s\n", e->name, when, size, !good ? " (damaged)" : manifest_number(&m, "complete", 0) ? "" : " (incomplete)", command.data ? command.data : "");
  free(command.data);
  manifest_free(&m);
}

static struct entry *read_entries(const char *dir, DIR *d, size_t *count) {
  struct entry *list = NULL;
  size_t room = 0;
  *count = 0;
  for (struct dirent *e; (e = readdir(d));) {
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s/manifest", dir, e->d_name);
    if (e->d_name[0] == '.' || !strcmp(e->d_name, "latest-trace") || stat(path, &st) < 0) continue;
    if (*count == room) {
      room = room ? room * 2 : 64;
      list = realloc(list, room * sizeof *list);
      if (!list) abort();
    }
    list[(*count)++] = (struct entry){ strdup(e->d_name), st.st_mtim };
  }
  return list;
}

static int run(struct cli *c) {
  const char *dir = NULL;
  bool lengthy = false;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if (o == O_LONG) lengthy = true;
    if (o == O_TIME) by_time = true;
    if (o == O_REVERSE) reverse = true;
    if (o == CLI_WORD && dir) return cli_error(c, "one directory at a time: `%s` is too many", c->value);
    if (o == CLI_WORD) dir = c->value;
  }
  if (!dir) dir = trace_dir_home();
  DIR *d = opendir(dir);
  if (!d) {
    say_error("%s: %s", dir, strerror(errno));
    return 1;
  }
  size_t count;
  struct entry *list = read_entries(dir, d, &count);
  closedir(d);
  if (count) qsort(list, count, sizeof *list, order);
  for (size_t i = 0; i < count; i++) {
    if (lengthy) print_long(dir, &list[i]);
    else puts(list[i].name);
    free(list[i].name);
  }
  free(list);
  return 0;
}

const struct command cmd_ls = { .name = "ls", .summary = "list the traces in a directory", .usage = "ls [-l] [-t] [-r] [DIR]", .options = options, .run = run };
