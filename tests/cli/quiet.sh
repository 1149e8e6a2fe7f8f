#!/bin/bash
# A normal run prints nothing of its own when stderr is no terminal; stdin, statuses and signals are the program's.
. "$TESTS/lib.sh"
echo 'in put' | "$RR" record -o t /bin/cat > out 2> err || fail; [ "$(cat out)" = "in put" ] && [ ! -s err ] || fail "record prints: $(cat err)"
"$RR" replay -a t > out 2> err < /dev/null || fail; [ "$(cat out)" = "in put" ] && [ ! -s err ] || fail "replay prints: $(cat err)"
for s in 0 1 2 65 69 70 127 255; do rm -rf t; "$RR" record -o t /bin/sh -c "exit $s"; r=$?; [ $r = $s ] || fail "record: $r for $s"; "$RR" replay -a t; r=$?; [ $r = $s ] || fail "replay: $r for $s"; done
for s in TERM KILL INT SEGV USR1; do rm -rf t; (exec "$RR" record -o t /bin/sh -c "kill -$s \$\$; sleep 5") 2> /dev/null; r=$?; [ $r = $((128 + $(kill -l $s))) ] || fail "record: $r for SIG$s"; (exec "$RR" replay -a t) 2> /dev/null; r=$?; [ $r = $((128 + $(kill -l $s))) ] || fail "replay: $r for SIG$s"; done
[ -z "$(ls | grep -i core)" ] || fail "a core file was left"
# SIGTERM to the recorder ends the recording cleanly, what was recorded replays
rm -rf t; "$RR" record -o t /bin/sh -c 'echo started; exec sleep 100' > out 2> err & p=$!; for i in $(seq 100); do [ -s out ] && break; sleep 0.05; done; kill -TERM $p; for i in $(seq 100); do kill -0 $p 2> /dev/null || break; sleep 0.05; done; kill -0 $p 2> /dev/null && fail "SIGTERM does not end the recorder"; wait $p
timeout 20 "$RR" replay -a t > out 2> err < /dev/null; r=$?; [ "$(cat out)" = started ] || fail "after SIGTERM: $r $(cat err)"
