// Going on and stopping: vCont and kin, breakpoints, and how a stop is told.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "host/gdb_regs.h"
#include "host/gdb_reverse.h"
#include "host/gdb_session.h"

// gdb numbers signals in its own way (gdb/include: gdb/signals.def, in the manual "the target signal numbers").
static const struct { uint8_t linux_number, gdb; } signals[] = {
  { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 }, { 5, 5 }, { 6, 6 }, { 7, 10 }, { 8, 8 }, { 9, 9 }, { 10, 30 }, { 11, 11 }, { 12, 31 }, { 13, 13 }, { 14, 14 },
  { 15, 15 }, { 17, 20 }, { 18, 19 }, { 19, 17 }, { 20, 18 }, { 21, 21 }, { 22, 22 }, { 23, 16 }, { 24, 24 }, { 25, 25 }, { 26, 26 }, { 27, 27 }, { 28, 28 },
  { 29, 23 }, { 30, 32 }, { 31, 12 }, { 32, 77 }, { 64, 78 },
};
enum { SIGNALS = sizeof signals / sizeof *signals, GDB_UNKNOWN = 143, GDB_RT33 = 45 };

uint32_t gdb_signal_from_linux(uint32_t signo) {
  if (signo >= 33 && signo <= 63) return signo - 33 + GDB_RT33;
  for (int i = 0; i < SIGNALS; i++)
    if (signals[i].linux_number == signo) return signals[i].gdb;
  return GDB_UNKNOWN;
}

uint32_t gdb_signal_to_linux(uint32_t number) {
  if (number >= GDB_RT33 && number <= GDB_RT33 + 30) return number - GDB_RT33 + 33;
  for (int i = 0; i < SIGNALS; i++)
    if (signals[i].gdb == number) return signals[i].linux_number;
  return 0;
}

enum { TRAP = 5, INT = 2, ABORT = 6, KILL = 9 };
static uint32_t stop_signal(const struct rr_dbg_stop *p) {
  switch (p->reason) {
  case RR_STOP_SIGNAL: return gdb_signal_from_linux(p->signo);
  case RR_STOP_INTERRUPT: return INT;
  case RR_STOP_EXIT: case RR_STOP_END: return KILL;
  case RR_STOP_DIVERGED: return ABORT;
  default: return TRAP;
  }
}

static void put_registers(struct gdb_session *s) {
  static const size_t numbers[] = { GDB_RBP, GDB_RSP, GDB_RIP };
  const struct target_regs *r;
  uint8_t value[GDB_REG_MAX];
  if (target_regs(&s->target, s->target.stop.thread, &r)) return;
  for (int i = 0; i < 3; i++) {
    size_t n = gdb_reg_get(r, numbers[i], value);
    reply_text(&s->conn, "%02zx:", numbers[i]);
    reply_hex(&s->conn, value, n);
    reply_text(&s->conn, ";");
  }
}

static void put_exec(struct gdb_session *s) {
  for (uint32_t i = 0; i < s->replay->kept.count; i++) {
    const char *path = s->replay->kept.files[i].path;
    if (s->replay->kept.files[i].id != s->target.stop.code) continue;
    reply_text(&s->conn, "exec:");
    reply_hex(&s->conn, path, strlen(path));
    reply_text(&s->conn, ";");
    return;
  }
}

static void put_reason(struct gdb_session *s) {
  const struct rr_dbg_stop *p = &s->target.stop;
  if (s->history_begins) reply_text(&s->conn, "replaylog:begin;");
  if (p->reason == RR_STOP_BREAK && s->swbreak) reply_text(&s->conn, "swbreak:;");
  if (p->reason == RR_STOP_EXEC && s->exec_events) put_exec(s);
  if (p->reason == RR_STOP_FORK) reply_text(&s->conn, "fork:p%x.%x;", p->code, p->code);
  if (p->reason == RR_STOP_SYSCALL) reply_text(&s->conn, "syscall_%s:%x;", p->flags ? "return" : "entry", p->code);
  if (p->reason == RR_STOP_WATCH) {
    const char *word = p->flags == RR_WATCH_WRITE ? "watch" : p->flags == RR_WATCH_READ ? "rwatch" : "awatch";
    reply_text(&s->conn, "%s:%lx;", word, p->address);
  }
}

static void tell_exit(struct gdb_session *s) {
  uint32_t status = s->target.stop.code;
  bool killed = status & 127;
  reply_begin(&s->conn);
  reply_text(&s->conn, killed ? "X%02x" : "W%02x", killed ? gdb_signal_from_linux(status & 127) : status >> 8 & 255);
  if (s->multiprocess) reply_text(&s->conn, ";process:%x", s->pid);
  reply_end(&s->conn);
  s->exited = true;
  if (!s->extended && !s->opt->keep_listening) s->leaving = true;
}

// Only while the client waits for a stop.
void gdb_console(struct gdb_session *s, const char *text, size_t n) {
  if (!s->resumed || s->conn.fd < 0) return;
  reply_begin(&s->conn);
  reply_text(&s->conn, "O");
  reply_hex(&s->conn, text, n);
  reply_end(&s->conn);
}

static void console(struct gdb_session *s, const char *text) {
  gdb_console(s, "rr: ", 4);
  gdb_console(s, text, strlen(text));
  gdb_console(s, "\n", 1);
}

static bool at_end(const struct gdb_session *s) {
  uint32_t r = s->target.stop.reason;
  return r == RR_STOP_EXIT || r == RR_STOP_END || r == RR_STOP_DIVERGED;
}

// The engine ended without a last stop: a divergence, a damaged trace, a bug. The text goes to gdb's console.
static void tell_lost(struct gdb_session *s) {
  struct fault f = { 0 };
  if (!s->have_run || !replay_run_fault(&s->run, &f)) fault_set(&f, 1, "the replay ended unexpectedly");
  fault_say(&f);
  console(s, f.text);
  s->target.stop.code = KILL;
  tell_exit(s);
}

static void tell_stop(struct gdb_session *s, uint32_t signal);
void gdb_stop_reply(struct gdb_session *s) { tell_stop(s, stop_signal(&s->target.stop)); }

static void tell_stop(struct gdb_session *s, uint32_t signal) {
  const struct rr_dbg_stop *p = &s->target.stop;
  char id[40];
  if (s->target.fd < 0) {
    tell_exit(s);
    return;
  }
  reply_begin(&s->conn);
  reply_text(&s->conn, "T%02x", signal);
  put_registers(s);
  thread_id(s, p->thread, id);
  reply_text(&s->conn, "thread:%s;", id);
  put_reason(s);
  reply_end(&s->conn);
}

// What the client has said once holds for each new engine.
static void pass_signals(struct gdb_session *s) {
  struct rr_dbg_request q = { .what = RR_DBG_SIGNALS, .size = sizeof s->passed_signals };
  struct rr_dbg_reply r;
  target_ask(&s->target, &q, &s->passed_signals, &r, NULL);
}

// A called function did what can't be done in a copy.
static bool call_failed(struct gdb_session *s) {
  bool gone = s->target.fd < 0;
  if (s->divert != DIVERT_CALL || (!gone && s->target.stop.reason != RR_STOP_DIVERGED)) return false;
  console(s, gone ? "the called function can't go on" : s->target.text);
  gdb_divert_lost(s);
  if (s->resumed) tell_stop(s, ABORT);
  s->resumed = false;
  return true;
}

void gdb_process(struct gdb_session *s, const struct rr_dbg_stop *p) {
  if (p->reason != RR_STOP_START && p->stream == s->pid_stream) return;
  s->pid = p->pid;
  s->pid_stream = p->stream;
}

void gdb_stopped(struct gdb_session *s) {
  if (call_failed(s)) return;
  if (s->target.fd < 0) {
    if (s->resumed) tell_lost(s);
    s->resumed = false;
    s->exited = true;
    return;
  }
  struct rr_dbg_stop *p = &s->target.stop;
  gdb_process(s, p);
  s->g_tid = p->thread; // so the client sees it; the original of a copy may have stopped in another thread
  s->c_tid = 0;
  if (s->following && p->reason == RR_STOP_START && p->stream != s->replay->follow[s->replay->follow_count - 1]) {
    struct rr_dbg_go go = { .how = RR_GO_CONTINUE, .flags = RR_GO_ONLY_POINT };
    target_go(&s->target, &go);
    return;
  }
  s->following = false;
  s->beside = false;
  s->fork_pid = p->reason == RR_STOP_FORK ? p->code : 0;
  s->fork_stream = (uint32_t)p->address;
  bool first = p->reason == RR_STOP_START && !s->start_told;
  if (p->reason == RR_STOP_START) {
    timeline_arrived(s);
    if (s->start_told) p->reason = RR_STOP_EXEC;
    s->start_told = true;
    s->exe_file = p->code;
    if (!first) s->tls_modid = 0;
    pass_signals(s);
  }
  if (p->reason == RR_STOP_DIVERGED) {
    say_error("%s", s->target.text);
    if (s->resumed) console(s, s->target.text);
  }
  bool end = at_end(s) || p->reason == RR_STOP_POINT;
  if (s->silent && !end && (first ? s->until.event > p->point.event : true)) {
    struct rr_dbg_go go = { .how = RR_GO_CONTINUE, .flags = RR_GO_UNTIL | RR_GO_ONLY_POINT, .until = s->until };
    target_go(&s->target, &go);
    return;
  }
  s->silent = false;
  if (s->resumed) gdb_stop_reply(s);
  s->resumed = false;
}

// gdb names processes only with the multiprocess extension.
static uint32_t go_flags(const struct gdb_session *s) { return s->fork_events && s->multiprocess ? RR_GO_FORKS : 0; }

void gdb_continue(struct gdb_session *s, enum rr_dbg_how how, uint32_t tid) {
  gdb_divert_resume(s);
  struct rr_dbg_go go = { .how = how, .flags = go_flags(s), .thread = tid };
  if (s->exited || s->target.fd < 0) {
    reply_errno(s, ESRCH);
    return;
  }
  if (at_end(s)) {
    tell_exit(s);
    return;
  }
  bool arrived = s->arrived;
  s->arrived = false;
  if (arrived && how == RR_GO_CONTINUE) { // gdb's `run` and Delve's restart go on at once; the user wants to be where he went
    s->target.stop.reason = RR_STOP_POINT; // a breakpoint that was hit here and is gone would be ignored
    tell_stop(s, 0);
    return;
  }
  if (how == RR_GO_CONTINUE) places_leave(s);
  s->resumed = true;
  if (s->divert != DIVERT_CALL) timeline_running(&s->timeline);
  if (target_go(&s->target, &go)) gdb_stopped(s);
}

static void go_range(struct gdb_session *s, uint32_t tid, uint64_t start, uint64_t end) {
  gdb_divert_resume(s);
  struct rr_dbg_go go = { .how = RR_GO_RANGE, .flags = go_flags(s), .thread = tid, .range_start = start, .range_end = end };
  if (s->exited || at_end(s)) {
    gdb_continue(s, RR_GO_CONTINUE, tid);
    return;
  }
  s->resumed = true;
  if (s->divert != DIVERT_CALL) timeline_running(&s->timeline);
  if (target_go(&s->target, &go)) gdb_stopped(s);
}

// vCont;action[:thread][;action...]: only stepping needs a choice; everything else goes on as it was recorded.
void gdb_vcont(struct gdb_session *s, const char *p) {
  char step = 0;
  uint64_t start = 0, end = 0, signal;
  uint32_t tid = s->target.stop.thread;
  while (*p == ';') {
    char action = *++p;
    if (!action) break;
    p++;
    if (action == 'C' || action == 'S') hex_number(&p, &signal); // what is delivered was recorded
    uint64_t from = 0, to = 0;
    if (action == 'r' && !(hex_number(&p, &from) && *p++ == ',' && hex_number(&p, &to))) {
      reply_errno(s, EINVAL);
      return;
    }
    uint32_t one_pid, one = ~0u;
    if (*p == ':' && (p++, !parse_thread(s, &p, &one_pid, &one))) {
      reply_errno(s, EINVAL);
      return;
    }
    if ((action == 's' || action == 'S' || action == 'r') && !step) {
      step = action;
      start = from;
      end = to;
      if (one && one != ~0u) tid = one;
    }
    if (*p && *p != ';') break;
  }
  if (step == 'r') go_range(s, tid, start, end);
  else gdb_continue(s, step ? RR_GO_STEP : RR_GO_CONTINUE, tid);
}

// X LEN,BYTES as often as there are: as the engine takes them. False: malformed or too long.
static bool parse_expressions(const char **p, uint8_t *d, size_t room, size_t *at, uint32_t *count) {
  while (**p == 'X') {
    uint64_t len;
    ++*p;
    if (!hex_number(p, &len) || *(*p)++ != ',' || len > RR_DBG_CONDITION || *at + 4 + len > room) return false;
    uint32_t len32 = (uint32_t)len;
    memcpy(d + *at, &len32, 4);
    if (strnlen(*p, 2 * len) < 2 * len || !hex_bytes(*p, 2 * len, d + *at + 4)) return false;
    *at += 4 + len;
    *p += 2 * len;
    ++*count;
  }
  return true;
}

// [;CONDITION...][;cmds:PERSIST,COMMAND...]
static bool parse_conditions(const char *p, uint8_t *d, size_t room, size_t *size) {
  struct rr_dbg_break head = { 0 };
  size_t at = sizeof head;
  uint64_t persist;
  while (*p == ';') {
    p++;
    if (starts(&p, "cmds:")) {
      if (!hex_number(&p, &persist) || *p++ != ',' || !parse_expressions(&p, d, room, &at, &head.commands)) return false;
    } else if (head.commands || !parse_expressions(&p, d, room, &at, &head.conditions)) return false;
  }
  memcpy(d, &head, sizeof head);
  *size = head.conditions || head.commands ? at : 0;
  return !*p;
}

// Z or z: type,address,kind[;conditions]
void gdb_breakpoint(struct gdb_session *s, const char *p, bool set) {
  static const uint32_t watch_flags[] = { 0, 0, RR_WATCH_WRITE, RR_WATCH_READ, RR_WATCH_READ | RR_WATCH_WRITE };
  uint8_t data[RR_DBG_CONDITION + sizeof(struct rr_dbg_break)];
  uint64_t type, address, kind;
  size_t size;
  if (!hex_number(&p, &type) || *p++ != ',' || !hex_number(&p, &address) || *p++ != ',' || !hex_number(&p, &kind)) {
    reply_errno(s, EINVAL);
    return;
  }
  if (type > 4) {
    reply(&s->conn, "%s", "");
    return;
  }
  if (!parse_conditions(p, data, sizeof data, &size)) {
    reply_errno(s, EINVAL);
    return;
  }
  if (s->beside) { // gdb takes its breakpoints out of the child that it lets go
    reply(&s->conn, "OK");
    return;
  }
  struct rr_dbg_request q = { .what = type < 2 ? set ? RR_DBG_BREAK : RR_DBG_UNBREAK : set ? RR_DBG_WATCH : RR_DBG_UNWATCH, .address = address,
    .length = kind, .flags = watch_flags[type], .size = set ? (uint32_t)size : 0 };
  int e = s->exited ? 0 : gdb_ask_both(s, &q, data);
  if (e) reply_errno(s, e);
  else reply(&s->conn, "OK");
}
