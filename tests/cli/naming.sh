#!/bin/bash
# Names of traces: trace_N in the current directory, the first free number; _RR_TRACE_DIR and latest-trace; no command word.
. "$TESTS/lib.sh"
unset _RR_TRACE_DIR
mkdir d; cd d
"$RR" record /bin/true 2> ../err || fail "record: $?"; [ -d trace_0 ] || fail "no trace_0: $(ls)"; "$RR" record /bin/true || fail; [ -d trace_1 ] || fail "no trace_1"; rm -rf trace_0; "$RR" record /bin/true || fail; [ -d trace_0 ] || fail "the first free number is not taken"
"$RR" /bin/echo implied > out || fail "no command word: $?"; [ "$(cat out)" = implied ] && [ -d trace_2 ] || fail "rr PROGRAM records: $(ls)"
"$RR" replay -a trace_2 > out || fail; [ "$(cat out)" = implied ]; "$RR" replay -a > out || fail "the newest trace"; [ "$(cat out)" = implied ] || fail "replay without a name takes the newest"
[ -z "$(find . -name '*.tmp*')" ]; [ -z "$(find trace_2 -mindepth 1 -type d)" ] || fail "a trace has no folders in it"
mkdir ../home; export _RR_TRACE_DIR=$PWD/../home; "$RR" record /bin/echo there > out || fail; l=$(readlink -f ../home/latest-trace); [ -d "$l" ] || fail "no latest-trace"; [ "$(dirname "$l")" = "$(readlink -f ../home)" ] || fail "latest-trace leads to $l"; "$RR" replay -a > out || fail; [ "$(cat out)" = there ] || fail "the newest of _RR_TRACE_DIR"
"$RR" record -o "$PWD/t" /bin/true || fail; "$RR" record -o "$PWD/t" /bin/true > out 2> err < /dev/null && fail "an existing trace was overwritten"; says 'exist'
exec 5> fd5; "$RR" record -p 5 -o "$PWD/named" /bin/true || fail; exec 5>&-; [ "$(cat fd5)" = "$PWD/named" ] || fail "-p: $(cat fd5)"
