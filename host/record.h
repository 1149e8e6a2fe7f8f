// Recording: options, and the whole life of a recording.
#pragma once
#include <stdbool.h>
#include "abi/session.h"

struct record_options {
  struct rr_options engine;
  const char *output;         // -o
  int print_dir;              // -p FD; -1: no
  char **set_env;             // -v NAME=VALUE, ends with NULL
  char **argv;                // the program and its arguments
};
int record(struct record_options *o);  // returns rr's exit status, or ends the process as the program ended
