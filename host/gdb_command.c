// The packets of the remote protocol, as a table; what they need of threads, registers and memory.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/gdb_regs.h"
#include "host/gdb_reverse.h"
#include "host/gdb_session.h"

void reply_errno(struct gdb_session *s, int e) { reply(&s->conn, "E%02x", e & 255); }

// gdb prints the text behind `E.`; other clients may know numbers only.
void reply_refused(struct gdb_session *s, const char *why) {
  if (s->error_text) reply(&s->conn, "E.%s", why);
  else reply(&s->conn, "E01");
}

static void reply_ok(struct gdb_session *s) { reply(&s->conn, "OK"); }
static void reply_unknown(struct gdb_session *s) { reply(&s->conn, "%s", ""); }

bool starts(const char **p, const char *word) {
  size_t n = strlen(word);
  if (strncmp(*p, word, n)) return false;
  *p += n;
  return true;
}

static bool parse_id(const char **p, uint32_t *id) {
  uint64_t n;
  if (**p == '-') {
    ++*p;
    if (!hex_number(p, &n) || n != 1) return false;
    *id = ~0u;
    return true;
  }
  if (!hex_number(p, &n) || n > 0x7fffffff) return false;
  *id = (uint32_t)n;
  return true;
}

// pPID.TID, pPID (all its threads), or TID.
bool parse_thread(struct gdb_session *s, const char **p, uint32_t *pid, uint32_t *tid) {
  *pid = s->pid;
  if (**p != 'p') return parse_id(p, tid);
  ++*p;
  if (!parse_id(p, pid)) return false;
  *tid = ~0u;
  if (**p != '.') return true;
  ++*p;
  return parse_id(p, tid);
}

uint32_t thread_or_stopped(const struct gdb_session *s, uint32_t tid) {
  return tid && tid != ~0u ? tid : s->target.stop.thread;
}

void thread_id(const struct gdb_session *s, uint32_t tid, char text[40]) {
  if (s->multiprocess) snprintf(text, 40, "p%x.%x", s->pid, tid);
  else snprintf(text, 40, "%x", tid);
}

static bool no_process(struct gdb_session *s) {
  if (!s->exited && s->target.fd >= 0) return false;
  reply_errno(s, ESRCH);
  return true;
}

static void packet_registers(struct gdb_session *s, const char *p) {
  const struct target_regs *r;
  uint8_t value[GDB_REG_MAX];
  (void)p;
  int e = target_regs(&s->target, thread_or_stopped(s, s->g_tid), &r);
  if (e) {
    reply_errno(s, e);
    return;
  }
  reply_begin(&s->conn);
  for (size_t i = 0, n = gdb_regs_count(r->r.xcr0); i < n; i++) {
    size_t size = gdb_reg_get(r, i, value);
    reply_hex(&s->conn, value, size);
  }
  reply_end(&s->conn);
}

static void packet_register(struct gdb_session *s, const char *p) {
  const struct target_regs *r;
  uint8_t value[GDB_REG_MAX];
  uint64_t n;
  int e = hex_number(&p, &n) ? target_regs(&s->target, thread_or_stopped(s, s->g_tid), &r) : EINVAL;
  size_t size = e ? 0 : gdb_reg_get(r, n, value);
  if (!size) {
    reply_errno(s, e ? e : EINVAL);
    return;
  }
  reply_begin(&s->conn);
  reply_hex(&s->conn, value, size);
  reply_end(&s->conn);
}

static bool parse_range(const char *p, uint64_t *address, uint64_t *length) {
  return hex_number(&p, address) && *p++ == ',' && hex_number(&p, length);
}

static void read_memory(struct gdb_session *s, const char *p, bool binary) {
  static uint8_t data[GDB_PACKET_MAX / 2];
  uint64_t address, length;
  if (!parse_range(p, &address, &length)) {
    reply_errno(s, EINVAL);
    return;
  }
  if (length > sizeof data - 16) length = sizeof data - 16;
  size_t n = gdb_read_memory(s, address, data, length);
  if (length && !n) {
    reply_errno(s, EFAULT);
    return;
  }
  reply_begin(&s->conn);
  if (!binary) reply_hex(&s->conn, data, n);
  else if (length) reply_put(&s->conn, data, n);
  else reply_text(&s->conn, "OK"); // lldb and Delve ask for nothing to learn that the packet is known
  reply_end(&s->conn);
}

static void packet_memory(struct gdb_session *s, const char *p) { read_memory(s, p, false); }
static void packet_binary(struct gdb_session *s, const char *p) { read_memory(s, p, true); }

static void reply_written(struct gdb_session *s, int e, const char *what) {
  if (!e) reply_ok(s);
  else if (e != EROFS) reply_errno(s, e);
  else {
    say_warn("%s of a recorded process can't be changed", what); // gdb says no more than that it can't
    if (s->error_text) reply(&s->conn, "E.%s of a recorded process can't be changed", what);
    else reply(&s->conn, "E01");
  }
}

// G: all of them, in hexadecimal
static void packet_write_registers(struct gdb_session *s, const char *p) {
  static uint8_t values[TARGET_XSAVE];
  size_t n = strlen(p);
  if (n > 2 * sizeof values || !hex_bytes(p, n & ~(size_t)1, values)) reply_errno(s, EINVAL);
  else reply_written(s, gdb_write_registers(s, values, n / 2), "registers");
}

// P: NUMBER=VALUE
static void packet_write_register(struct gdb_session *s, const char *p) {
  uint8_t value[GDB_REG_MAX] = { 0 };
  uint64_t n;
  if (!hex_number(&p, &n) || *p++ != '=' || strlen(p) > 2 * sizeof value || !hex_bytes(p, strlen(p) & ~(size_t)1, value)) reply_errno(s, EINVAL);
  else reply_written(s, gdb_write_register(s, n, value), "registers");
}

// M: ADDRESS,LENGTH:HEX and X: ADDRESS,LENGTH:BYTES
static void write_memory(struct gdb_session *s, const char *p, bool binary) {
  static uint8_t data[GDB_PACKET_MAX];
  uint64_t address, length;
  const char *from = strchr(p, ':');
  size_t n = from ? s->conn.size - (size_t)(++from - s->conn.packet) : 0;
  if (!from || !parse_range(p, &address, &length) || length != (binary ? n : n / 2) || length > sizeof data || (!binary && !hex_bytes(from, 2 * length, data))) {
    reply_errno(s, EINVAL);
    return;
  }
  if (!length) reply_ok(s); // gdb asks so whether the packet is known
  else reply_written(s, gdb_write_memory(s, address, binary ? (const void *)from : data, length), "memory");
}

static void packet_write_memory(struct gdb_session *s, const char *p) { write_memory(s, p, false); }
static void packet_write_binary(struct gdb_session *s, const char *p) { write_memory(s, p, true); }

static void packet_thread(struct gdb_session *s, const char *p) {
  uint32_t pid, tid;
  char what = *p++;
  if ((what != 'g' && what != 'c') || !parse_thread(s, &p, &pid, &tid)) {
    reply_errno(s, EINVAL);
    return;
  }
  s->beside = s->fork_pid && pid == s->fork_pid;
  if (s->beside) {
    reply_ok(s);
    return;
  }
  if (tid && tid != ~0u && !s->exited && !target_thread(&s->target, tid)) {
    reply_errno(s, ESRCH);
    return;
  }
  *(what == 'g' ? &s->g_tid : &s->c_tid) = tid == ~0u ? 0 : tid;
  reply_ok(s);
}

static void packet_alive(struct gdb_session *s, const char *p) {
  uint32_t pid, tid;
  bool parsed = parse_thread(s, &p, &pid, &tid);
  if (parsed && ((s->fork_pid && pid == s->fork_pid) || (pid == s->pid && target_thread(&s->target, tid)))) reply_ok(s);
  else reply_errno(s, ESRCH);
}

static void packet_why(struct gdb_session *s, const char *p) {
  (void)p;
  gdb_stop_reply(s);
}

static void packet_continue(struct gdb_session *s, const char *p) {
  (void)p;
  gdb_continue(s, RR_GO_CONTINUE, s->c_tid);
}

static void packet_step(struct gdb_session *s, const char *p) {
  (void)p;
  gdb_continue(s, RR_GO_STEP, thread_or_stopped(s, s->c_tid));
}

static void packet_kill(struct gdb_session *s, const char *p) {
  (void)p;
  gdb_divert_end(s);
  if (s->extended && s->places.at == s->places.count) places_leave(s); // gdb's `run` kills first
  target_kill(&s->target);
  s->exited = true;
  if (!s->extended) s->leaving = true;
}

// The parent is let go, the child is kept: it is replayed from its fork on, and is the process from now on.
static bool follow_child(struct gdb_session *s) {
  struct replay_session *r = s->replay;
  if (r->follow_count == FOLLOW_MAX) return false;
  r->follow[r->follow_count++] = s->fork_stream;
  if (session_start(s, NULL)) return false;
  session_wait(s);
  return s->target.fd >= 0;
}

// D;PID or D alone. Behind a fork one of the two processes is let go.
static void packet_detach(struct gdb_session *s, const char *p) {
  uint64_t pid = s->pid;
  if (*p == ';') p++, hex_number(&p, &pid);
  if (s->fork_pid && pid == s->fork_pid) {
    s->fork_pid = 0;
    s->beside = false;
    reply_ok(s);
    return;
  }
  if (s->fork_pid && pid == s->pid && s->fork_events) {
    if (follow_child(s)) reply_ok(s);
    else reply_refused(s, "the child could not be followed");
    return;
  }
  reply_ok(s);
  gdb_divert_end(s);
  target_kill(&s->target);
  s->exited = true;
  if (!s->extended) s->leaving = true; // else it may start the program again
}

static void packet_extended(struct gdb_session *s, const char *p) {
  (void)p;
  s->extended = true;
  reply_ok(s);
}

static void packet_set_break(struct gdb_session *s, const char *p) { gdb_breakpoint(s, p, true); }
static void packet_clear_break(struct gdb_session *s, const char *p) { gdb_breakpoint(s, p, false); }

// vRun;FILE;ARG...: the recorded program again. The first argument may be a place (gdb_go_place).
static void run_again(struct gdb_session *s, const char *p) {
  char text[24] = "";
  p = strchr(p, ';'); // the file's name is not ours to choose
  if (p && strnlen(p + 1, 2 * sizeof text) < 2 * sizeof text - 2) {
    size_t n = strcspn(p + 1, ";") & ~(size_t)1;
    if (!hex_bytes(p + 1, n, (uint8_t *)text)) n = 0;
    text[n / 2] = 0;
  }
  if (*text != 'b' && *text != 'f') places_leave(s);
  int e = gdb_go_place(s, text);
  if (s->leaving) return;
  if (e == ENOENT) reply_refused(s, "there is no such place");
  else if (e == EINVAL) reply_refused(s, "run wants the number of an event, cN (a checkpoint), tN (ticks), or nothing");
  else if (e == ESRCH) reply_refused(s, "there is no such checkpoint");
  else if (e) reply_errno(s, e);
  else {
    gdb_stop_reply(s);
    s->arrived = true;
  }
}

static void packet_restart(struct gdb_session *s, const char *p) {
  (void)p;
  gdb_go_place(s, ""); // R has no reply
}

// vAttach;PID: another process of the trace.
static void attach(struct gdb_session *s, const char *p) {
  uint64_t pid;
  int e = hex_number(&p, &pid) && pid <= 0x7fffffff ? gdb_attach(s, (uint32_t)pid) : EINVAL;
  if (e == ESRCH) reply_refused(s, "the recording has no such process: `info os processes` lists them");
  else if (e) reply_errno(s, e);
  else gdb_stop_reply(s);
}

static void packet_v(struct gdb_session *s, const char *p) {
  if (starts(&p, "Cont?")) reply(&s->conn, "vCont;c;C;s;S;r");
  else if (starts(&p, "Cont")) gdb_vcont(s, p);
  else if (starts(&p, "File:")) gdb_vfile(s, p);
  else if (starts(&p, "Attach;")) attach(s, p);
  else if (starts(&p, "Run;")) run_again(s, p);
  else if (starts(&p, "Kill")) packet_kill(s, p), reply_ok(s);
  else reply_unknown(s);
}

static const struct {
  char letter;
  void (*run)(struct gdb_session *s, const char *p); // p: behind the letter
  bool process;                                      // needs one
} packets[] = {
  { 'q', gdb_query, false }, { 'Q', gdb_set, false }, { 'v', packet_v, false }, { '?', packet_why, false }, { '!', packet_extended, false },
  { 'g', packet_registers, true }, { 'p', packet_register, true }, { 'm', packet_memory, true }, { 'x', packet_binary, true },
  { 'G', packet_write_registers, true }, { 'P', packet_write_register, true }, { 'M', packet_write_memory, true }, { 'X', packet_write_binary, true },
  { 'H', packet_thread, false }, { 'T', packet_alive, true }, { 'c', packet_continue, true }, { 'C', packet_continue, true },
  { 's', packet_step, true }, { 'S', packet_step, true }, { 'Z', packet_set_break, false }, { 'z', packet_clear_break, false },
  { 'b', gdb_reverse, true },
  { 'k', packet_kill, false }, { 'D', packet_detach, false }, { 'R', packet_restart, false },
};

void gdb_packet(struct gdb_session *s) {
  const char *p = s->conn.packet;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    if (packets[i].letter != *p) continue;
    if (packets[i].process && no_process(s)) return;
    packets[i].run(s, p + 1);
    return;
  }
  reply_unknown(s);
}
