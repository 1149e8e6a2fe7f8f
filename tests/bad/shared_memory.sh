#!/bin/bash
# rr-test: needs=gcc
# Memory that another process writes while it is shared is recorded exactly, with --strict too.
. "$TESTS/lib.sh"
gcc -O1 -D_GNU_SOURCE -I"$TESTS" -o s "$TESTS/bad/shared_anon.c" || fail
for strict in "" --strict; do
  "$RR" record $strict -o "t$strict" ./s > rec 2> err < /dev/null || fail "record $strict: $?"; [ "$(cat rec)" = 43 ] || fail "the recorded run: $(cat rec)"
  "$RR" replay -a "t$strict" > rep 2> err < /dev/null || fail "replay $strict: $?"; cmp rec rep || fail
done
# a process that shares memory and runs beside its parent (clone with CLONE_VM alone) is refused by name
cat > v.c <<'C'
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static char stack[65536]; static volatile int val;
static int child(void *p) { (void)p; val = 7; return 3; }
int main(void) { int st; pid_t c = clone(child, stack + sizeof stack, CLONE_VM | SIGCHLD, 0); waitpid(c, &st, 0); printf("%d %d\n", val, st); return 0; }
C
gcc -O1 -o v v.c || fail; "$RR" record -o w ./v > rec 2> err < /dev/null; s=$?
if [ $s = 0 ]; then [ "$(cat rec)" = "7 768" ] || fail "$(cat rec)"; "$RR" replay -a w > rep && cmp rec rep || fail; else says 'clone'; fi
