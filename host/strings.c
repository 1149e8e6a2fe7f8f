// A replay that tells what each system call reads.
#include "host/strings.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int compare(const void *a, const void *b) {
  const struct rr_string *x = a, *y = b;
  if (x->stream != y->stream) return x->stream < y->stream ? -1 : 1;
  if (x->event != y->event) return x->event < y->event ? -1 : 1;
  return x->arg < y->arg ? -1 : x->arg > y->arg;
}

static void add(struct strings *s, const struct rr_string *m) {
  if (s->count == s->room) {
    s->room = s->room ? 2 * s->room : 256;
    s->list = realloc(s->list, s->room * sizeof *s->list);
    if (!s->list) abort();
  }
  s->list[s->count++] = *m;
}

enum taken { TAKEN, NOTHING_THERE, OVER };

static enum taken take(struct replay_run *run, uint64_t from, uint64_t to, bool alone, struct strings *s) {
  struct rr_string m = { 0 };
  ssize_t n = recv(run->session.socket, &m, sizeof m, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return NOTHING_THERE;
  if (n <= 0) return OVER;
  size_t head = offsetof(struct rr_string, bytes);
  if (n < (ssize_t)head || m.what != RR_MSG_STRING || m.kept > (size_t)n - head) return TAKEN;
  if (m.event >= from && m.event <= to) add(s, &m);
  return alone && m.event > to ? OVER : TAKEN; // the rest of the only stream is of no interest
}

int strings_collect(struct replay_session *r, uint64_t from, uint64_t to, struct strings *s, struct fault *f) {
  struct replay_run run;
  *s = (struct strings){ 0 };
  r->strings = true;
  if (kept_files_verify(r->trace->dir, &r->kept, f) || replay_run_start(r, 0, true, -1, &run, f)) return f->code;
  f->code = 0;
  for (bool more = true; more;) {
    struct pollfd p = { run.session.socket, POLLIN, 0 };
    enum taken t = TAKEN;
    if (poll(&p, 1, 250) == 0) more = !replay_run_fault(&run, f);
    else while ((t = take(&run, from, to, r->trace->stream_count == 1, s)) == TAKEN) {}
    if (t == OVER) more = false;
    if (t == NOTHING_THERE) usleep(300); // many at once: a receiver that waits is woken for each
  }
  replay_run_fault(&run, f);
  replay_run_end(&run);
  if (s->count) qsort(s->list, s->count, sizeof *s->list, compare);
  return f->code;
}

const struct rr_string *strings_of(const struct strings *s, uint32_t stream, uint64_t event, uint32_t *count) {
  size_t low = 0, high = s->count;
  struct rr_string key = { .stream = stream, .event = event };
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (compare(&s->list[mid], &key) < 0) low = mid + 1;
    else high = mid;
  }
  for (*count = 0; low + *count < s->count && s->list[low + *count].stream == stream && s->list[low + *count].event == event; ++*count) {}
  return *count ? &s->list[low] : NULL;
}
