// What the tests of tracers have in common: a wait that says its line when another status comes than was expected.
#pragma once
#include "guest/t.h"
#include <sys/ptrace.h>
#include <sys/user.h>
#include <stddef.h>
#include <sys/uio.h>
#include <pthread.h>
static int st;
static struct user_regs_struct R;
static void wl(int line, pid_t p, int expect) {
  int r = waitpid(p, &st, __WALL);
  if (r != p || st != expect) {
    fprintf(stderr, "line %d: got %d status %x expected %x\n", line, r, st, expect);
    _exit(99);
  }
}
#define w(p, e) wl(__LINE__, p, e)
#define STOP(s) ((s) << 8 | 0x7f)
#define EV(e) ((e) << 16 | STOP(SIGTRAP))
#define OK(x) CHECK_EQ(x, 0)
