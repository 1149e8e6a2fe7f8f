// Runs of a trace.
#include "host/replay.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "host/cpu.h"
#include "host/proc_tree.h"

int replay_open(const char *dir, struct replay_session *r, struct fault *f) {
  *r = (struct replay_session){ 0 };
  if (trace_open(dir, &r->trace, f)) return f->code;
  if (manifest_number(&r->trace->manifest, "abi", 0) != RR_ABI_VERSION) {
    fault_set(f, EXIT_BAD_TRACE, "the trace was recorded by an rr with another engine (interface %llu, ours is %u): replay it with that one",
      (unsigned long long)manifest_number(&r->trace->manifest, "abi", 0), RR_ABI_VERSION);
  } else if (!kept_files_read(r->trace->dir, (uint32_t)manifest_number(&r->trace->manifest, "files", ~0u), &r->kept, f)) {
    if (strlen(r->trace->path) < sizeof((struct rr_options *)0)->trace_dir) return 0;
    fault_set(f, EXIT_BAD_TRACE, "the trace's path is too long: %s", r->trace->path);
  }
  replay_close(r);
  return f->code;
}

void replay_close(struct replay_session *r) {
  trace_close(r->trace);
  kept_files_free(&r->kept);
  *r = (struct replay_session){ 0 };
}

int replay_check(struct replay_session *r, struct fault *f) {
  cpu_compare(&r->trace->manifest);
  if (!r->trace->complete) say_warn("the trace is not complete: %s; it is replayed as far as it goes", r->trace->incomplete_why);
  return kept_files_verify(r->trace->dir, &r->kept, f);
}

int replay_run_start(struct replay_session *r, uint32_t stream, bool quiet, int channel, struct replay_run *run, struct fault *f) {
  struct rr_options o;
  *run = (struct replay_run){ 0 };
  if (!trace_stream(r->trace, stream)) return fault_set(f, EXIT_BAD_TRACE, "the trace has no whole frame of process stream %u", stream);
  options_default(&o);
  if (options_debug(&o, f)) return f->code;
  o.quiet = quiet;
  o.gdb = channel >= 0;
  o.complete = r->trace->complete;
  o.strings = r->strings;
  for (uint32_t i = 0; i < FOLLOW_MAX; i++) o.follow[i] = i < r->follow_count ? r->follow[i] : ~0u;
  o.xsave_mask = manifest_number(&r->trace->manifest, "xsave", ~0ull);
  o.checksum = (uint32_t)manifest_number(&r->trace->manifest, "checksum", 0);
  snprintf(o.trace_dir, sizeof o.trace_dir, "%s", r->trace->path);
  if (session_make(&run->session, RR_REPLAY, &o, f)) return session_free(&run->session), f->code;
  run->feed = feed_new(&run->session, r->trace);
  char *argv[] = { "rr-replay", NULL }, *envp[] = { NULL };
  struct launch l = { .stream = stream, .exe = -1, .debug = channel, .execfn = "-", .argv = argv, .envp = envp };
  if (!feed_start(run->feed, f) && !session_launch(&run->session, &l, f)) return 0;
  replay_run_end(run);
  return f->code;
}

int replay_run_fault(struct replay_run *run, struct fault *f) {
  struct rr_panic *p = &run->session.memory->panic;
  static const int codes[] = { [70 - 70] = EXIT_DIVERGED, [71 - 70] = EXIT_NO_START, [72 - 70] = 1, [73 - 70] = EXIT_BAD_TRACE };
  f->code = 0;
  if (feed_fault(run->feed)->code) return *f = *feed_fault(run->feed), f->code;
  if (__atomic_load_n(&p->taken, __ATOMIC_ACQUIRE) != 2) return 0;
  p->text[sizeof p->text - 1] = 0;
  int code = p->exit_status >= 70 && p->exit_status <= 73 ? codes[p->exit_status - 70] : 1;
  f->code = code;
  snprintf(f->text, sizeof f->text, "%.*s", (int)sizeof f->text - 1, p->text);
  return code;
}

void replay_run_end(struct replay_run *run) {
  if (run->session.root > 0) {
    session_abort(&run->session);
    kill(run->session.root, SIGKILL);
    waitpid(run->session.root, NULL, 0);
  }
  feed_free(run->feed);
  session_free(&run->session);
  *run = (struct replay_run){ 0 };
}

// Progress on a terminal that the program does not write to.
static void progress(struct replay_session *r, struct replay_run *run, bool end) {
  static struct timespec start;
  static bool shown;
  struct timespec now;
  if (!isatty(2) || isatty(1)) return;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (!start.tv_sec) start = now;
  double seconds = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
  if (end && shown) dprintf(2, "\r\033[K");
  if (end || seconds < 1) return;
  uint64_t fed = feed_bytes(run->feed), all = r->trace->frames_bytes;
  dprintf(2, "\r[INFO] rr replayed %d%% (%.1f MB/s)\033[K", all ? (int)(fed * 100 / all) : 100, (double)fed / seconds / 1e6);
  shown = true;
}

// Until all engines have gone, or one said that it cannot go on.
static void wait_for_end(struct replay_session *r, struct replay_run *run) {
  struct fault f;
  bool over = false;
  while (!over) {
    struct pollfd p = { run->session.socket, POLLIN, 0 };
    int n = poll(&p, 1, 250);
    progress(r, run, false);
    if (replay_run_fault(run, &f)) over = true;
    if (n <= 0) continue;
    char byte[1024]; // engines have nothing to say on replay
    ssize_t got = recv(run->session.socket, byte, sizeof byte, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) over = true;
  }
  progress(r, run, true);
}

static int root_status(struct replay_run *run) {
  int status = 0;
  while (waitpid(run->session.root, &status, 0) < 0 && errno == EINTR) {}
  run->session.root = 0;
  return status;
}

static void describe(int status, char *text, size_t size) {
  if (WIFSIGNALED(status)) snprintf(text, size, "was killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
  else snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
}

// The run ended by itself: was it the recording?
static int judge(struct replay_session *r, struct replay_run *run, int status) {
  int recorded = (int)manifest_number(&r->trace->manifest, "status", 0);
  const char *stopped = manifest_get(&r->trace->manifest, "stopped");
  if (!r->trace->complete) {
    say_warn("the trace is not complete: %s; it was replayed as far as it goes", r->trace->incomplete_why);
    return EXIT_BAD_TRACE;
  }
  if (stopped) say_warn("here rr stopped the recording: %s", stopped);
  if ((status & ~0x80) != (recorded & ~0x80)) { // but for the note of a core file
    char was[64], is[64];
    describe(recorded, was, sizeof was);
    describe(status, is, sizeof is);
    say_error("replay diverged from the recording at its end: the recorded program %s, the replayed one %s", was, is);
    return EXIT_DIVERGED;
  }
  if (!feed_all_fed(run->feed)) {
    say_error("replay diverged from the recording: it ended before the recording did");
    return EXIT_DIVERGED;
  }
  end_as(recorded);
}

int replay_auto(struct replay_session *r, const struct replay_options *o) {
  struct replay_run run;
  struct fault f = { 0 };
  cpu_compare(&r->trace->manifest);
  if (replay_run_start(r, 0, o->quiet, -1, &run, &f)) return fault_say(&f);
  if (kept_files_verify(r->trace->dir, &r->kept, &f)) { // while it runs already
    replay_run_end(&run);
    return fault_say(&f);
  }
  wait_for_end(r, &run);
  int code = replay_run_fault(&run, &f);
  if (code) {
    fault_say(&f);
    proc_tree_kill(SIGKILL);
  } else {
    int status = root_status(&run);
    feed_stop(run.feed);
    code = replay_run_fault(&run, &f) ? fault_say(&f) : judge(r, &run, status);
  }
  replay_run_end(&run);
  return code;
}
