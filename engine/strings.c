// For `rr dump`: what a system call is about to read, told to the rr program before the call is replayed (abi/session.h).
#include <asm/errno.h>
#include "engine/strings.h"
#include "engine/log.h"
#include "engine/start.h"
#include "engine/sys.h"

static const struct { u16 nr; u8 arg, by, kind; } rows[] = {
#define PATH(call, arg) { __NR_##call, arg, 0, RR_STRING_PATH },
#define BYTES(call, arg, by) { __NR_##call, arg, by, RR_STRING_BYTES },
#define VECTOR(call, arg, by) { __NR_##call, arg, by, RR_STRING_VECTOR },
#define STRINGS(call, arg) { __NR_##call, arg, 0, RR_STRING_LIST },
#include "abi/string_args.def"
};

static void take_path(struct rr_string *m, u64 at) {
  while (m->kept < sizeof m->bytes) {
    u64 part = RR_PAGE - at % RR_PAGE;
    if (part > sizeof m->bytes - m->kept) part = sizeof m->bytes - m->kept;
    size_t got = copyin(m->bytes + m->kept, at, part);
    for (size_t i = 0; i < got; i++, m->kept++)
      if (!m->bytes[m->kept]) { m->size = m->kept; return; }
    at += got;
    if (got < part) break;
  }
  m->size = m->kept + 1; // there is more
}

static void take_bytes(struct rr_string *m, u64 at, u64 n) {
  u64 part = n < sizeof m->bytes - m->kept ? n : sizeof m->bytes - m->kept;
  m->kept += (u32)copyin(m->bytes + m->kept, at, part);
  m->size += n;
}

static void take_vector(struct rr_string *m, u64 at, u64 n) {
  u64 v[2];
  for (u64 i = 0; i < n && i < 1024 && get_guest(v, at + 16 * i, sizeof v); i++) take_bytes(m, v[0], v[1]);
}

// One after another, each with its zero.
static void take_list(struct rr_string *m, u64 at) {
  u64 s;
  for (u64 i = 0; i < 64 && get_guest(&s, at + 8 * i, sizeof s) && s; i++) {
    char *d = (char *)m->bytes + m->kept;
    size_t room = sizeof m->bytes - m->kept;
    m->size++;
    if (room < 2) continue;
    s64 n = copyin_string(d, s, room);
    if (n < 0) d[room - 1] = 0, n = (s64)strlen(d);
    m->kept += (u32)n + 1;
  }
}

void strings_tell(const struct call *c) {
  static struct rr_string m;
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    if (rows[i].nr != c->nr || !c->args[rows[i].arg]) continue;
    u64 at = c->args[rows[i].arg], n = c->args[rows[i].by];
    m = (struct rr_string){ .what = RR_MSG_STRING, .stream = ctx.stream, .event = ctx.events + 1, .arg = rows[i].arg, .kind = rows[i].kind };
    switch (rows[i].kind) {
    case RR_STRING_PATH: take_path(&m, at); break;
    case RR_STRING_BYTES: take_bytes(&m, at, n); break;
    case RR_STRING_VECTOR: take_vector(&m, at, n); break;
    default: take_list(&m, at); break;
    }
    s64 r;
    do r = sys(__NR_sendto, engine_fds[ENGINE_FD_SOCKET], &m, offsetof(struct rr_string, bytes) + m.kept, 0x4000 /* MSG_NOSIGNAL */, 0, 0);
    while (r == -EINTR);
  }
}
