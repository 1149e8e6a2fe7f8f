// q and Q packets: what the server can do, threads, objects read by qXfer, settings.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/gdb_regs.h"
#include "host/gdb_session.h"
#include "host/text.h"

static void supported(struct gdb_session *s, const char *p) {
  if (*p == ':') p++;
  while (*p) {
    size_t n = strcspn(p, ";");
    #define FEATURE(text) (n == sizeof text - 1 && !strncmp(p, text, n))
    if (FEATURE("multiprocess+")) s->multiprocess = true;
    if (FEATURE("swbreak+")) s->swbreak = true;
    if (FEATURE("hwbreak+")) s->hwbreak = true;
    if (FEATURE("exec-events+")) s->exec_events = true;
    if (FEATURE("fork-events+")) s->fork_events = true;
    if (FEATURE("error-message+") || FEATURE("swbreak+")) s->error_text = true; // any gdb that knows swbreak prints the text
    #undef FEATURE
    p += n + (p[n] == ';');
  }
  reply(&s->conn, "PacketSize=%x;QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;ConditionalBreakpoints+;BreakpointCommands+;ReverseStep+;ReverseContinue+;QPassSignals+;QCatchSyscalls+;"
    "fork-events+;exec-events+;error-message+;qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:threads:read+;qXfer:siginfo:read+;qXfer:siginfo:write+;"
    "qXfer:memory-map:read+;qXfer:osdata:read+", GDB_PACKET_MAX - 1024);
}

// qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH of `size` bytes.
static void transfer(struct gdb_session *s, const char *range, const void *data, size_t size) {
  uint64_t offset, length;
  if (!hex_number(&range, &offset) || *range++ != ',' || !hex_number(&range, &length) || offset > size) {
    reply(&s->conn, "E01");
    return;
  }
  if (length > GDB_PACKET_MAX / 2 - 16) length = GDB_PACKET_MAX / 2 - 16; // all of it may have to be escaped
  size_t n = size - offset < length ? size - offset : length;
  reply_begin(&s->conn);
  reply_put(&s->conn, offset + n == size ? "l" : "m", 1);
  reply_put(&s->conn, (const char *)data + offset, n);
  reply_end(&s->conn);
}

static void transfer_text(struct gdb_session *s, const char *range, struct text *t) {
  if (t->failed) reply_errno(s, ENOMEM);
  else transfer(s, range, t->data ? t->data : "", t->size);
  free(t->data);
}

static void features(struct gdb_session *s, const char *annex, const char *range) {
  const struct target_regs *r;
  if (strncmp(annex, "target.xml:", 11)) {
    reply(&s->conn, "E00");
    return;
  }
  if (!s->xml && !target_regs(&s->target, s->target.stop.thread, &r)) s->xml = gdb_regs_xml(r->r.xcr0);
  if (s->xml) transfer(s, range, s->xml, strlen(s->xml));
  else reply_errno(s, ESRCH);
}

static void from_engine(struct gdb_session *s, uint32_t what, const char *range) {
  struct rr_dbg_request q = { .what = what, .thread = s->g_tid };
  struct rr_dbg_reply r;
  const void *data;
  int e = target_ask(&s->target, &q, NULL, &r, &data);
  if (e) reply_errno(s, e);
  else transfer(s, range, data, r.size);
}

const char *gdb_exec_file(const struct gdb_session *s) {
  for (uint32_t i = 0; i < s->replay->kept.count; i++)
    if (s->replay->kept.files[i].id == s->exe_file) return s->replay->kept.files[i].path;
  return NULL;
}

static void thread_text(const struct rr_dbg_thread *t, char text[64]) {
  static const char *const states[] = { "running", "runnable", "in a system call", "waiting for a futex", "waiting for its vfork child" };
  const char *state = t->state < 5 ? states[t->state] : "?";
  snprintf(text, 64, "%.16s (%s)", t->name, state);
}

static void threads_xml(struct gdb_session *s, const char *range) {
  const struct rr_dbg_thread *all;
  struct text t = { 0 };
  size_t n;
  int e = target_threads(&s->target, &all, &n);
  if (e) {
    reply_errno(s, e);
    return;
  }
  text_add(&t, "<threads>\n");
  for (size_t i = 0; i < n; i++) {
    char id[40], name[17] = "";
    thread_id(s, all[i].tid, id);
    for (int k = 0, at = 0; k < 16 && all[i].name[k]; k++) // what XML would trip over is left out
      if (!strchr("<>&\"", all[i].name[k]) && (uint8_t)all[i].name[k] >= 32) name[at++] = all[i].name[k], name[at] = 0;
    text_add(&t, "<thread id=\"%s\" name=\"%s\"/>\n", id, name);
  }
  text_add(&t, "</threads>\n");
  transfer_text(s, range, &t);
}

static void xfer(struct gdb_session *s, const char *p) {
  const char *object = p, *annex = strstr(p, ":read:");
  const char *range = annex ? strrchr(annex + 5, ':') : NULL;
  const char *data;
  if (!strncmp(p, "siginfo:write:", 14) && (data = strchr(p + 15, ':'))) { // behind a call; what it was is not changed
    gdb_divert_siginfo(s, true);
    reply(&s->conn, "%zx", s->conn.size - (size_t)(data + 1 - s->conn.packet));
    return;
  }
  if (!annex || !range) {
    reply(&s->conn, strstr(p, ":write:") ? "E01" : "%s", "");
    return;
  }
  size_t n = (size_t)(annex - object);
  annex += 6;
  range++;
  #define OBJECT(text) (n == sizeof text - 1 && !strncmp(object, text, n))
  if (OBJECT("osdata")) {
    struct text t = { 0 };
    char type[32];
    snprintf(type, sizeof type, "%.*s", (int)strcspn(annex, ":"), annex);
    gdb_processes_xml(s, type, &t);
    transfer_text(s, range, &t);
  } else if (s->exited || s->target.fd < 0) reply_errno(s, ESRCH);
  else if (OBJECT("features")) features(s, annex, range);
  else if (OBJECT("auxv")) from_engine(s, RR_DBG_AUXV, range);
  else if (OBJECT("siginfo")) gdb_divert_siginfo(s, false), from_engine(s, RR_DBG_SIGINFO, range);
  else if (OBJECT("threads")) threads_xml(s, range);
  else if (OBJECT("exec-file")) {
    const char *path = gdb_exec_file(s);
    transfer(s, range, path ? path : "", path ? strlen(path) : 0);
  } else if (OBJECT("memory-map")) {
    static const char map[] = "<memory-map><memory type=\"ram\" start=\"0x0\" length=\"0xffffffffffffffff\"/></memory-map>";
    transfer(s, range, map, sizeof map - 1);
  } else reply(&s->conn, "%s", "");
  #undef OBJECT
}

static void thread_list(struct gdb_session *s) {
  const struct rr_dbg_thread *all;
  size_t n;
  char id[40];
  if (s->exited || target_threads(&s->target, &all, &n)) {
    reply(&s->conn, "l");
    return;
  }
  reply_begin(&s->conn);
  for (size_t i = 0; i < n; i++) {
    thread_id(s, all[i].tid, id);
    reply_text(&s->conn, "%s%s", i ? "," : "m", id);
  }
  reply_end(&s->conn);
}

static void thread_extra(struct gdb_session *s, const char *p) {
  uint32_t pid, tid;
  char text[64] = "";
  const struct rr_dbg_thread *t = parse_thread(s, &p, &pid, &tid) ? target_thread(&s->target, tid) : NULL;
  if (t) thread_text(t, text);
  reply_begin(&s->conn);
  reply_hex(&s->conn, text, strlen(text));
  reply_end(&s->conn);
}

// qSearch:memory:ADDRESS;LENGTH;PATTERN (binary)
static void search(struct gdb_session *s, const char *p) {
  uint64_t address, length, found;
  if (!hex_number(&p, &address) || *p++ != ';' || !hex_number(&p, &length) || *p++ != ';') {
    reply_errno(s, EINVAL);
    return;
  }
  size_t n = s->conn.size - (size_t)(p - s->conn.packet);
  int e = target_search(&s->target, address, length, p, n, &found);
  if (!e) reply(&s->conn, "1,%lx", found);
  else if (e == ENOENT) reply(&s->conn, "0");
  else reply_errno(s, e);
}

static void send_output(struct gdb_session *s, char *text) {
  if (!text) {
    reply_errno(s, ENOMEM);
    return;
  }
  reply_begin(&s->conn);
  reply_hex(&s->conn, text, strlen(text));
  reply_end(&s->conn);
  free(text);
}

enum { ARGS = 8, ARG_BYTES = 256 };
static bool hex_text(const char *p, size_t n, char text[ARG_BYTES]) {
  if (n > 2 * (ARG_BYTES - 1) || !hex_bytes(p, n, (uint8_t *)text)) return false;
  text[n / 2] = 0;
  return true;
}

// qRcmd,HEX: a line of text.
static void monitor(struct gdb_session *s, const char *p) {
  char line[ARG_BYTES], *argv[ARGS], *save = NULL;
  int argc = 0;
  if (!hex_text(p, strlen(p), line)) {
    reply_errno(s, EINVAL);
    return;
  }
  for (char *w = strtok_r(line, " \t", &save); w && argc < ARGS; w = strtok_r(NULL, " \t", &save)) argv[argc++] = w;
  send_output(s, gdb_monitor(s, thread_or_stopped(s, s->g_tid), argc, argv));
}

// qRRCmd:NAME:TID[:HEXARG...], or all in hexadecimal without a thread: qRRCmd:HEXNAME[:HEXARG...]
static void rr_command(struct gdb_session *s, const char *p) {
  static char words[ARGS][ARG_BYTES];
  char *argv[ARGS];
  int argc = 0;
  uint32_t tid = s->target.stop.thread, pid;
  size_t n = strcspn(p, ":");
  bool all_hex = hex_text(p, n, words[0]);
  if (!all_hex) snprintf(words[0], ARG_BYTES, "%.*s", (int)n, p);
  argv[argc++] = words[0];
  p += n;
  if (!all_hex && *p == ':') {
    p++;
    const char *start = p;
    if (!parse_thread(s, &p, &pid, &tid)) p = start + strcspn(start, ":");
  }
  while (*p == ':' && argc < ARGS) {
    n = strcspn(++p, ":");
    if (!hex_text(p, n, words[argc])) break;
    argv[argc] = words[argc];
    argc++;
    p += n;
  }
  send_output(s, gdb_monitor(s, thread_or_stopped(s, tid), argc, argv));
}

// Where glibc says how to find a module's TLS number in its link_map: for debuggers, exported by ld.so (nptl_db/structs.def).
#define MODID_SYMBOL "_thread_db_link_map_l_tls_modid"

// qSymbol:: (new symbols can be asked for), qSymbol:VALUE:NAME (the answer; no value: not known)
static void symbol(struct gdb_session *s, const char *p) {
  uint64_t value;
  if (hex_number(&p, &value)) s->tls_modid = value;
  else if (*p == ':' && !p[1] && !s->tls_modid) {
    reply_begin(&s->conn);
    reply_text(&s->conn, "qSymbol:");
    reply_hex(&s->conn, MODID_SYMBOL, sizeof MODID_SYMBOL - 1);
    reply_end(&s->conn);
    return;
  }
  reply(&s->conn, "OK");
}

static bool read_word(struct gdb_session *s, uint64_t at, uint64_t *v) { return target_read(&s->target, at, v, 8) == 8; }

// qGetTLSAddr:THREAD,OFFSET,LINK_MAP. The x86-64 ABI of glibc: the dtv is at fs:8, an entry has 16 bytes, the first word is the
// address of the module's block, or -1 before its first use (sysdeps/x86_64/nptl/tls.h, sysdeps/generic/dl-dtv.h).
static void tls_address(struct gdb_session *s, const char *p) {
  uint32_t pid, tid, field[3];
  uint64_t offset, link_map, module = 1, dtv, block;
  const struct target_regs *r;
  if (!parse_thread(s, &p, &pid, &tid) || *p++ != ',' || !hex_number(&p, &offset) || *p++ != ',' || !hex_number(&p, &link_map)) {
    reply_errno(s, EINVAL);
    return;
  }
  if (link_map) { // none: a static program, which is module 1
    if (!s->tls_modid || target_read(&s->target, s->tls_modid, field, sizeof field) != sizeof field || !read_word(s, link_map + field[2], &module)) module = 0;
  }
  if (!module || module > 1 << 20 || target_regs(&s->target, thread_or_stopped(s, tid), &r) || !read_word(s, r->r.fs_base + 8, &dtv)
      || !read_word(s, dtv + 16 * module, &block) || block == ~0ul || !block) {
    reply_refused(s, "the thread has no such variable yet");
    return;
  }
  reply(&s->conn, "%lx", block + offset);
}

// qMemoryRegionInfo:ADDRESS (lldb): the mapping that holds it, or the hole.
static void region(struct gdb_session *s, const char *p) {
  uint64_t address;
  if (!hex_number(&p, &address)) {
    reply_errno(s, EINVAL);
    return;
  }
  struct rr_dbg_request q = { .what = RR_DBG_MAPS, .address = address };
  struct rr_dbg_reply r;
  const void *data = NULL;
  int e = s->exited ? ESRCH : target_ask(&s->target, &q, NULL, &r, &data);
  const struct rr_dbg_map *m = data;
  if (e) reply_errno(s, e);
  else if (r.size < sizeof *m || m->start > address) reply(&s->conn, "start:%lx;size:%lx;", address, (r.size < sizeof *m ? 0 : m->start) - address);
  else {
    const char *path = (const char *)(m + 1);
    reply_begin(&s->conn);
    reply_text(&s->conn, "start:%lx;size:%lx;permissions:%s%s%s;", m->start, m->end - m->start, m->prot & 1 ? "r" : "", m->prot & 2 ? "w" : "", m->prot & 4 ? "x" : "");
    if (m->size > sizeof *m && *path) reply_text(&s->conn, "name:"), reply_hex(&s->conn, path, strnlen(path, m->size - sizeof *m)), reply_text(&s->conn, ";");
    reply_end(&s->conn);
  }
}

void gdb_query(struct gdb_session *s, const char *p) {
  char id[40];
  if (starts(&p, "Supported")) supported(s, p);
  else if (starts(&p, "Xfer:")) xfer(s, p);
  else if (starts(&p, "fThreadInfo")) thread_list(s);
  else if (starts(&p, "sThreadInfo")) reply(&s->conn, "l");
  else if (starts(&p, "ThreadExtraInfo,")) thread_extra(s, p);
  else if (starts(&p, "Search:memory:")) search(s, p);
  else if (starts(&p, "Attached")) reply(&s->conn, "1");
  else if (starts(&p, "Rcmd,")) monitor(s, p);
  else if (starts(&p, "RRCmd:")) rr_command(s, p);
  else if (starts(&p, "MemoryRegionInfo:")) region(s, p);
  else if (starts(&p, "TStatus") || starts(&p, "Offsets")) reply(&s->conn, "%s", "");
  else if (starts(&p, "Symbol:")) symbol(s, p);
  else if (starts(&p, "GetTLSAddr:")) tls_address(s, p);
  else if (starts(&p, "CRC:")) reply(&s->conn, "%s", "");
  else if (*p == 'C' && !p[1]) {
    thread_id(s, s->target.stop.thread, id);
    reply(&s->conn, "QC%s", id);
  } else reply(&s->conn, "%s", "");
}

static void pass_signals(struct gdb_session *s, const char *p) {
  uint64_t mask = 0, n;
  while (hex_number(&p, &n)) {
    uint32_t signo = gdb_signal_to_linux((uint32_t)n);
    if (signo) mask |= 1ul << (signo - 1);
    if (*p == ';') p++;
  }
  struct rr_dbg_request q = { .what = RR_DBG_SIGNALS, .size = sizeof mask };
  s->passed_signals = mask;
  if (!s->exited) gdb_ask_both(s, &q, &mask);
  reply(&s->conn, "OK");
}

// QCatchSyscalls:0, QCatchSyscalls:1[;NUMBER...]
static void catch_syscalls(struct gdb_session *s, const char *p) {
  uint16_t numbers[512];
  uint32_t count = 0;
  uint64_t n;
  bool on = *p++ == '1';
  while (*p++ == ';' && hex_number(&p, &n) && count < 512) numbers[count++] = (uint16_t)n;
  struct rr_dbg_request q = { .what = RR_DBG_SYSCALLS, .flags = !on ? 0 : count ? 2 : 1, .size = count * 2 };
  int e = s->exited ? 0 : gdb_ask_both(s, &q, numbers);
  if (e) reply_errno(s, e);
  else reply(&s->conn, "OK");
}

void gdb_set(struct gdb_session *s, const char *p) {
  if (starts(&p, "StartNoAckMode")) {
    reply(&s->conn, "OK");
    s->conn.no_ack = true;
  } else if (starts(&p, "PassSignals:")) pass_signals(s, p);
  else if (starts(&p, "ProgramSignals:")) reply(&s->conn, "OK");
  else if (starts(&p, "CatchSyscalls:")) catch_syscalls(s, p);
  else if (starts(&p, "NonStop:0")) reply(&s->conn, "OK");
  else reply(&s->conn, "%s", "");
}
