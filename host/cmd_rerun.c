// rr rerun [-s EVENT] [-e EVENT] [--singlestep=REGISTERS] [TRACE]: replays without a debugger and prints registers, a line an
// instruction, between two events. For comparing runs, and for scripts.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/commands.h"
#include "host/gdb_target.h"
#include "host/paths.h"
#include "host/replay.h"

enum { O_FROM = 1, O_TO, O_STEP, O_RAW };
static const struct cli_option options[] = {
  { O_FROM, "s|trace-start", "EVENT", "print from this event on (default: the start)" },
  { O_TO, "e|trace-end", "EVENT", "stop at this event (default: the end)" },
  { O_STEP, "f|singlestep", "REGISTERS", "print these registers before each instruction: rip,rax,... or `gp` for all" },
  { O_RAW, "r|raw", NULL, "print values only, without names" },
  { 0 },
};
static const char *const names[R_COUNT] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags" };

struct rerun { uint64_t from, to; bool shown[R_COUNT], any, raw; };

static bool parse_registers(const char *p, struct rerun *r) {
  for (size_t n; *p; p += n + (p[n] == ',')) {
    bool known = false;
    n = strcspn(p, ",");
    for (int i = 0; i < R_COUNT; i++) {
      bool all = n == 2 && !strncmp(p, "gp", 2), one = strlen(names[i]) == n && !strncmp(p, names[i], n);
      if (all || one) r->shown[i] = known = true;
    }
    if (!known) return false;
  }
  return r->any = true;
}

static int print(const struct rerun *r, struct target *t) {
  const struct target_regs *g;
  int e = target_regs(t, t->stop.thread, &g);
  if (e) return e;
  if (!r->raw) printf("event:%lu tick:%lu tid:%u", t->stop.point.event, t->stop.point.ticks, t->stop.thread);
  for (int i = 0; i < R_COUNT; i++) {
    if (!r->shown[i]) continue;
    if (r->raw) fwrite(&g->r.regs[i], 8, 1, stdout);
    else printf(" %s:0x%lx", names[i], g->r.regs[i]);
  }
  if (!r->raw) puts("");
  return 0;
}

static bool at_end(const struct target *t) {
  return t->fd < 0 || t->stop.reason == RR_STOP_EXIT || t->stop.reason == RR_STOP_END || t->stop.reason == RR_STOP_DIVERGED;
}

static int go(struct target *t, uint32_t how, uint64_t event) {
  struct rr_dbg_go g = { .how = how, .flags = RR_GO_UNTIL | RR_GO_ONLY_POINT, .thread = t->stop.thread, .until.event = event };
  int e = target_go(t, &g);
  while (!e && t->running) target_stopped(t);
  return e;
}

// The engine has stopped at its start.
static int follow(const struct rerun *r, struct target *t) {
  int e = 0;
  while (!e && !at_end(t) && t->stop.point.event < r->from) e = go(t, RR_GO_CONTINUE, r->from);
  while (!e && !at_end(t) && r->any && t->stop.point.event < r->to) {
    e = print(r, t);
    if (!e) e = go(t, RR_GO_STEP, r->to);
  }
  while (!e && !at_end(t) && t->stop.point.event < r->to) e = go(t, RR_GO_CONTINUE, r->to);
  return e;
}

static int rerun(struct replay_session *s, const struct rerun *r, struct fault *f) {
  struct replay_run run;
  struct target t;
  int pair[2];
  if (replay_check(s, f)) return f->code;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return fault_set(f, 1, "socketpair: %s", strerror(errno));
  int e = replay_run_start(s, 0, true, pair[1], &run, f);
  close(pair[1]);
  if (e) return close(pair[0]), f->code;
  if (target_open(&t, pair[0])) abort();
  while (t.running) target_stopped(&t);
  e = follow(r, &t);
  if (!replay_run_fault(&run, f) && (e || t.stop.reason == RR_STOP_DIVERGED))
    fault_set(f, t.stop.reason == RR_STOP_DIVERGED ? EXIT_DIVERGED : 1, "%s", t.text[0] ? t.text : "the replay ended unexpectedly");
  target_kill(&t);
  target_close(&t);
  replay_run_end(&run);
  return f->code;
}

static int run(struct cli *c) {
  struct rerun r = { .to = ~0ul };
  char dir[PATH_MAX];
  const char *name = NULL;
  struct fault f = { 0 };
  struct replay_session s;
  for (int o; (o = cli_next(c)) != CLI_END;) {
    if (o == CLI_ERROR) return EXIT_USAGE;
    if ((o == O_FROM && !cli_number(c, &r.from)) || (o == O_TO && !cli_number(c, &r.to))) return EXIT_USAGE;
    if (o == O_STEP && !parse_registers(c->value, &r)) return cli_error(c, "%s: `%s` names a register that is none (gp: all general ones)", c->option, c->value);
    if (o == O_RAW) r.raw = true;
    if (o == CLI_WORD && name) return cli_error(c, "one trace at a time: `%s` is too many", c->value);
    if (o == CLI_WORD) name = c->value;
  }
  if (trace_dir_find(name, dir, sizeof dir, &f) || replay_open(dir, &s, &f)) return fault_say(&f);
  int code = rerun(&s, &r, &f);
  replay_close(&s);
  return code ? fault_say(&f) : 0;
}

const struct command cmd_rerun = { .name = "rerun", .summary = "replay without a debugger and print registers of each instruction", .usage = "rerun [options] [TRACE]", .options = options, .run = run };
