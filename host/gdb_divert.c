// Function calls by the client. It has only writes of registers and memory to do them with, and reads the siginfo before a
// call and writes it back behind (gdb and Delve do). So: the first write of a call makes a copy of the process, in which the
// call runs; when it is over the original is the target again. The copy is kept until the process goes on: the client may
// still look at what the call has returned, or have made a string there for the next call.
// A write that is no part of a call is refused.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include "host/gdb_regs.h"
#include "host/gdb_session.h"

enum { BELOW_STACK = 1 << 20, RESULT_BYTES = 4096 };

static void swap(struct gdb_session *s) {
  struct target t = s->target;
  s->target = s->held;
  s->held = t;
}

static uint32_t caller(const struct gdb_session *s) { return thread_or_stopped(s, s->g_tid); }

static void end_copy(struct gdb_session *s, struct target *copy) {
  target_kill(copy);
  target_close(copy);
  if (s->copy_pid > 0) {
    kill(s->copy_pid, SIGKILL);
    while (waitpid(s->copy_pid, NULL, 0) < 0 && errno == EINTR) {}
  }
  s->copy_pid = 0;
  s->calls = s->result_count = 0;
}

void gdb_divert_end(struct gdb_session *s) {
  if (s->divert == DIVERT_CALL) swap(s);
  if (s->divert == DIVERT_CALL || s->divert == DIVERT_DONE) end_copy(s, &s->held);
  s->divert = DIVERT_NONE;
  s->call_announced = false;
}

bool gdb_divert_lost(struct gdb_session *s) {
  if (s->divert != DIVERT_CALL) return false;
  gdb_divert_end(s);
  s->divert = DIVERT_LOST;
  return true;
}

static int begin(struct gdb_session *s) {
  const struct target_regs *r;
  int e = target_regs(&s->target, caller(s), &r);
  if (e) return e;
  s->before = r->r;
  s->copy_tid = caller(s);
  if (s->divert != DIVERT_DONE) e = target_copy(&s->target, caller(s), &s->held, &s->copy_pid);
  if (e) return e;
  swap(s);
  s->divert = DIVERT_CALL;
  return 0;
}

// The general registers are those of before the call: gdb has taken it back.
static bool restored(struct gdb_session *s, struct target *copy) {
  const struct target_regs *r;
  return target_regs(copy, s->copy_tid, &r) || !memcmp(r->r.regs, s->before.regs, sizeof s->before.regs);
}

// Pointers that the call returned: what they point to is shown as the call left it.
static void note_results(struct gdb_session *s) {
  static const int where[] = { R_RAX, R_RDX };
  const struct target_regs *r;
  if (target_regs(&s->target, s->copy_tid, &r)) return;
  for (int i = 0; i < 2; i++)
    if (r->r.regs[where[i]] > 65536) s->results[s->result_count++ % CALL_RESULTS] = r->r.regs[where[i]];
}

static bool is_result(const struct gdb_session *s, uint64_t address, size_t n) {
  for (uint32_t i = 0; i < s->result_count && i < CALL_RESULTS; i++)
    if (address + n > s->results[i] && address < s->results[i] + RESULT_BYTES) return true;
  return false;
}

// Where images keep their code and variables: mappings of files, and what follows them at once (bss).
static void note_globals(struct gdb_session *s) {
  uint64_t at = 0, file_end = 0;
  s->global_count = 0;
  do {
    struct rr_dbg_request q = { .what = RR_DBG_MAPS, .address = at };
    struct rr_dbg_reply r;
    const void *data;
    if (target_ask(&s->target, &q, NULL, &r, &data)) return;
    for (const uint8_t *d = data, *end = d + r.size; (size_t)(end - d) > sizeof(struct rr_dbg_map);) {
      const struct rr_dbg_map *m = (const void *)d;
      if (m->size <= sizeof *m || m->size > (size_t)(end - d)) return;
      const char *path = (const char *)(m + 1);
      bool file = *path == '/', bss = !*path && m->start == file_end;
      bool joins = s->global_count && s->globals[s->global_count - 1].end == m->start;
      if ((file || bss) && joins) s->globals[s->global_count - 1].end = m->end;
      else if ((file || bss) && s->global_count < CALL_GLOBALS) {
        s->globals[s->global_count].start = m->start;
        s->globals[s->global_count++].end = m->end;
      }
      if (file || bss) file_end = m->end;
      d += m->size;
    }
    at = r.value;
  } while (at);
}

// Behind a call the client looks at two things: at what it returned, which lies where the call has put it, and at the program.
// The variables of images and the frames of the stack are those of the program, what a returned pointer leads to, the heap and
// the rest of the stack those of the copy.
static bool of_program(const struct gdb_session *s, uint64_t address, size_t n) {
  uint64_t sp = s->before.regs[R_RSP];
  if (is_result(s, address, n)) return false;
  if (address >= sp && address - sp < 8 << 20) return true;
  for (uint32_t i = 0; i < s->global_count; i++)
    if (address >= s->globals[i].start && address < s->globals[i].end) return true;
  return false;
}

void gdb_divert_siginfo(struct gdb_session *s, bool written) {
  if (!written) {
    s->call_announced = true;
    if (s->divert == DIVERT_LOST) s->divert = DIVERT_NONE;
  } else if (s->divert == DIVERT_CALL && s->calls && !--s->calls) {
    note_results(s);
    swap(s);
    note_globals(s);
    s->divert = DIVERT_DONE;
  }
}

// A write that could be the first of a call.
static int call_begins(struct gdb_session *s) {
  if (!s->call_announced) return EROFS;
  s->call_announced = false;
  int e = s->divert == DIVERT_CALL ? 0 : begin(s);
  if (!e) s->calls++;
  return e;
}

int gdb_write_memory(struct gdb_session *s, uint64_t address, const void *bytes, size_t n) {
  const struct target_regs *r;
  uint8_t byte;
  uint64_t sp = s->call_announced && !target_regs(&s->target, caller(s), &r) ? r->r.regs[R_RSP] : 0;
  bool below = address < sp && sp - address < BELOW_STACK;
  int e = below ? call_begins(s) : EROFS;
  if (s->divert == DIVERT_CALL) return target_write(&s->target, address, bytes, n);
  if (s->divert == DIVERT_DONE && (is_result(s, address, n) || !target_read(&s->target, address, &byte, 1))) return target_write(&s->held, address, bytes, n);
  return e;
}

// A register of the original has this value: gdb restores what it changed for a call.
static bool restores(struct gdb_session *s, size_t n, const uint8_t *value) {
  const struct target_regs *r;
  uint8_t now[GDB_REG_MAX];
  if (target_regs(&s->target, caller(s), &r)) return false;
  size_t size = gdb_reg_get(r, n, now);
  return size && !memcmp(now, value, size);
}

static int write_register(struct target *copy, uint32_t tid, size_t n, const uint8_t *value) {
  const struct target_regs *r;
  int e = target_regs(copy, tid, &r);
  if (e) return e;
  struct target_regs changed = *r;
  if (!gdb_reg_set(&changed, n, value)) return EINVAL;
  return target_set_regs(copy, &changed);
}

int gdb_write_register(struct gdb_session *s, size_t n, const uint8_t *value) {
  if (s->divert != DIVERT_CALL) {
    bool back = s->divert != DIVERT_NONE && restores(s, n, value);
    if (back) return s->divert == DIVERT_DONE ? write_register(&s->held, s->copy_tid, n, value) : 0;
    int e = n == GDB_RIP || n == GDB_RSP ? call_begins(s) : EROFS;
    if (e) return e;
  }
  return write_register(&s->target, caller(s), n, value);
}

int gdb_write_registers(struct gdb_session *s, const uint8_t *values, size_t size) {
  const struct target_regs *r;
  int e = target_regs(&s->target, caller(s), &r);
  bool back = !e && s->divert != DIVERT_CALL && s->divert != DIVERT_NONE;
  for (size_t n = 0, at = 0, part; back && (part = gdb_reg_size(r->r.xcr0, n)) && at + part <= size; n++, at += part) back = restores(s, n, values + at);
  if (back && s->divert == DIVERT_LOST) return 0;
  if (!e && !back && s->divert != DIVERT_CALL) e = call_begins(s);
  struct target *copy = back ? &s->held : &s->target;
  if (!e) e = target_regs(copy, s->copy_tid, &r);
  if (e) return e;
  struct target_regs changed = *r;
  for (size_t n = 0, at = 0, part; (part = gdb_reg_size(changed.r.xcr0, n)) && at + part <= size; n++, at += part) gdb_reg_set(&changed, n, values + at);
  return target_set_regs(copy, &changed);
}

size_t gdb_read_memory(struct gdb_session *s, uint64_t address, void *d, size_t n) {
  if (s->divert == DIVERT_DONE && !of_program(s, address, n)) {
    size_t copied = target_read(&s->held, address, d, n);
    if (copied) return copied;
  }
  size_t got = target_read(&s->target, address, d, n);
  return got || s->divert != DIVERT_DONE ? got : target_read(&s->held, address, d, n);
}

void gdb_divert_resume(struct gdb_session *s) {
  bool calling = s->divert == DIVERT_CALL && !restored(s, &s->target);
  if (!calling) gdb_divert_end(s);
  s->call_announced = false;
}

// The client wants to be elsewhere. False: it is inside of a call.
bool gdb_divert_leave(struct gdb_session *s) {
  gdb_divert_resume(s);
  return s->divert != DIVERT_CALL;
}

void gdb_divert_aside(struct gdb_session *s) {
  if (s->divert == DIVERT_CALL) swap(s);
}

int gdb_ask_both(struct gdb_session *s, const struct rr_dbg_request *q, const void *send) {
  struct rr_dbg_reply r;
  if (s->divert == DIVERT_CALL || s->divert == DIVERT_DONE) target_ask(&s->held, q, send, &r, NULL);
  return target_ask(&s->target, q, send, &r, NULL);
}
