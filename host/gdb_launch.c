// Starts gdb with a script that defines our commands and connects. The script is an anonymous file that it inherits, so
// nothing is left behind and nobody else can change it.
#include "host/gdb_launch.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A person is told what can be done; a script is not.
static int script(uint16_t port) {
  int fd = memfd_create("rr-gdb-script", 0);
  if (fd < 0) return -1;
  bool person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
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

int launch_debugger(struct debugger *d, const struct replay_options *o, uint16_t port, struct fault *f) {
  char path[32];
  int fd = script(port);
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
