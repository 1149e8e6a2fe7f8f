// Descendants by /proc/PID/stat: seldom needed, so simply all processes are read.
#include "host/proc_tree.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair { pid_t pid, parent; bool ours; };

static pid_t parent_of(const char *pid) {
  char name[64], text[512];
  snprintf(name, sizeof name, "/proc/%.32s/stat", pid);
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  char *after = strrchr(text, ')'); // the name may hold anything
  char state;
  int parent = 0;
  return after && sscanf(after + 1, " %c %d", &state, &parent) == 2 && state != 'Z' ? parent : 0;
}

int proc_tree_kill(int signo) {
  struct pair *all = NULL;
  size_t count = 0, room = 0;
  DIR *d = opendir("/proc");
  for (struct dirent *e; d && (e = readdir(d));) {
    if (!isdigit((unsigned char)e->d_name[0])) continue;
    if (count == room) {
      room = room ? room * 2 : 256;
      all = realloc(all, room * sizeof *all);
      if (!all) abort();
    }
    all[count++] = (struct pair){ atoi(e->d_name), parent_of(e->d_name), false };
  }
  if (d) closedir(d);
  int found = 0;
  for (bool grew = true; grew;) {
    grew = false;
    for (size_t i = 0; i < count; i++) {
      if (all[i].ours || !all[i].parent) continue;
      bool ours = all[i].parent == getpid();
      for (size_t j = 0; j < count && !ours; j++) ours = all[j].ours && all[j].pid == all[i].parent;
      if (ours) all[i].ours = grew = true;
    }
  }
  for (size_t i = 0; i < count; i++)
    if (all[i].ours && kill(all[i].pid, signo) == 0) found++;
  free(all);
  return found;
}

void end_as(int status) {
  if (!WIFSIGNALED(status)) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  int signo = WTERMSIG(status);
  struct rlimit none = { 0, 0 };
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0); // a core_pattern with a pipe ignores the limit
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  signal(signo, SIG_DFL);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  kill(getpid(), signo);
  _exit(128 + signo); // a signal whose default does not kill
}
