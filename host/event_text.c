// Events as text: one line each, the coordinate in front.
#include "host/event_text.h"
#include "abi/tracee.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "host/syscalls.h"

void event_data_add(struct event_data *d, const struct rr_event *ev) {
  const struct rr_ev_data *data = event_payload(ev);
  if (d->count == EVENT_DATA_MAX) return;
  d->part[d->count].addr = data->addr;
  d->part[d->count].len = data->len;
  memcpy(d->part[d->count].head, data + 1, data->len < sizeof d->part->head ? data->len : sizeof d->part->head);
  d->count++;
}

static const char *nondet_name(uint16_t code) {
  static const char *const names[] = { [RR_ND_RDTSC] = "rdtsc", [RR_ND_RDTSCP] = "rdtscp", [RR_ND_CPUID] = "cpuid", [RR_ND_RDRAND] = "rdrand",
    [RR_ND_RDSEED] = "rdseed", [RR_ND_RDPID] = "rdpid", [RR_ND_XGETBV] = "xgetbv", [RR_ND_OTHER] = "other" };
  return code < sizeof names / sizeof *names && names[code] ? names[code] : "?";
}

static const char *type_name(uint8_t type) {
  switch (type) {
  case RR_EV_DATA: return "data";
  case RR_EV_CHECKSUM: return "checksum";
  case RR_EV_FILE: return "file";
  case RR_EV_NOTE: return "note";
  case RR_EV_START: return "start";
  case RR_EV_FORKED: return "forked";
  case RR_EV_SYSCALL: return "syscall";
  case RR_EV_ENTER: return "enter";
  case RR_EV_SWITCH: return "switch";
  case RR_EV_SIGNAL: return "signal";
  case RR_EV_FAULT: return "fault";
  case RR_EV_SIGRETURN: return "sigreturn";
  case RR_EV_NONDET: return "instruction";
  case RR_EV_EXEC: return "exec";
  case RR_EV_EXIT: return "exit";
  case RR_EV_KILLED: return "killed";
  case RR_EV_SHARED: return "shared memory";
  case RR_EV_TRACE: return "tracer";
  default: return "?";
  }
}

static void signal_name(struct text *t, int signo) {
  const char *name = signo < 32 ? sigabbrev_np(signo) : NULL;
  if (name) text_add(t, "SIG%s", name);
  else text_add(t, "SIGRT_%d", signo - 32);
}

static void status_text(struct text *t, uint32_t status) {
  if (WIFSIGNALED(status)) {
    text_add(t, "killed by ");
    signal_name(t, WTERMSIG(status));
  } else {
    text_add(t, "status %d", WEXITSTATUS(status));
  }
}

static void start_text(struct text *t, const struct rr_ev_start *s) {
  const char *p = (const char *)(s + 1), *end;
  text_add(t, "start pid %u ", s->pid);
  text_escape(t, p + s->execfn_len);
  p += s->execfn_len + s->exe_len;
  end = p + s->args_len;
  text_add(t, " [");
  for (uint32_t i = 0; i < s->argc && p < end; i++, p += strlen(p) + 1) {
    text_add(t, i ? ", " : "");
    text_json(t, p);
  }
  text_add(t, "] entry 0x%llx", (unsigned long long)s->entry);
}

static void nondet_text(struct text *t, const struct rr_event *ev) {
  const uint64_t *v = event_payload(ev);
  text_add(t, "%s", nondet_name(ev->code));
  if (ev->code == RR_ND_CPUID && event_payload_size(ev) == 16) { // two registers a value, the lower first
    text_add(t, " eax 0x%x ebx 0x%x ecx 0x%x edx 0x%x", (uint32_t)v[0], (uint32_t)(v[0] >> 32), (uint32_t)v[1], (uint32_t)(v[1] >> 32));
    return;
  }
  for (size_t i = 0; i < event_payload_size(ev) / 8 && i < 8; i++) text_add(t, " 0x%llx", (unsigned long long)v[i]);
}

static void siginfo_text(struct text *t, const struct rr_event *ev) {
  siginfo_t info;
  memcpy(&info, event_payload(ev), sizeof info);
  text_add(t, "%s ", type_name(ev->type));
  signal_name(t, ev->code);
  if (ev->type == RR_EV_FAULT) text_add(t, " code %d address %p", info.si_code, info.si_addr);
  else text_add(t, " code %d pid %d", info.si_code, info.si_code <= 0 ? info.si_pid : 0);
}

static void file_text(struct text *t, const struct rr_ev_file *file) {
  text_add(t, "file_%u = ", file->id);
  char path[4096];
  snprintf(path, sizeof path, "%.*s", (int)(file->path_len < sizeof path ? file->path_len : sizeof path - 1), (const char *)(file + 1));
  text_escape(t, path);
}

// execve and execveat: the event has no arguments, but those that were read.
static void exec_text(struct text *t, const struct event_data *d) {
  struct rr_ev_syscall none = { 0 };
  if (!d || !d->read_count) return;
  syscall_text(t, syscall_number(d->read[0].arg ? "execveat" : "execve"), &none, 0, d);
  text_add(t, ": ");
}

static void body_text(struct text *t, const struct rr_event *ev, const struct event_data *d) {
  const void *p = event_payload(ev);
  switch (ev->type) {
  case RR_EV_DATA: text_add(t, "data %llu bytes at 0x%llx", (unsigned long long)((const struct rr_ev_data *)p)->len, (unsigned long long)((const struct rr_ev_data *)p)->addr); break;
  case RR_EV_CHECKSUM: text_add(t, "checksum registers %016llx memory %016llx", (unsigned long long)((const struct rr_ev_checksum *)p)->regs, (unsigned long long)((const struct rr_ev_checksum *)p)->memory); break;
  case RR_EV_FILE: file_text(t, p); break;
  case RR_EV_NOTE: text_add(t, "note: %.*s", (int)strnlen(p, event_payload_size(ev)), (const char *)p); break;
  case RR_EV_START: start_text(t, p); break;
  case RR_EV_FORKED: text_add(t, "forked pid %u from stream %u event %llu", ((const struct rr_ev_forked *)p)->pid, ((const struct rr_ev_forked *)p)->parent_stream, (unsigned long long)((const struct rr_ev_forked *)p)->parent_event); break;
  case RR_EV_SYSCALL: syscall_text(t, ev->code, p, 1, d); break;
  case RR_EV_ENTER: syscall_text(t, ev->code, p, 0, d); break;
  case RR_EV_SWITCH: text_add(t, "switch to thread %u", ((const struct rr_ev_switch *)p)->to_tid); break;
  case RR_EV_SIGNAL: case RR_EV_FAULT: siginfo_text(t, ev); break;
  case RR_EV_NONDET: nondet_text(t, ev); break;
  case RR_EV_EXEC: exec_text(t, d), text_add(t, "exec, goes on in stream %u", ((const struct rr_ev_exec *)p)->stream); break;
  case RR_EV_EXIT: text_add(t, "exit of %s, ", ev->code ? "the process" : "the thread"); status_text(t, ((const struct rr_ev_exit *)p)->status); break;
  case RR_EV_KILLED: text_add(t, "end: "); status_text(t, ((const struct rr_ev_exit *)p)->status); break;
  case RR_EV_TRACE: {
    static const char *const what[] = { "?", "is traced", "stops for its tracer", "is asked by its tracer" };
    const struct rr_ev_trace *r = p;
    text_add(t, "thread %u %s (%llu, 0x%llx, 0x%llx)", r->tid, what[ev->code < 4 ? ev->code : 0], (unsigned long long)r->a, (unsigned long long)r->b, (unsigned long long)r->c);
    break;
  }
  case RR_EV_SHARED:
    if (!((const struct rr_ev_data *)p)->len) { text_add(t, "others made shared memory end at 0x%llx", (unsigned long long)((const struct rr_ev_data *)p)->addr); break; }
    text_add(t, "others wrote %llu bytes at 0x%llx", (unsigned long long)((const struct rr_ev_data *)p)->len, (unsigned long long)((const struct rr_ev_data *)p)->addr); break;
  default: text_add(t, "%s", type_name(ev->type));
  }
  if (ev->flags & RR_EVF_RESTART) text_add(t, " (restarted)");
  if (ev->flags & RR_EVF_AT_SYSCALL && ev->type == RR_EV_SIGNAL) text_add(t, " before a system call");
}

void event_text(struct text *t, const struct event_place *p, const struct rr_event *ev, const struct event_data *d) {
  if (event_counted(ev)) text_add(t, "%u:%-6llu", p->stream, (unsigned long long)p->number);
  else text_add(t, "%u:%-6s", p->stream, "");
  text_add(t, " tid %-6u ticks %-10llu pc 0x%-12llx ", ev->tid, (unsigned long long)ev->ticks, (unsigned long long)ev->pc);
  body_text(t, ev, d);
  text_add(t, "\n");
}

void event_json(struct text *t, const struct event_place *p, const struct rr_event *ev, const struct event_data *d) {
  struct text body = { 0 };
  body_text(&body, ev, d);
  text_add(t, "{\"stream\":%u,", p->stream);
  if (event_counted(ev)) text_add(t, "\"event\":%llu,", (unsigned long long)p->number);
  text_add(t, "\"type\":\"%s\",\"code\":%u,\"flags\":%u,\"tid\":%u,\"ticks\":%llu,\"pc\":%llu,", type_name(ev->type), ev->code, ev->flags, ev->tid,
    (unsigned long long)ev->ticks, (unsigned long long)ev->pc);
  if (ev->type == RR_EV_SYSCALL || ev->type == RR_EV_ENTER) {
    const struct rr_ev_syscall *s = event_payload(ev);
    const char *name = syscall_name(ev->code);
    text_add(t, "\"name\":\"%s\",\"args\":[", name ? name : "?");
    for (int i = 0; i < syscall_args(ev->code); i++) text_add(t, "%s%llu", i ? "," : "", (unsigned long long)s->args[i]);
    text_add(t, "],");
    if (ev->type == RR_EV_SYSCALL) text_add(t, "\"result\":%lld,", (long long)s->result);
  }
  text_add(t, "\"text\":");
  text_json(t, body.data ? body.data : "");
  text_add(t, "}");
  free(body.data);
}
