// rr record [options] PROGRAM [arguments]
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "host/commands.h"
#include "host/cpu.h"
#include "host/launch.h"
#include "host/record.h"
#include "host/say.h"

enum { O_OUTPUT = 1, O_TICKS, O_EVENTS, O_CHAOS, O_SEED, O_PRINT_DIR, O_ENV, O_IGNORE, O_THROUGH, O_STRICT, O_UNKNOWN, O_CPU, O_CPUID, O_CPUID_EXT, O_CPUID_XSAVE, O_ACCEPTED };
static const struct cli_option options[] = {
  { O_OUTPUT, "o|output-trace-dir", "DIR", "name of the trace's directory (default: trace_N here or in $_RR_TRACE_DIR)" },
  { O_TICKS, "c|num-cpu-ticks", "N", "longest time slice of a thread, in ticks" },
  { O_EVENTS, "e|num-events", "N", "longest time slice of a thread, in events" },
  { O_CHAOS, "h|chaos", NULL, "vary the scheduling to find rare bugs" },
  { O_SEED, "seed", "N", "chaos mode with this seed: the same seed, the same schedule" },
  { O_ENV, "v|env", "NAME=VALUE", "set a variable for the program" },
  { O_IGNORE, "i|ignore-signal", "SIG", "never deliver this signal to the program" },
  { O_THROUGH, "t|continue-through-signal", "SIG", "ignore this signal where it would kill the program" },
  { O_PRINT_DIR, "p|print-trace-dir", "FD", "write the trace's directory to this descriptor" },
  { O_STRICT, "strict", NULL, "refuse memory that is shared with processes outside the recording" },
  { O_UNKNOWN, "on-unknown", "stop|enosys", "what a system call does that rr does not know (default: stop)" },
  { O_CPU, "cpu", "LEVEL", "the program sees no more than x86-64-v2, x86-64-v3 or x86-64-v4, so that the trace replays on such CPUs" },
  { O_CPUID, "disable-cpuid-features", "C[,D]", "hide these bits of CPUID 1, ecx and edx" },
  { O_CPUID_EXT, "disable-cpuid-features-ext", "B[,C[,D]]", "hide these bits of CPUID 7, ebx, ecx and edx" },
  { O_CPUID_XSAVE, "disable-cpuid-features-xsave", "A", "hide these bits of CPUID 13.1, eax" },
  { O_ACCEPTED, "w|wait", NULL, "accepted: rr always waits for all recorded processes" },
  { O_ACCEPTED, "b|n|use-syscall-buffer|no-syscall-buffer|force-syscall-buffer", NULL, "accepted: the fast path is always on" },
  { O_ACCEPTED, "u|cpu-unbound|no-file-cloning|no-read-cloning|no-cpuid-faulting|stap-sdt|asan|tsan|intel-pt|dump-on-exit", NULL, NULL },
  { O_ACCEPTED, "num-cores|nested|bind-to-cpu|scarce-fds|syscall-buffer-size|syscall-buffer-sig|save-as|setuid-sudo", "VALUE", NULL },
  { 0 },
};

static bool add_signal(struct cli *c, uint64_t *set) {
  int signo;
  if (!cli_signal(c, &signo)) return false;
  *set |= 1ull << (signo - 1);
  return true;
}

static bool add_env(struct cli *c, struct record_options *o, size_t *count) {
  if (!strchr(c->value, '=') || c->value[0] == '=') {
    cli_error(c, "%s wants NAME=VALUE, not `%s`", c->option, c->value);
    return false;
  }
  o->set_env = realloc(o->set_env, (*count + 2) * sizeof *o->set_env);
  if (!o->set_env) abort();
  o->set_env[(*count)++] = (char *)c->value;
  o->set_env[*count] = NULL;
  return true;
}

static bool set_unknown(struct cli *c, struct record_options *o) {
  o->engine.on_unknown_enosys = !strcmp(c->value, "enosys");
  if (o->engine.on_unknown_enosys || !strcmp(c->value, "stop")) return true;
  cli_error(c, "%s wants stop or enosys, not `%s`", c->option, c->value);
  return false;
}

static bool set_cpu(struct cli *c, int option, struct rr_options *o) {
  if (option == O_CPU) {
    if (cpu_level(o, c->value)) return true;
    cli_error(c, "%s wants x86-64-v2, x86-64-v3 or x86-64-v4, not `%s`", c->option, c->value);
    return false;
  }
  unsigned first = option == O_CPUID ? CPU_WORDS_BASIC : option == O_CPUID_EXT ? CPU_WORDS_EXT : CPU_WORDS_XSAVE;
  if (cpu_hide(o, c->value, first, option == O_CPUID ? 2 : option == O_CPUID_EXT ? 3 : 1)) return true;
  cli_error(c, "%s wants numbers, separated by commas, not `%s`", c->option, c->value);
  return false;
}

static bool set_option(struct cli *c, int option, struct record_options *o, size_t *env_count) {
  uint64_t n = 0;
  switch (option) {
  case O_OUTPUT: o->output = c->value; return true;
  case O_TICKS: return cli_number(c, &o->engine.slice_ticks);
  case O_EVENTS: return cli_number(c, &o->engine.slice_events);
  case O_CHAOS: o->engine.chaos = 1; return true;
  case O_SEED: o->engine.chaos = 1; return cli_number(c, &o->engine.seed);
  case O_PRINT_DIR:
    if (!cli_number(c, &n)) return false;
    o->print_dir = (int)n;
    return true;
  case O_ENV: return add_env(c, o, env_count);
  case O_IGNORE: return add_signal(c, &o->engine.ignore_signals);
  case O_THROUGH: return add_signal(c, &o->engine.through_signals);
  case O_STRICT: o->engine.strict = 1; return true;
  case O_UNKNOWN: return set_unknown(c, o);
  case O_CPU: case O_CPUID: case O_CPUID_EXT: case O_CPUID_XSAVE: return set_cpu(c, option, &o->engine);
  }
  return true; // O_ACCEPTED
}

static int run(struct cli *c) {
  struct record_options o = { .print_dir = -1 };
  struct fault f;
  size_t env_count = 0;
  bool seeded = false;
  int option;
  options_default(&o.engine);
  while ((option = cli_next(c)) > 0) {
    if (!set_option(c, option, &o, &env_count)) return EXIT_USAGE;
    seeded |= option == O_SEED;
  }
  if (option == CLI_ERROR) return EXIT_USAGE;
  if (option == CLI_END) return cli_error(c, "the program to record is missing");
  cpu_state(&o.engine);
  o.argv = c->argv + c->next - 1;
  if (options_debug(&o.engine, &f)) return fault_say(&f);
  if (o.engine.chaos && !seeded && getrandom(&o.engine.seed, 4, 0) < 0) o.engine.seed = 1;
  return record(&o);
}

const struct command cmd_record = { .name = "record", .summary = "run a program and record it", .usage = "record [options] PROGRAM [arguments]",
  .options = options, .stop_at_word = true, .run = run };
