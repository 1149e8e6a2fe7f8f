// A recording from the directory's making to its end. This thread waits for what the tree tells: files to keep, children
// that end or stop, signals to rr itself; the other one drains the ring (drain.c).
#include "host/record.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "host/commands.h"
#include "host/cpu.h"
#include "host/drain.h"
#include "host/keep.h"
#include "host/launch.h"
#include "host/manifest.h"
#include "host/paths.h"
#include "host/proc_tree.h"
#include "host/program.h"

#define INDEX_FRAMES_MIN 16u // fewer frames are found as quickly by their headers
#define QUIET_MS 5
#define DRAIN_AFTER_MS 3 // a shorter recording is drained at its end: a thread costs more
#define GRACE_TERM_MS 3000 // between SIGTERM and SIGKILL
#define GRACE_ABORT_MS 300 // between session.abort and SIGKILL

extern char **environ;

struct recording {
  struct record_options *o;
  char dir[PATH_MAX], program[PATH_MAX];
  struct session session;
  struct signal_state signals;
  struct trace_writer *writer;
  struct keeper *keeper;
  struct drain *drain;
  struct manifest manifest;
  int exe, notify, signalfd;
  int status;              // of the root program
  bool root_ended, ending, manifest_written, draining;
  int64_t kill_at;         // milliseconds of the monotonic clock; 0: nobody is to be killed
  struct fault fault;
};

static uint64_t ns(struct timespec t) { return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec; }

static int64_t now_ms(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// The recording has to end: the tree gets time, then SIGKILL.
static void end_tree(struct recording *r, int grace) {
  if (!r->kill_at || now_ms() + grace < r->kill_at) r->kill_at = now_ms() + grace;
}

static void set_environment(struct recording *r) {
  setenv("RUNNING_UNDER_RR", "1", 1);
  for (char **v = r->o->set_env; v && *v; v++) putenv(*v);
}

static void manifest_begin(struct recording *r) {
  struct manifest *m = &r->manifest;
  struct timespec ts;
  char cwd[PATH_MAX];
  clock_gettime(CLOCK_REALTIME, &ts);
  manifest_set(m, "complete", "0");
  manifest_set(m, "rr", RR_VERSION);
  manifest_set(m, "abi", "%u", RR_ABI_VERSION);
  manifest_set(m, "time_ns", "%lld", ts.tv_sec * 1000000000ll + ts.tv_nsec);
  manifest_set(m, "program", "%s", r->program);
  for (char **a = r->o->argv; *a; a++) manifest_add(m, "arg", "%s", *a);
  manifest_set(m, "cwd", "%s", getcwd(cwd, sizeof cwd) ? cwd : "");
  for (char **e = environ; *e; e++) manifest_add(m, "env", "%s", *e);
  if (r->o->engine.chaos) manifest_set(m, "seed", "%llu", (unsigned long long)r->o->engine.seed);
  if (r->o->engine.checksum) manifest_set(m, "checksum", "%u", r->o->engine.checksum);
  manifest_set(m, "pid", "%d", (int)r->session.root);
  cpu_note(m, &r->o->engine);
}

// What can fail before anything runs.
static int prepare(struct recording *r) {
  struct fault *f = &r->fault;
  if ((r->exe = program_open(r->o->argv[0], r->program, sizeof r->program, f)) < 0) return f->code;
  if (session_make(&r->session, RR_RECORD, &r->o->engine, f)) return f->code;
  r->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  r->drain = drain_new(&r->session, r->notify);
  if (r->o->print_dir > 2) fcntl(r->o->print_dir, F_SETFD, FD_CLOEXEC); // whoever reads waits for its end
  set_environment(r);
  return 0;
}

static void tell_dir(struct recording *r) {
  char full[PATH_MAX];
  if (isatty(2)) say_info("recording to %s", r->dir);
  if (r->o->engine.chaos) say_info("chaos seed %llu", (unsigned long long)r->o->engine.seed);
  if (r->o->print_dir < 0) return;
  if (!realpath(r->dir, full)) snprintf(full, sizeof full, "%s", r->dir);
  dprintf(r->o->print_dir, "%s\n", full);
  if (r->o->print_dir > 2) close(r->o->print_dir);
}

static int launch(struct recording *r) {
  signals_take_over(&r->signals);
  sigset_t watched;
  sigemptyset(&watched);
  for (int i = 0; i < 3; i++) sigaddset(&watched, signals_watched[i]);
  r->signalfd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  struct launch l = { .exe = r->exe, .debug = -1, .execfn = r->program, .argv = r->o->argv, .envp = environ, .signals = &r->signals };
  if (session_launch(&r->session, &l, &r->fault)) return r->fault.code;
  close(r->exe);
  r->exe = -1;
  return 0;
}

// While the engine starts; it runs nothing of the program before its request to keep the program's file is answered.
static int make_trace(struct recording *r) {
  struct fault *f = &r->fault;
  if (trace_dir_new(r->o->output, r->dir, sizeof r->dir, f)) return r->dir[0] = 0, f->code;
  if (trace_writer_open(r->dir, &r->writer, f)) return f->code;
  if (keeper_open(trace_writer_dir(r->writer), r->o->engine.cache_dir, &r->keeper, f)) return f->code;
  drain_writer(r->drain, r->writer);
  tell_dir(r);
  manifest_begin(r);
  return 0;
}

// In the first quiet moment: a short recording writes its manifest only at the end.
static int write_first_manifest(struct recording *r) {
  if (r->manifest_written) return 0;
  r->manifest_written = true;
  return manifest_write(trace_writer_dir(r->writer), &r->manifest, &r->fault);
}

// An engine asks for a file to be kept: the answer goes into its entry of kept[].
static void keep_request(struct recording *r, const struct rr_msg *m, int fd) {
  if (m->what != RR_MSG_KEEP || m->kept_index >= RR_KEPT || fd < 0) return;
  struct rr_kept *entry = &r->session.memory->kept[m->kept_index];
  char path[sizeof m->path + 1] = "";
  struct stat st;
  struct fault f;
  uint32_t state = RR_KEPT_DONE;
  memcpy(path, m->path, sizeof m->path);
  if (keeper_keep(r->keeper, fd, path, entry->id, &st, &f)) {
    say_warn("%s", f.text);
    state = RR_KEPT_FAILED;
  } else if (st.st_ino != entry->ino || (uint64_t)st.st_size != entry->size || ns(st.st_mtim) != entry->mtime_ns) {
    state = RR_KEPT_FAILED; // another file than the entry names, or another content by now (its ctime changes with its links too: rm right after the exec)
  }
  __atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
  futex_wake(&entry->state, INT_MAX);
}

// False: all processes of the recording have gone.
static bool socket_readable(struct recording *r) {
  struct rr_msg m;
  struct iovec part = { &m, sizeof m };
  union { struct cmsghdr align; char data[CMSG_SPACE(sizeof(int))]; } control;
  struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  ssize_t n = recvmsg(r->session.socket, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  struct cmsghdr *c = CMSG_FIRSTHDR(&h);
  int fd = -1;
  if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd)) memcpy(&fd, CMSG_DATA(c), sizeof fd);
  if (n == sizeof m) keep_request(r, &m, fd);
  if (fd >= 0) close(fd);
  return true;
}

// The root program has stopped. Under a shell's job control so does rr, and with rr's continuation goes the program's; without
// a terminal whoever stopped the program will continue it, and rr must be there to drain.
static void stopped(struct recording *r) {
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (tty < 0) return;
  close(tty);
  raise(SIGSTOP);
  kill(r->session.root, SIGCONT);
  pid_t group = getpgid(r->session.root);
  if (group > 0 && group != getpgrp()) kill(-group, SIGCONT);
}

static void reap(struct recording *r) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
    if (pid != r->session.root) continue;
    if (WIFSTOPPED(status)) {
      stopped(r);
      continue;
    }
    r->root_ended = true;
    r->status = status;
  }
}

static void signal_readable(struct recording *r) {
  struct signalfd_siginfo info;
  while (read(r->signalfd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD || r->ending) continue;
    r->ending = true; // asked to end: the program is asked too, and what was recorded is kept
    proc_tree_kill(SIGTERM);
    proc_tree_kill(SIGCONT);
    end_tree(r, GRACE_TERM_MS);
  }
  reap(r);
}

static void start_draining(struct recording *r) {
  r->draining = true;
  if (drain_start(r->drain, &r->fault)) {
    fault_say(&r->fault);
    end_tree(r, 0);
  }
}

// Milliseconds for poll().
static int time_to_wait(const struct recording *r, int64_t drain_at) {
  if (!r->draining) return drain_at > now_ms() ? (int)(drain_at - now_ms()) : 0;
  if (!r->manifest_written) return QUIET_MS;
  if (!r->kill_at) return -1;
  int64_t left = r->kill_at - now_ms();
  return left > 0 ? (int)left : 0;
}

static void wait_for_end(struct recording *r) {
  enum { SOCKET, SIGNALS, NOTIFY };
  int64_t drain_at = now_ms() + DRAIN_AFTER_MS;
  for (;;) {
    struct pollfd p[] = { { r->session.socket, POLLIN, 0 }, { r->signalfd, POLLIN, 0 }, { r->notify, POLLIN, 0 } };
    int n = poll(p, 3, time_to_wait(r, drain_at));
    if (n < 0 && errno != EINTR) break;
    if (!r->draining && now_ms() >= drain_at) {
      start_draining(r);
      continue;
    }
    if (n == 0 && write_first_manifest(r)) end_tree(r, 0);
    if (p[SIGNALS].revents) signal_readable(r);
    if (p[NOTIFY].revents) {
      uint64_t told;
      if (read(r->notify, &told, sizeof told) > 0) end_tree(r, GRACE_ABORT_MS);
    }
    if (p[SOCKET].revents && !socket_readable(r)) break;
    if (r->kill_at && now_ms() >= r->kill_at) {
      proc_tree_kill(SIGKILL);
      r->kill_at = now_ms() + 1000; // again, for those that were being born
    }
  }
  while (!r->root_ended) { // it closed the socket: it is dead or about to be
    int status;
    pid_t pid = waitpid(r->session.root, &status, 0);
    if (pid < 0 && errno == EINTR) continue;
    r->root_ended = true;
    r->status = pid < 0 ? 1 << 8 : status;
  }
}

static void manifest_end(struct recording *r, bool stopped_early) {
  struct manifest *m = &r->manifest;
  manifest_set(m, "status", "%d", r->status);
  manifest_set(m, "frames", "%u", trace_writer_frames(r->writer));
  manifest_set(m, "frames_bytes", "%llu", (unsigned long long)trace_writer_bytes(r->writer));
  manifest_set(m, "files", "%u", keeper_count(r->keeper));
  manifest_set(m, "streams", "%u", drain_streams(r->drain));
  manifest_set(m, "events", "%llu", (unsigned long long)drain_events(r->drain));
  if (stopped_early) manifest_set(m, "stopped", "%s", r->session.memory->panic.text);
  manifest_set(m, "complete", "1");
}

// What an engine said when it stopped the session; returns rr's exit status for it.
static int say_panic(struct recording *r) {
  struct rr_panic *p = &r->session.memory->panic;
  p->text[sizeof p->text - 1] = 0;
  say_error("%s", p->text);
  if (p->exit_status == 72) say_error("this is a bug of rr (process %u, event %llu, ticks %llu, pc 0x%llx)", p->pid, (unsigned long long)p->event,
    (unsigned long long)p->ticks, (unsigned long long)p->pc);
  return p->exit_status == 71 ? EXIT_NO_START : 1;
}

// All have gone: the rest is written. Returns rr's exit status, or ends as the program did.
static int finish(struct recording *r) {
  bool panicked = __atomic_load_n(&r->session.memory->panic.taken, __ATOMIC_ACQUIRE) == 2;
  if (panicked) r->status = SIGKILL; // the engines' own exits mean nothing
  drain_finish(r->drain, (int32_t)r->session.root, r->status);
  int code = panicked ? say_panic(r) : 0;
  const struct fault *f = drain_fault(r->drain);
  if (f->code) {
    say_error("%s", f->text);
    code = code ? code : f->code;
  }
  if (!drain_root_started(r->drain)) {
    if (!code && r->session.start_error) say_error("cannot start the engine: %s", strerror(r->session.start_error));
    else if (!code) say_error("the program did not start (the engine ended with status 0x%x)", r->status);
    return panicked || !code ? EXIT_NO_START : code;
  }
  struct fault end = r->fault; // of the first manifest
  if (f->code) write_first_manifest(r);
  else if (trace_writer_frames(r->writer) < INDEX_FRAMES_MIN || !trace_writer_finish(r->writer, &end)) {
    manifest_end(r, panicked);
    manifest_write(trace_writer_dir(r->writer), &r->manifest, &end);
  }
  if (end.code) code = fault_say(&end);
  if (code) say_info("what was recorded until then is in %s", r->dir);
  trace_dir_link_latest(r->dir);
  if (!code) end_as(r->status);
  return code;
}

int record(struct record_options *o) {
  static struct recording the_recording;
  struct recording *r = &the_recording;
  r->o = o;
  r->exe = r->notify = r->signalfd = -1;
  int code = prepare(r);
  if (!code) code = launch(r);
  if (!code) code = make_trace(r);
  if (code) {
    fault_say(&r->fault);
    if (r->session.root > 0) kill(r->session.root, SIGKILL);
    if (r->dir[0]) trace_dir_remove(r->dir);
    return code == 1 ? EXIT_NO_START : code;
  }
  wait_for_end(r);
  code = finish(r);
  if (!drain_root_started(r->drain)) trace_dir_remove(r->dir);
  return code;
}
