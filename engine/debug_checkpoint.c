// Checkpoints: copies of this process that stand where it stands. All guest memory is private on replay and one host thread
// carries everything, so a copy is a fork; what several mappings show is copied by memory_isolate.
//
// A copy is a sibling (CLONE_PARENT): the server is its parent and reaps it, and the end of one process ends no other.
#include <asm/errno.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include "engine/debug_internal.h"
#include "engine/map.h"
#include "engine/start.h"
#include "engine/sys.h"

struct usage { s64 user_s, user_us, system_s, system_us, max_rss, ix, id, is, minor, major, rest[8]; }; // struct rusage

static u64 cpu_before, faults_before; // of the processes that this one is a copy of

void usage_fill(struct rr_dbg_stop *s) {
  struct usage u = { 0 };
  sys(__NR_getrusage, 0 /* RUSAGE_SELF */, &u);
  s->host_pid = (u32)sys(__NR_getpid);
  s->cpu_us = cpu_before + (u64)(u.user_s + u.system_s) * 1000000 + (u64)(u.user_us + u.system_us);
  s->faults = faults_before + (u64)u.minor;
}

bool checkpoint_fork(int fd) {
  struct rr_dbg_stop now;
  seen_before_copy();
  usage_fill(&now);
  s64 r = sys(__NR_clone, (u64)CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (r) {
    sys(__NR_close, fd);
    return false;
  }
  print_forget(); // it is the other's to tell
  cpu_before = now.cpu_us;
  faults_before = now.faults;
  sys(__NR_dup3, fd, engine_fds[ENGINE_FD_DEBUG], 0); // the number is what an exec hands on
  sys(__NR_close, fd);
  memory_isolate();
  return true;
}
