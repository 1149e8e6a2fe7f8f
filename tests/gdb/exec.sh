#!/bin/bash
# rr-test: timeout=100 needs=gdb
# Processes of a tree: by exec (-p), from the fork on (-f), and across an exec.
set -e
fail() { echo "$1"; cat out; exit 1; }
gcc -g -O0 -o first -DNAME='"first"' -x c - <<'E'
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int in_child(int x) { return x + 1; }
int main(int argc, char **argv) {
  int status, pid = fork();
  if (!pid) return in_child(41);
  wait(&status);
  printf("child %d\n", WEXITSTATUS(status));
  fflush(stdout);
  execl("./second", "second", "an argument", NULL);
  return 1;
}
E
gcc -g -O0 -o second -x c - <<'E'
#include <stdio.h>
int main(int argc, char **argv) { printf("%s\n", argv[1]); return 7; }
E
"$RR" record -o trace ./first >/dev/null || [ $? = 7 ]
rm first second # the trace has them
"$RR" debug trace -- -nx -batch -ex 'break main' -ex c -ex c -ex 'print argv[1]' -ex c -ex c >out 2>&1 || true
grep -q 'is executing new program: .*/second' out || fail "no exec was told"
grep -q '"an argument"' out || fail "no breakpoint in the second program"
grep -q 'exited with code 07' out || fail "the exit code is missing"
"$RR" debug -p second trace -- -nx -batch -ex 'break main' -ex c -ex 'print argc' >out 2>&1
grep -q '\$1 = 2' out || fail "-p does not find the second program"
child=$("$RR" ps trace | awk '/forked without exec/ { print $1 }')
[ -n "$child" ] || fail "ps does not show the child"
"$RR" debug -f $child trace -- -nx -batch -ex 'break in_child' -ex c -ex bt -ex 'info inferiors' -ex delete -ex c -ex c >out 2>&1
grep -q 'in_child (x=41)' out || fail "-f does not debug the child"
grep -q "process $child" out || fail "the child has another number"
grep -q 'exited with code 052' out || fail "the child's exit code is missing"
! "$RR" debug -p nobody trace -- -nx -batch >out 2>&1 || fail "-p nobody was found"
grep -q 'no process of the trace' out || fail "no word about -p nobody"
