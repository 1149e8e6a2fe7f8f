// Requests to a replaying engine, and what is remembered of its answers while it stands still.
#include "host/gdb_target.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "host/points.h"

enum { MESSAGE_MAX = RR_DBG_DATA + 1024 };

int target_open(struct target *t, int fd) {
  memset(t, 0, sizeof *t);
  t->fd = fd;
  t->running = true;
  t->pages = calloc(TARGET_PAGES, sizeof *t->pages);
  t->regs = calloc(TARGET_REGS, sizeof *t->regs);
  t->message = malloc(MESSAGE_MAX);
  if (t->pages && t->regs && t->message) return 0;
  target_close(t);
  return ENOMEM;
}

static void lost(struct target *t) {
  if (t->fd >= 0) close(t->fd);
  t->fd = -1;
  t->running = false;
}

void target_close(struct target *t) {
  lost(t);
  free(t->pages);
  free(t->regs);
  free(t->message);
  free(t->threads);
  memset(t, 0, sizeof *t);
  t->fd = -1;
}

static int receive(struct target *t) {
  ssize_t r;
  do r = recv(t->fd, t->message, MESSAGE_MAX, 0);
  while (r < 0 && errno == EINTR);
  t->message_size = r > 0 ? (size_t)r : 0;
  if (r > 0) return 0;
  lost(t);
  return ECONNRESET;
}

static int transmit(struct target *t, const struct rr_dbg_request *q, const void *data) {
  if (t->fd < 0) return ECONNRESET;
  struct iovec parts[2] = { { (void *)q, sizeof *q }, { (void *)data, q->size } };
  struct msghdr m = { .msg_iov = parts, .msg_iovlen = q->size ? 2 : 1 };
  ssize_t r;
  do r = sendmsg(t->fd, &m, MSG_NOSIGNAL);
  while (r < 0 && errno == EINTR);
  if (r >= 0) return 0;
  lost(t);
  return ECONNRESET;
}

int target_ask(struct target *t, const struct rr_dbg_request *q, const void *send, struct rr_dbg_reply *reply, const void **data) {
  if (t->running) return EBUSY;
  if (q->size > RR_DBG_DATA) return E2BIG;
  int e = transmit(t, q, send);
  if (!e) e = receive(t);
  if (e) return e;
  if (t->message_size < sizeof *reply) return lost(t), ECONNRESET;
  memcpy(reply, t->message, sizeof *reply);
  if (t->message_size - sizeof *reply < reply->size) return lost(t), ECONNRESET;
  if (data) *data = t->message + sizeof *reply;
  if (!reply->error && t->points) points_note(t->points, q, send);
  return reply->error;
}

static void forget(struct target *t) {
  for (int i = 0; i < TARGET_PAGES; i++) t->pages[i].used = false;
  for (int i = 0; i < TARGET_REGS; i++) t->regs[i].used = false;
  t->thread_count = 0;
}

bool target_stopped(struct target *t) {
  if (t->fd < 0 || receive(t)) return true;
  if (t->message_size < sizeof t->stop) return lost(t), true;
  if (((struct rr_dbg_stop *)(void *)t->message)->reason == RR_STOP_OUTPUT) {
    if (t->output) t->output(t->output_to, (const char *)t->message + sizeof t->stop, t->message_size - sizeof t->stop);
    return false;
  }
  memcpy(&t->stop, t->message, sizeof t->stop);
  size_t n = t->message_size - sizeof t->stop;
  if (n > sizeof t->text - 1) n = sizeof t->text - 1;
  memcpy(t->text, t->message + sizeof t->stop, n);
  t->text[n] = 0;
  t->running = false;
  forget(t);
  return true;
}

int target_go(struct target *t, const struct rr_dbg_go *go) {
  struct rr_dbg_request q = { .what = RR_DBG_GO, .size = sizeof *go };
  int e = transmit(t, &q, go);
  if (!e) t->running = true;
  forget(t);
  return e;
}

int target_fork(int fd) {
  struct rr_dbg_request q = { .what = RR_DBG_FORK };
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -1;
  union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = { 0 };
  struct iovec part = { &q, sizeof q };
  struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
  control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
  memcpy(CMSG_DATA(&control.head), &pair[1], sizeof(int));
  ssize_t r;
  do r = sendmsg(fd, &m, MSG_NOSIGNAL);
  while (r < 0 && errno == EINTR);
  int e = errno;
  close(pair[1]);
  if (r >= 0) return pair[0];
  close(pair[0]);
  errno = e;
  return -1;
}

void target_interrupt(struct target *t) {
  struct rr_dbg_request q = { .what = RR_DBG_INTERRUPT };
  if (t->running) transmit(t, &q, NULL);
}

void target_kill(struct target *t) {
  struct rr_dbg_request q = { .what = RR_DBG_KILL };
  if (t->fd >= 0) transmit(t, &q, NULL);
  lost(t);
}

int target_threads(struct target *t, const struct rr_dbg_thread **threads, size_t *n) {
  while (!t->running && !t->thread_count) {
    size_t have = 0;
    for (;;) {
      struct rr_dbg_request q = { .what = RR_DBG_THREADS, .address = have };
      struct rr_dbg_reply r;
      const void *data;
      int e = target_ask(t, &q, NULL, &r, &data);
      if (e) return e;
      size_t more = r.size / sizeof **threads;
      if (!more) break;
      struct rr_dbg_thread *all = realloc(t->threads, (have + more) * sizeof *all);
      if (!all) return ENOMEM;
      t->threads = all;
      memcpy(all + have, data, more * sizeof *all);
      have += more;
    }
    if (!have) return ESRCH;
    t->thread_count = have;
  }
  *threads = t->threads;
  *n = t->thread_count;
  return t->running ? EBUSY : 0;
}

const struct rr_dbg_thread *target_thread(struct target *t, uint32_t tid) {
  const struct rr_dbg_thread *all;
  size_t n;
  if (target_threads(t, &all, &n)) return NULL;
  for (size_t i = 0; i < n; i++)
    if (all[i].tid == tid) return &all[i];
  return NULL;
}

int target_regs(struct target *t, uint32_t tid, const struct target_regs **out) {
  for (int i = 0; i < TARGET_REGS; i++)
    if (t->regs[i].used && t->regs[i].tid == tid) return *out = &t->regs[i], 0;
  struct target_regs *g = &t->regs[t->next_regs++ % TARGET_REGS];
  struct rr_dbg_request q = { .what = RR_DBG_REGS, .thread = tid };
  struct rr_dbg_reply r;
  const void *data;
  int e = target_ask(t, &q, NULL, &r, &data);
  if (e) return e;
  if (r.size < sizeof g->r) return EIO;
  memcpy(&g->r, data, sizeof g->r);
  if (g->r.xsave_size > TARGET_XSAVE || g->r.xsave_size > r.size - sizeof g->r || g->r.xsave_size < 576) return EIO;
  memset(g->xsave, 0, sizeof g->xsave);
  memcpy(g->xsave, (const uint8_t *)data + sizeof g->r, g->r.xsave_size);
  g->tid = tid;
  g->used = true;
  *out = g;
  return 0;
}

// A page of memory; its size is less than a page where the rest can't be read.
static const struct target_page *page_at(struct target *t, uint64_t start) {
  struct target_page *p = &t->pages[start / 4096 % TARGET_PAGES];
  if (p->used && p->start == start) return p;
  struct rr_dbg_request q = { .what = RR_DBG_READ, .address = start, .length = 4096 };
  struct rr_dbg_reply r;
  const void *data;
  p->used = false;
  if (target_ask(t, &q, NULL, &r, &data) || r.size > 4096) return NULL;
  memcpy(p->data, data, r.size);
  p->size = r.size;
  p->start = start;
  p->used = true;
  return p;
}

size_t target_read(struct target *t, uint64_t address, void *d, size_t n) {
  size_t done = 0;
  while (done < n && address + done >= address) {
    uint64_t at = address + done, in_page = at & 4095;
    const struct target_page *p = page_at(t, at - in_page);
    if (!p || p->size <= in_page) break;
    size_t part = p->size - in_page;
    if (part > n - done) part = n - done;
    memcpy((uint8_t *)d + done, p->data + in_page, part);
    done += part;
    if (p->size < 4096) break;
  }
  return done;
}

int target_search(struct target *t, uint64_t address, uint64_t length, const void *pattern, size_t n, uint64_t *found) {
  struct rr_dbg_request q = { .what = RR_DBG_SEARCH, .address = address, .length = length, .size = (uint32_t)n };
  struct rr_dbg_reply r;
  int e = target_ask(t, &q, pattern, &r, NULL);
  *found = r.value;
  return e;
}

int target_copy(const struct target *t, uint32_t tid, struct target *copy, int *pid) {
  struct rr_dbg_request q = { .what = RR_DBG_DIVERT, .thread = tid };
  struct rr_dbg_reply r;
  int fd = target_fork(t->fd);
  if (fd < 0) return errno;
  if (target_open(copy, fd)) return close(fd), ENOMEM;
  target_stopped(copy); // its first word, that it is there
  *pid = (int)copy->stop.host_pid;
  int e = copy->fd < 0 ? ECONNRESET : target_ask(copy, &q, NULL, &r, NULL);
  copy->stop = t->stop;
  copy->stop.reason = RR_STOP_STEP; // it goes on wherever the original stands, at its end too
  copy->stop.host_pid = (uint32_t)*pid;
  if (tid) copy->stop.thread = tid;
  copy->output = t->output;
  copy->output_to = t->output_to;
  return e;
}

int target_write(struct target *t, uint64_t address, const void *bytes, size_t n) {
  const uint8_t *from = bytes;
  for (size_t part; n; address += part, from += part, n -= part) {
    part = n < RR_DBG_DATA ? n : RR_DBG_DATA;
    struct rr_dbg_request q = { .what = RR_DBG_WRITE, .address = address, .size = (uint32_t)part };
    struct rr_dbg_reply r;
    int e = target_ask(t, &q, from, &r, NULL);
    for (int i = 0; i < TARGET_PAGES; i++) t->pages[i].used = false;
    if (e) return e;
  }
  return 0;
}

int target_set_regs(struct target *t, const struct target_regs *regs) {
  struct { struct rr_dbg_regs r; uint8_t xsave[TARGET_XSAVE]; } data = { .r = regs->r };
  struct rr_dbg_request q = { .what = RR_DBG_SET_REGS, .thread = regs->tid, .size = (uint32_t)sizeof data.r + regs->r.xsave_size };
  struct rr_dbg_reply r;
  memcpy(data.xsave, regs->xsave, regs->r.xsave_size);
  int e = target_ask(t, &q, &data, &r, NULL);
  for (int i = 0; i < TARGET_REGS; i++) t->regs[i].used = false;
  return e;
}
