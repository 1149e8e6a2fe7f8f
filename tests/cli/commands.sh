#!/bin/bash
# rerun, sources, filename, gdbinit, lldbinit, cpufeatures.
. "$TESTS/lib.sh"
cat > p.c <<'C'
#include <stdio.h>
int main(void) { for (int i = 0; i < 3; i++) printf("%d\n", i); return 3; }
C
gcc -g -gz=none -o p p.c || fail "gcc"
"$RR" record -o t ./p > /dev/null; [ $? = 3 ] || fail "record"
"$RR" rerun t > out 2> err || fail "rerun: $?"; [ ! -s out ] || fail "rerun without registers prints"
timeout 60 "$RR" rerun -s 3 -e 5 --singlestep=rip,rax t > a || fail "rerun: $?"; timeout 60 "$RR" rerun --trace-start 3 --trace_end=5 -f rip,rax t > b
cmp a b || fail "two reruns differ"; [ "$(wc -l < a)" -gt 10 ] && grep -qvE '^event:[34] tick:[0-9]+ tid:[0-9]+ rax:0x[0-9a-f]+ rip:0x[0-9a-f]+$' a && fail "rerun: $(head -2 a)"
rr_status 2 "$RR" rerun --singlestep=nosuch t; says nosuch
"$RR" sources t > out || fail "sources"; $PY - "$PWD" <<'P' || fail "sources: $(cat out)"
import json, sys
d = json.load(open("out"))
assert sys.argv[1] + "/p" in d["relevant_binaries"], d
assert sys.argv[1] + "/p.c" in d["files"], d["files"]
P
"$RR" filename t > out; grep -qP "^file_1\t$PWD/p$" out || fail "filename: $(cat out)"
[ "$("$RR" filename t/file_1)" = "$PWD/p" ] || fail "filename of a file"; rr_status 2 "$RR" filename p.c; rr_status 65 "$RR" filename t/file_99
"$RR" gdbinit > init || fail "gdbinit"; grep -q '^define hook-run' init && grep -q '^define when$' init || fail "gdbinit: $(cat init)"
! command -v gdb > /dev/null || timeout 60 gdb -nx -batch -x init -ex 'help when' > out 2>&1 || fail "gdb does not take it: $(cat out)"
! command -v gdb > /dev/null || { grep -q 'Print the number of the event' out && ! grep -qi 'redefine\|undefined' out; } || fail "gdb: $(cat out)"
"$RR" lldbinit | grep -q '^command alias when process plugin packet monitor when' || fail "lldbinit"
"$RR" cpufeatures > out && "$RR" record $(cat out) -o t2 /bin/true || fail "record takes what cpufeatures prints: $(cat out)"
