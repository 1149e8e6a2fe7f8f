#!/bin/bash
# rr-test: timeout=60 needs=gdb
# A trace that was cut off is debugged up to where it ends; a program that was killed ends by SIGKILL.
set -e
fail() { echo "$1"; cat out; exit 1; }
gcc -g -O0 -o many -x c - <<'E'
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int n;
int main(void) {
  for (int i = 0; i < 100000; i++) n += syscall(SYS_getppid) != 0;
  kill(getpid(), SIGKILL);
}
E
"$RR" record -o trace ./many >out 2>&1 || [ $? = 137 ] || fail "not killed"
"$RR" debug trace -- -nx -batch -ex 'break main' -ex c -ex c -ex 'print n' -ex c >out 2>&1 || true
grep -q '\$1 = 100000' out || fail "the end was not reached"
grep -q 'terminated with signal SIGKILL' out || fail "it did not end by SIGKILL"
size=$(stat -c %s trace/frames)
truncate -s $((size / 2)) trace/frames
"$RR" debug trace -- -nx -batch -ex 'break main' -ex c -ex c -ex 'print n > 1000 && n < 100000' -ex bt >out 2>&1 || true
grep -q '^\[WARN\] rr the trace is not complete' out || fail "no warning"
grep -q 'received signal SIGKILL' out || fail "no stop at the end of the trace"
grep -q '\$1 = 1' out || fail "n is not what it should be there"
grep -q ' main ()' out || fail "no backtrace there"
