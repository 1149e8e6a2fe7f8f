// Starts gdb with a script that defines our commands and connects. The script is an anonymous file that it inherits, so
// nothing is left behind and nobody else can change it.
#include "host/gdb_launch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host/elf.h"

// The programs and libraries of the recording are still where they were, and have not been changed.
static bool images_unchanged(const struct replay_session *r) {
  for (uint32_t i = 0; i < r->kept.count; i++) {
    const struct kept_file *k = &r->kept.files[i];
    uint8_t head[64] = { 0 };
    char name[32];
    struct stat st;
    snprintf(name, sizeof name, "file_%u", k->id);
    int fd = openat(r->trace->dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0) close(fd);
    if (n >= 0 && elf_kind(head, (size_t)n) == ELF_NONE) continue;
    if (n < 0 || stat(k->path, &st) < 0 || st.st_dev != k->dev || st.st_ino != k->ino || (uint64_t)st.st_size != k->size) return false;
    if ((uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec != k->mtime_ns) return false;
    if ((uint64_t)st.st_ctim.tv_sec * 1000000000 + (uint64_t)st.st_ctim.tv_nsec != k->ctime_ns) return false;
  }
  return true;
}

// A person is told what can be done; a script is not. gdb takes the images from us (the trace keeps them) unless the files are the
// same: that is faster, and for a file by that name gdb finds pretty printers.
static int script(const struct replay_session *r, uint16_t port) {
  int fd = memfd_create("rr-gdb-script", 0);
  if (fd < 0) return -1;
  bool person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (images_unchanged(r)) dprintf(fd, "set sysroot /\n");
  dprintf(fd, "%starget extended-remote 127.0.0.1:%u\n%s", gdb_init_text, port, person ? gdb_greeting : "");
  return fd;
}

static void become_debugger(const char *program, const char *path, const char *const *more) {
  size_t n = 0;
  while (more && more[n]) n++;
  const char **argv = calloc(n + 8, sizeof *argv);
  if (!argv) _exit(127);
  size_t i = 0;
  argv[i++] = program;
  argv[i++] = "-q";
  argv[i++] = "-x";
  argv[i++] = path;
  for (size_t k = 0; k < n; k++) argv[i++] = more[k];
  for (int signo = 1; signo < 32; signo++) signal(signo, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(program, (char **)argv);
  fprintf(stderr, "[ERROR] rr cannot start %s: %s\n", program, strerror(errno));
  _exit(127);
}

int launch_debugger(struct debugger *d, const struct replay_session *r, const struct replay_options *o, uint16_t port, struct fault *f) {
  char path[32];
  int fd = script(r, port);
  if (fd < 0) return fault_set(f, 1, "cannot make gdb's script: %s", strerror(errno));
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  signal(SIGINT, SIG_IGN);  // Ctrl-C is gdb's
  signal(SIGQUIT, SIG_IGN);
  d->pid = fork();
  if (d->pid == 0) become_debugger(o->debugger ? o->debugger : "gdb", path, o->debugger_args);
  close(fd);
  if (d->pid < 0) return fault_set(f, 1, "fork: %s", strerror(errno));
  d->exited = (int)syscall(SYS_pidfd_open, d->pid, 0);
  return d->exited >= 0 ? 0 : fault_set(f, 1, "pidfd_open: %s", strerror(errno));
}

int launch_wait(struct debugger *d) {
  int status = 0;
  if (d->pid <= 0) return 1;
  while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR) {}
  if (d->exited >= 0) close(d->exited);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
