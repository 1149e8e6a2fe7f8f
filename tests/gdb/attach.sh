#!/bin/bash
# rr-test: timeout=60 needs=gdb
# All processes of the recording from one session: they are listed, and `attach` changes to another.
. "$TESTS/lib.sh"
cat > p.c <<'C'
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static int value = 1;
static void in_child(void) { value = 5; }
int main(void) {
  if (fork() == 0) { in_child(); _exit(0); }
  if (fork() == 0) { execl("/bin/echo", "echo", "from", "<echo>", NULL); _exit(1); }
  while (wait(NULL) > 0) {}
  return 0;
}
C
gcc -g -o p p.c || fail gcc
"$RR" record -o t ./p > /dev/null || fail "record"
"$RR" ps t > ps; root=$(sed -n 2p ps | cut -f1); child=$(grep forked ps | cut -f1); echo=$(grep echo ps | cut -f1)
timeout 50 "$RR" debug t -- -nx -batch -ex 'set confirm off' -ex 'info os processes' -ex 'monitor ps' -ex "attach $child" -ex 'print value' -ex 'tbreak in_child' -ex continue -ex finish -ex 'print value' \
  -ex "attach $echo" -ex 'info proc' -ex continue -ex 'attach 1' -ex "attach $root" -ex 'break main' -ex continue > out 2>&1 < /dev/null
grep -qE "^$echo +$root +echo from '?<echo>" out || fail "info os processes: $(cat out)"
grep -qP "^\* $root\t" out || fail "monitor ps: $(cat out)"
grep -q '^\$1 = 1$' out && grep -q '^\$2 = 5$' out || fail "the forked child: $(cat out)"
grep -qE "exe = '/.*/echo'" out && grep -qF 'from <echo>' out || fail "the one that has made an exec: $(cat out)"
