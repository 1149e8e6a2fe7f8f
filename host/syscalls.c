// System calls by number and name.
#include "host/syscalls.h"
#include <string.h>

static const struct { const char *name; int args; } rows[] = {
#define SYSCALL(number, name, args, ...) [number] = { #name, args },
#include "abi/syscalls.def"
};
#define ROWS ((int)(sizeof rows / sizeof *rows))

const char *syscall_name(int number) { return number >= 0 && number < ROWS ? rows[number].name : NULL; }

int syscall_number(const char *name) {
  for (int i = 0; i < ROWS; i++)
    if (rows[i].name && !strcmp(rows[i].name, name)) return i;
  return -1;
}

int syscall_args(int number) { return syscall_name(number) ? rows[number].args : 6; }
