// rr ps [TRACE]: the processes of a recording, as tab-separated values.
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include "host/commands.h"
#include "host/paths.h"
#include "host/processes.h"

static void print_process(const struct trace_process *p) {
  printf("%u\t", p->pid);
  if (p->root) printf("--\t");
  else printf("%u\t", p->ppid);
  if (!p->ended) printf("none\t");
  else printf("%d\t", WIFSIGNALED(p->status) ? -WTERMSIG(p->status) : WEXITSTATUS(p->status));
  puts(p->command ? p->command : "(forked without exec)");
}

static int run(struct cli *c) {
  char dir[PATH_MAX];
  const char *name = NULL;
  struct fault f;
  struct trace *t;
  struct trace_processes p;
  for (int o; (o = cli_next(c)) != CLI_END; name = c->value)
    if (o == CLI_ERROR || name) return o == CLI_ERROR ? EXIT_USAGE : cli_error(c, "one trace at a time: `%s` is too many", c->value);
  if (trace_dir_find(name, dir, sizeof dir, &f) || trace_open(dir, &t, &f)) return fault_say(&f);
  if (trace_processes_read(t, &p, &f)) return trace_close(t), fault_say(&f);
  puts("PID\tPPID\tEXIT\tCMD");
  for (uint32_t i = 0; i < p.count; i++) print_process(&p.list[i]);
  if (!t->complete) say_warn("the trace is not complete: %s", t->incomplete_why);
  trace_processes_free(&p);
  trace_close(t);
  return 0;
}

const struct command cmd_ps = { .name = "ps", .summary = "list the processes of a recording", .usage = "ps [TRACE]", .run = run };
