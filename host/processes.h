// The processes of a trace, put together from the beginnings and ends of its streams.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "host/trace_read.h"

struct trace_process {
  uint32_t pid, ppid;
  uint32_t stream;         // where it begins
  uint32_t exec_stream;    // its first exec's
  bool root;               // started by rr record
  bool forked;             // it began by a fork
  bool execed;
  bool ended;
  uint32_t status;         // as wait gives it
  char *command;           // arguments of its first exec, quoted for people; NULL: none
};
struct trace_processes { struct trace_process *list; uint32_t count; };

int trace_processes_read(struct trace *t, struct trace_processes *p, struct fault *f);  // in the order of their beginnings
void trace_processes_free(struct trace_processes *p);
