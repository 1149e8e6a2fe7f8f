// Checkpoints: making, choosing and dropping them. What one costs in time is the pages that are written behind it, each copied at
// the first write: engines tell the faults that they had. What it costs in memory is what the kernel says is its own (and its share).
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "host/timeline.h"

enum { GAP_FIRST_MS = 100, GAP_MAX_US = 5000000, GROWTH = 8, FAULT_US = 60, TRANSLATE_NS = 150, COST_SHARE = 6, MEASURE_US = 1000000, CHECKPOINTS_MIN = 4 };

static uint64_t now_us(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int mark_compare(const struct mark *a, const struct mark *b) {
  if (a->life != b->life) return a->life < b->life ? -1 : 1;
  return rr_point_compare(&a->point, &b->point);
}

// ---- processes ----

static void reap(struct timeline *tl, bool wait) {
  for (uint32_t i = 0; i < tl->dying.count;)
    if (waitpid(tl->dying.pid[i], NULL, wait ? 0 : WNOHANG) != 0) tl->dying.pid[i] = tl->dying.pid[--tl->dying.count];
    else i++;
}

void process_end(struct timeline *tl, pid_t pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  if (pid == *tl->root) *tl->root = 0;
  reap(tl, tl->dying.count == sizeof tl->dying.pid / sizeof *tl->dying.pid);
  tl->dying.pid[tl->dying.count++] = pid;
}

void target_end(struct timeline *tl, struct target *t) {
  pid_t pid = t->pages ? (pid_t)t->stop.host_pid : 0;
  if (t->pages) target_close(t);
  process_end(tl, pid);
}

static int first_word(int fd, struct rr_dbg_stop *stop) {
  ssize_t r;
  do r = recv(fd, stop, sizeof *stop, 0);
  while (r < 0 && errno == EINTR);
  return r == sizeof *stop ? 0 : ECONNRESET;
}

// ---- what was executed before a checkpoint ----

static bool seen_part(int fd, uint64_t offset, void *to, uint32_t size) {
  struct rr_dbg_reply r = { 0 };
  struct rr_dbg_request q = { .what = RR_DBG_SEEN, .address = offset, .length = size };
  struct iovec parts[2] = { { &r, sizeof r }, { to, size } };
  struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
  ssize_t n;
  if (send(fd, &q, sizeof q, MSG_NOSIGNAL) != sizeof q) return false;
  do n = recvmsg(fd, &m, 0);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t)(sizeof r + size) && !r.error;
}

struct rr_dbg_seen *seen_ask(int fd) {
  struct rr_dbg_seen *seen = malloc(sizeof *seen);
  if (!seen) abort();
  for (uint32_t at = 0, part; at < sizeof *seen; at += part) {
    part = sizeof *seen - at < RR_DBG_DATA ? (uint32_t)sizeof *seen - at : RR_DBG_DATA;
    if (seen_part(fd, at, (uint8_t *)seen + at, part)) continue;
    free(seen);
    return NULL;
  }
  return seen;
}

// c goes, and the next one answers for its stretch too.
static void seen_join(const struct checkpoint *c, struct checkpoint *next) {
  struct rr_dbg_seen *a = c->seen, *b = next->seen;
  if (!a || !b || c->mark.life != next->mark.life || rr_point_compare(&b->from, &c->mark.point) > 0) return;
  if (rr_point_compare(&a->from, &b->from) >= 0) return; // it does so already
  b->from = a->from;
  b->signals |= a->signals;
  for (uint32_t i = 0; i < RR_SEEN_BYTES; i++) b->bits[i] |= a->bits[i];
  for (uint32_t i = 0; i < RR_SEEN_PAGES; i++) b->pages[i] |= a->pages[i];
  b->pages_known &= a->pages_known && a->changes + b->changes <= RR_SEEN_CHANGES;
  for (uint32_t i = 0; b->pages_known && i < a->changes; i++) b->change[b->changes++] = a->change[i];
}

// ---- the list ----

// KiB of a process, pages that several share counted in parts (Documentation/filesystems/proc.rst, smaps_rollup). 0: not known.
static uint64_t memory_of(pid_t pid) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = 0;
  const char *pss = strstr(text, "\nPss:");
  return pss ? strtoull(pss + 5, NULL, 10) : 0;
}

static uint64_t memory_sum(struct timeline *tl) {
  uint64_t sum = 0;
  bool all = now_us() - tl->measured_us > MEASURE_US;
  if (all) tl->measured_us = now_us();
  for (uint32_t i = 0; i < tl->count; i++) {
    struct checkpoint *c = &tl->list[i];
    if (all || !c->kib) c->kib = memory_of(c->pid);
    sum += c->kib;
  }
  return sum;
}

static uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

// The one that leaves the least hole, as it is seen from here.
static struct checkpoint *victim(struct timeline *tl, const struct mark *here, uint64_t here_us) {
  struct checkpoint *worst = NULL;
  double least = 0;
  (void)here;
  for (uint32_t i = 1; i < tl->count; i++) {
    struct checkpoint *c = &tl->list[i], *before = c - 1;
    if (c->user || c->first) continue;
    uint64_t behind = i + 1 < tl->count && c[1].mark.life == c->mark.life ? c[1].stop.cpu_us : c->stop.cpu_us;
    double hole = (double)distance(behind, before->stop.cpu_us) / (double)(distance(here_us, c->stop.cpu_us) + 1000);
    if (!worst || hole < least) worst = c, least = hole;
  }
  return worst;
}

void checkpoint_drop(struct timeline *tl, struct checkpoint *c) {
  close(c->fd);
  if (c + 1 < tl->list + tl->count) seen_join(c, c + 1);
  free(c->seen);
  process_end(tl, c->pid);
  memmove(c, c + 1, (size_t)(tl->list + --tl->count - c) * sizeof *c);
}

static void thin_out(struct timeline *tl, const struct rr_dbg_stop *here, const struct mark *m) {
  uint32_t free = 0;
  for (uint32_t i = 0; i < tl->count; i++) free += !tl->list[i].user && !tl->list[i].first;
  uint64_t kib = memory_sum(tl);
  while (free > CHECKPOINTS_MAX || (free > CHECKPOINTS_MIN && kib > tl->kib_max)) {
    struct checkpoint *c = victim(tl, m, here->cpu_us);
    if (!c) return;
    kib -= kib > c->kib ? c->kib : kib;
    checkpoint_drop(tl, c);
    free--;
  }
}

int checkpoint_add(struct timeline *tl, int fd, const struct rr_dbg_stop *stop, bool first, uint32_t user) {
  struct checkpoint c = { .fd = fd, .pid = (pid_t)stop->host_pid, .stop = *stop, .first = first, .user = user, .mark = timeline_mark(tl, stop) };
  c.base = stop->point.order == RR_AT_INSTRUCTION;
  uint32_t i = 0;
  while (i < tl->count && mark_compare(&tl->list[i].mark, &c.mark) < 0) i++;
  bool twice = i < tl->count && !mark_compare(&tl->list[i].mark, &c.mark);
  if (twice && !user && !first) {
    close(fd);
    process_end(tl, c.pid);
    return 0;
  }
  if (tl->count == tl->room) {
    tl->room = tl->room ? 2 * tl->room : 32;
    if (!(tl->list = realloc(tl->list, tl->room * sizeof *tl->list))) abort();
  }
  c.seen = seen_ask(fd);
  memmove(tl->list + i + 1, tl->list + i, (tl->count++ - i) * sizeof c);
  tl->list[i] = c;
  thin_out(tl, stop, &c.mark);
  return 0;
}

int checkpoint_make(struct timeline *tl, const struct target *t, bool first, uint32_t user) {
  struct rr_dbg_stop stop;
  int fd = target_fork(t->fd);
  if (fd < 0) return errno;
  int e = first_word(fd, &stop);
  if (e) {
    close(fd);
    return e;
  }
  uint32_t pid = stop.host_pid;
  uint64_t cpu = stop.cpu_us, faults = stop.faults;
  stop = t->stop; // what was told there, to be told again
  stop.host_pid = pid;
  stop.cpu_us = cpu;
  stop.faults = faults;
  return checkpoint_add(tl, fd, &stop, first, user);
}

struct checkpoint *checkpoint_before(const struct timeline *tl, const struct mark *m, bool base) {
  for (uint32_t i = tl->count; i--;)
    if (mark_compare(&tl->list[i].mark, m) < 0 && (!base || tl->list[i].base)) return &tl->list[i];
  return NULL;
}

struct checkpoint *checkpoint_at(const struct timeline *tl, const struct mark *m) {
  for (uint32_t i = tl->count; i--;)
    if (mark_compare(&tl->list[i].mark, m) <= 0) return &tl->list[i];
  return NULL;
}

struct checkpoint *checkpoint_user(const struct timeline *tl, uint32_t user) {
  for (uint32_t i = 0; i < tl->count; i++)
    if (user && tl->list[i].user == user) return &tl->list[i];
  return NULL;
}

int checkpoint_open(struct timeline *tl, const struct checkpoint *c, struct target *t) {
  struct rr_dbg_stop told = c->stop;
  int fd = target_fork(c->fd), e = fd < 0 ? errno : target_open(t, fd);
  (void)tl;
  if (e) {
    if (fd >= 0) close(fd);
    return e;
  }
  if (!target_stopped(t) || t->fd < 0) {
    target_close(t);
    return ECONNRESET;
  }
  told.host_pid = t->stop.host_pid;
  told.cpu_us = t->stop.cpu_us;
  told.faults = t->stop.faults;
  t->stop = told;
  return 0;
}

// ---- while a target runs ----

void timeline_running(struct timeline *tl) {
  tl->started_us = now_us();
  tl->gap_us = tl->gap_first_us;
  tl->due_us = tl->started_us + tl->gap_us;
  tl->faults_seen = 0;
}

// A copy has spoken. The next is due when as much time has passed as shall lie between two so far from the start, and the
// copying of pages costs no more than its share.
static void pending_arrived(struct timeline *tl) {
  struct rr_dbg_stop stop;
  int fd = tl->pending;
  tl->pending = -1;
  uint64_t now = now_us();
  if (first_word(fd, &stop)) close(fd);
  else {
    uint64_t copied = tl->faults_seen ? (stop.faults - tl->faults_seen) * FAULT_US * COST_SHARE : 0;
    struct mark m = timeline_mark(tl, &stop);
    struct checkpoint *near = checkpoint_at(tl, &m);
    tl->faults_seen = tl->often ? 0 : stop.faults;
    tl->gap_us = tl->often ? 0 : (now - tl->started_us) / GROWTH;
    if (tl->gap_us < copied) tl->gap_us = copied;
    if (tl->gap_us < tl->gap_first_us) tl->gap_us = tl->gap_first_us;
    if (tl->gap_us > GAP_MAX_US) tl->gap_us = GAP_MAX_US;
    if (near && near->mark.life == m.life && stop.cpu_us - near->stop.cpu_us < tl->gap_first_us / 4) {
      close(fd);
      process_end(tl, (pid_t)stop.host_pid);
    } else {
      checkpoint_add(tl, fd, &stop, false, 0);
      near = checkpoint_at(tl, &m);
      uint64_t again = near && near->seen ? near->seen->translated * TRANSLATE_NS / 1000 * COST_SHARE : 0; // the code cache was emptied
      if (tl->gap_us < again) tl->gap_us = again < GAP_MAX_US ? again : GAP_MAX_US;
    }
  }
  tl->due_us = now_us() + tl->gap_us;
}

int timeline_poll(struct timeline *tl, struct target *t, struct pollfd *p, int n, int timeout_ms) {
  struct pollfd all[8];
  uint64_t now = now_us();
  bool on = t->running && tl->count > 0; // nothing to go back to before the first stop
  if (on && tl->pending < 0 && now >= tl->due_us) {
    tl->pending = target_fork(t->fd);
    if (tl->pending < 0) tl->due_us = now + GAP_MAX_US;
  }
  int wait = timeout_ms;
  if (on && tl->pending < 0) {
    int due = (int)((tl->due_us - now + 999) / 1000);
    if (wait < 0 || due < wait) wait = due;
  }
  memcpy(all, p, (size_t)n * sizeof *p);
  all[n] = (struct pollfd){ .fd = tl->pending, .events = POLLIN };
  int r = poll(all, (nfds_t)n + 1, wait);
  if (r <= 0) {
    for (int i = 0; i < n; i++) p[i].revents = 0;
    return r;
  }
  memcpy(p, all, (size_t)n * sizeof *p);
  if (tl->pending >= 0 && all[n].revents) pending_arrived(tl);
  return r;
}

void timeline_begin(struct timeline *tl, pid_t *root) {
  tl->pending = tl->client = -1;
  tl->root = root;
  const char *ms = getenv("RR_CHECKPOINT_MS"); // for tests
  tl->often = ms && *ms;
  tl->gap_first_us = (ms && *ms ? strtoull(ms, NULL, 0) : GAP_FIRST_MS) * 1000;
  const char *mb = getenv("RR_CHECKPOINT_MB");
  tl->kib_max = (mb && *mb ? strtoull(mb, NULL, 0) : 1024) * 1024;
}

void timeline_end(struct timeline *tl) {
  struct points points = tl->points;
  if (tl->pending >= 0) {
    struct rr_dbg_stop stop;
    if (!first_word(tl->pending, &stop)) process_end(tl, (pid_t)stop.host_pid);
    close(tl->pending);
  }
  while (tl->count) checkpoint_drop(tl, &tl->list[tl->count - 1]);
  reap(tl, true);
  free(tl->list);
  points_free(&points);
  memset(tl, 0, sizeof *tl);
  tl->pending = tl->client = -1;
}
