#!/bin/bash
# The recording lasts until the last process has gone; daemons are in the trace; nothing is left running.
. "$TESTS/lib.sh"
"$RR" record -o t /bin/sh -c '(sleep 0.3; echo late > late) & echo early' > out || fail; [ "$(cat out)" = early ] && [ -e late ] || fail "rr ended before the last process"
[ "$("$RR" ps t | wc -l)" -ge 4 ] || fail "ps: $("$RR" ps t)"; "$RR" replay -a t > rep || fail "replay: $?"; cmp out rep || fail
pgrep -f "rr-engine.*$PWD" > left && fail "left running: $(cat left)"; exit 0
