// Session memory and the start of the first engine. The child is made by vfork: it only sets what exec keeps, and its
// memory being ours tells us the error of a failed exec for nothing.
#include "host/launch.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/cli.h"
#include "host/paths.h"
#include "host/vdso_layout.h"

const int signals_watched[3] = { SIGCHLD, SIGTERM, SIGHUP };

void futex_wake(uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0); }

void futex_wait(uint32_t *word, uint32_t value, int milliseconds) {
  struct timespec ts = { milliseconds / 1000, milliseconds % 1000 * 1000000l };
  syscall(SYS_futex, word, FUTEX_WAIT, value, milliseconds < 0 ? NULL : &ts, NULL, 0);
}

void session_abort(struct session *s) {
  __atomic_store_n(&s->memory->abort, 1, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&s->memory->free_futex, 1, __ATOMIC_SEQ_CST);
  futex_wake(&s->memory->free_futex, INT_MAX);
}

// What rr changes of its own signals: the terminal's pass by (the guest gets them too), the watched ones come by signalfd.
static const int signals_changed[] = { SIGINT, SIGQUIT, SIGTSTP, SIGPIPE, SIGCHLD, SIGTERM, SIGHUP };
_Static_assert(sizeof signals_changed / sizeof(int) == SIGNALS_CHANGED, "one action each");

void signals_take_over(struct signal_state *saved) {
  sigset_t watched;
  sigemptyset(&watched);
  for (int i = 0; i < 3; i++) sigaddset(&watched, signals_watched[i]);
  sigprocmask(SIG_BLOCK, &watched, &saved->mask);
  for (int i = 0; i < SIGNALS_CHANGED; i++) {
    struct sigaction ours = { .sa_handler = sigismember(&watched, signals_changed[i]) ? SIG_DFL : SIG_IGN };
    sigaction(signals_changed[i], &ours, &saved->actions[i]);
  }
}

void options_default(struct rr_options *o) {
  *o = (struct rr_options){ .dump_on = INT_MIN, .xsave_mask = ~0ull };
  memset(o->cpu_keep, 0xff, sizeof o->cpu_keep);
  cache_dir_find(o->cache_dir, sizeof o->cache_dir);
  vdso_layout(o->vdso_pages);
}

// A word of a comma-separated list: "name" or "name=value" or "name:value".
static bool next_word(const char **list, char *word, size_t size, const char **value) {
  size_t n = strcspn(*list, ",");
  if (!**list) return false;
  snprintf(word, size, "%.*s", (int)n, *list);
  *list += n + ((*list)[n] == ',');
  char *split = strpbrk(word, "=:");
  *value = "";
  if (split) *split = 0, *value = split + 1;
  return true;
}

static int debug_flags(struct rr_options *o, const char *list, struct fault *f) {
  static const struct { const char *name; uint32_t flag; } flags[] = {
    { "nolink", RR_DEBUG_NOLINK }, { "tinycache", RR_DEBUG_TINYCACHE }, { "switch", RR_DEBUG_SWITCH },
    { "tinyring", RR_DEBUG_TINYRING }, { "step", RR_DEBUG_STEP }, { "nocachefile", RR_DEBUG_NOCACHEFILE },
  };
  char word[64];
  const char *value;
  while (next_word(&list, word, sizeof word, &value)) {
    bool known = !strcmp(word, "last_fragment") && parse_number(value, &o->last_fragment);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
      if (!strcmp(word, flags[i].name)) o->debug |= flags[i].flag, known = true;
    if (!known) return fault_set(f, EXIT_USAGE, "RR_DEBUG: `%s` is not a mode", word);
  }
  return 0;
}

static int log_mask(struct rr_options *o, const char *list, struct fault *f) {
  // In the order of enum log_category, engine/base.h.
  static const char *const categories[] = { "start", "translate", "link", "syscall", "signal", "thread", "map", "smc", "replay", "tick", "debug" };
  char word[64];
  const char *value;
  while (next_word(&list, word, sizeof word, &value)) {
    bool known = !strcmp(word, "all");
    if (known) o->log_mask = ~0ul;
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
      if (!strcmp(word, categories[i])) o->log_mask |= 1ul << i, known = true;
    if (!known) return fault_set(f, EXIT_USAGE, "RR_LOG: `%s` is not a category", word);
  }
  return 0;
}

int options_debug(struct rr_options *o, struct fault *f) {
  const char *debug = getenv("RR_DEBUG"), *log = getenv("RR_LOG");
  if (debug && debug_flags(o, debug, f)) return f->code;
  if (log && log_mask(o, log, f)) return f->code;
  if (cli_globals.dump_on_set) o->dump_on = cli_globals.dump_on;
  if (cli_globals.dump_at_set) o->dump_at_set = 1, o->dump_at = cli_globals.dump_at;
  o->checksum = cli_globals.checksum;
  o->checksum_from = cli_globals.checksum_from;
  return 0;
}

// Descriptors of ours lie high, out of the guest's way, but not so high that each fork copies a large table.
static int fd_high(int fd) {
  struct rlimit limit;
  int base = 1000;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1024) base = limit.rlim_cur > 32 ? (int)limit.rlim_cur - 16 : 10;
  return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, base);
}

int session_make(struct session *s, enum rr_mode mode, const struct rr_options *o, struct fault *f) {
  int pair[2];
  *s = (struct session){ .memfd = -1, .socket = -1, .their_socket = -1 };
  if ((s->engine = engine_open(f)) < 0) return f->code;
  s->bytes = mode == RR_RECORD ? RR_RECORD_BYTES : RR_REPLAY_BYTES;
  s->memfd = memfd_create("rr-session", MFD_CLOEXEC);
  if (s->memfd < 0 || ftruncate(s->memfd, (off_t)s->bytes) < 0) return fault_set(f, EXIT_NO_START, "cannot make the session memory: %s", strerror(errno));
  // The descriptor table is made large enough here, while no thread shares it: enlarging a shared one waits until all CPUs
  // have passed through the scheduler (fs/file.c, expand_fdtable), ten milliseconds and more.
  int high = fd_high(s->memfd);
  if (high >= 0) close(high);
  s->memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->memfd, 0);
  if (s->memory == MAP_FAILED) return s->memory = NULL, fault_set(f, EXIT_NO_START, "cannot map the session memory: %s", strerror(errno));
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return fault_set(f, EXIT_NO_START, "socketpair: %s", strerror(errno));
  s->socket = pair[0];
  s->their_socket = pair[1];
  struct rr_session *m = s->memory;
  m->magic = RR_SESSION_MAGIC;
  m->version = RR_ABI_VERSION;
  m->mode = mode;
  m->opt = *o;
  m->next_stream = 1;
  m->next_file = 1;
  for (int i = 0; i < 3; i++) {
    struct stat st;
    if (fstat(i, &st) == 0) m->out[i].dev = st.st_dev, m->out[i].ino = st.st_ino;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1); // orphans of the recorded tree stay in our sight
  return 0;
}

void session_free(struct session *s) {
  if (s->memory) munmap(s->memory, s->bytes);
  int fds[] = { s->memfd, s->engine, s->socket, s->their_socket };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0) close(fds[i]);
}

enum { FD_SESSION, FD_SOCKET, FD_ENGINE, FD_EXE, FD_DEBUG, FD_COUNT };

// A copy of a vector of strings with one more.
static char **vector_with(char **v, char *last) {
  size_t n = 0;
  while (v[n]) n++;
  char **copy = malloc((n + 2) * sizeof *copy);
  if (!copy) abort();
  memcpy(copy, v, n * sizeof *copy);
  copy[n] = last;
  copy[n + 1] = NULL;
  return copy;
}

// What the child needs until its exec, in memory that it shares with us.
struct child {
  _Alignas(16) char stack[16384];
  struct child *before; // the one launched before: none is freed, as nothing tells of its exec
  struct session *session;
  const struct signal_state *signals;
  int fds[FD_COUNT];
  char **argv, **envp;
};

// Not instrumented: a sanitizer would take its stack for the one of the thread whose memory it shares.
__attribute__((no_sanitize("address", "undefined"))) static int child_main(void *argument) {
  struct child *c = argument;
  const struct signal_state *signals = c->signals;
  for (int i = 0; i < FD_COUNT; i++)
    if (c->fds[i] >= 0) fcntl(c->fds[i], F_SETFD, 0);
  if (signals) {
    for (int i = 0; i < SIGNALS_CHANGED; i++) sigaction(signals_changed[i], &signals->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &signals->mask, NULL);
  }
  syscall(SYS_execveat, c->fds[FD_ENGINE], "", c->argv, c->envp, AT_EMPTY_PATH);
  c->session->start_error = errno;
  _exit(127);
}

// The kernel leaves a new task on its parent's CPU often enough, where it waits until we do. We go instead: our work and the
// engine's start then overlap.
static void leave_cpu(void) {
  cpu_set_t all, others;
  int cpu = sched_getcpu();
  if (cpu < 0 || sched_getaffinity(0, sizeof all, &all) < 0) return;
  others = all;
  CPU_CLR(cpu, &others);
  if (CPU_COUNT(&others) && sched_setaffinity(0, sizeof others, &others) == 0) sched_setaffinity(0, sizeof all, &all);
}

// Not vfork: its parent sleeps until the exec and then often shares the child's CPU for the rest of its start, which is a
// third of the time that recording a short program takes.
int session_launch(struct session *s, const struct launch *l, struct fault *f) {
  static struct child *launched;
  struct child *c = aligned_alloc(16, sizeof *c);
  char *variable;
  if (!c) abort();
  *c = (struct child){ .before = launched, .session = s, .signals = l->signals, .fds = { fd_high(s->memfd), fd_high(s->their_socket), fd_high(s->engine), fd_high(l->exe),
    l->debug >= 0 ? fd_high(l->debug) : s->memory->opt.log_mask ? fd_high(2) : -1 } };
  int n = asprintf(&variable, "RR_ENGINE=%d,%d,%d,%u,%u,%d,%d,0,%s", c->fds[FD_SESSION], c->fds[FD_SOCKET], c->fds[FD_ENGINE], l->stream, ~0u, c->fds[FD_EXE],
    c->fds[FD_DEBUG], l->execfn);
  if (n < 0) abort();
  launched = c;
  c->envp = vector_with(l->envp, variable);
  c->argv = vector_with(l->argv, NULL);
  int error = 0;
  if (c->fds[FD_SESSION] < 0 || c->fds[FD_SOCKET] < 0 || c->fds[FD_ENGINE] < 0 || (l->exe >= 0 && c->fds[FD_EXE] < 0)) error = errno;
  if (!error && (s->root = clone(child_main, c->stack + sizeof c->stack, CLONE_VM | SIGCHLD, c)) < 0) error = errno;
  if (!error) leave_cpu();
  for (int i = 0; i < FD_COUNT; i++)
    if (c->fds[i] >= 0) close(c->fds[i]);
  close(s->their_socket);
  s->their_socket = -1;
  return error ? fault_set(f, EXIT_NO_START, "cannot start the engine: %s", strerror(error)) : 0;
}
