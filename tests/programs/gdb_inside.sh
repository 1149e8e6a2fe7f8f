#!/bin/bash
# gdb recorded while it debugs a program, with breakpoints and a changed variable (it writes by /proc/PID/mem): replayed, all of it.
# rr-test: needs=gdb,gcc
. "$TESTS/lib.sh"
cat > g.c <<'C'
#include <stdio.h>
int x;
int f(int a) { return x += a; }
int main(void) {
  for (int i = 0; i < 3; i++) f(i);
  printf("%d\n", x);
  return 0;
}
C
gcc -g -O0 g.c -o g || fail "no compiler"
"$RR" record -o t gdb -nx -q -batch -ex 'break f' -ex run -ex bt -ex 'print x=100' -ex 'delete 1' -ex c ./g > out 2> err < /dev/null || fail "record: $(tail -3 err)"
grep -qx 103 out && grep -q '#1 .* main' out || fail "gdb did something else: $(cat out err)"
"$RR" replay -a t > again 2> err < /dev/null || fail "replay: $(tail -3 err)"
cmp out again || fail "the replay prints something else"
