#!/bin/bash
# rr-test: timeout=60 needs=gdb
# -f with a vfork child, which shares its parent's memory and stream until its exec; -p with what it execs.
. "$TESTS/lib.sh"
cat > v.c <<'C'
#include <sys/wait.h>
#include <unistd.h>
static volatile int mark;
int main(void) {
  for (int i = 0; i < 1000; i++) mark++;
  pid_t p = vfork();
  if (!p) {
    mark = -1;
    execl("/bin/echo", "echo", "hi", NULL);
    _exit(1);
  }
  waitpid(p, NULL, 0);
  return 0;
}
C
gcc -g -O0 -o v v.c || fail "gcc"
"$RR" record -o t ./v > /dev/null || fail "record: $?"
child=$("$RR" ps t | tail -1 | cut -f1)
timeout 50 "$RR" debug -f "$child" t -- -nx -batch -ex 'print mark' -ex 'watch mark' -ex continue -ex 'info threads' -ex 'reverse-continue' -ex 'print mark' > out 2>&1 < /dev/null
grep -q '^\$1 = 1000$' out && grep -q '^New value = -1' out && grep -qE "^\* [0-9]+ +Thread [0-9]+\.$child " out && grep -q '^\$2 = 1000$' out || fail "-f: $(cat out)"
timeout 50 "$RR" debug -p "$child" t -- -nx -batch -ex 'info inferiors' > out 2>&1 < /dev/null
grep -qE "process $child .*/echo" out || fail "-p: $(cat out)"
