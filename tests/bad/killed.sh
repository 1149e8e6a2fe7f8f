#!/bin/bash
# rr-test: timeout=240
# The recorder killed by SIGKILL at any time: the program ends or goes on but never hangs, and the trace replays up to its last event.
# A guest killed by SIGKILL: its part of the trace replays to its last tick.
. "$TESTS/lib.sh"
cat > loop.sh <<'S'
for ((i = 0; i < 100000; i++)); do echo "line $i"; [ $((i % 50)) = 0 ] && /bin/true; done
S
alive() { ps -s $1 -o stat=,pid=,args= | grep -v '^Z'; } # zombies are the business of whoever adopted them
prefix() { head -c "$(stat -c %s "$1")" "$2" | cmp -s - "$1"; }
for ((i = 0; i < 100000; i++)); do echo "line $i"; done > whole
for d in 0.02 0.1 0.3 0.7 1.2; do
  rm -rf t; setsid "$RR" record -o t bash loop.sh > rec 2> err < /dev/null & p=$!; sleep $d; kill -KILL $p; wait $p 2> /dev/null
  for ((i = 0; i < 100; i++)); do alive $p > /dev/null || break; sleep 0.1; done; alive $p && fail "after $d s: still running 10 s after the recorder's death"
  [ -d t ] || continue
  timeout 60 "$RR" replay -a t > rep 2> err < /dev/null; s=$?; case $s in 0|65|70|137|143) ;; *) fail "after $d s: replay ended with $s $(head -2 err)";; esac; prefix rep whole || fail "after $d s: the replay's output is not the program's"
  [ $s != 70 ] || fail "after $d s: reported as divergence: $(head -3 err)"
  [ $d = 0.02 ] || [ -s rep ] || fail "after $d s: nothing of the recording replays: $(head -3 err)"
done
# a program that only computes, with no event and no call, ends too
setsid "$RR" record -o c awk 'BEGIN { while (1) x++ }' > rec 2> err < /dev/null & p=$!; sleep 0.7; kill -KILL $p; wait $p 2> /dev/null
for ((i = 0; i < 100; i++)); do alive $p > /dev/null || break; sleep 0.1; done; alive $p && fail "a computing program runs 10 s after the recorder's death"
# the guest dies by SIGKILL, sent from outside, in the middle of computing
"$RR" record -o k bash -c 'echo begin; while :; do :; done' > rec 2> err & p=$!; for i in $(seq 100); do [ -s rec ] && break; sleep 0.05; done; sleep 0.3; g=$(pgrep -P $p | head -1); [ -n "$g" ] || fail "no child of the recorder"; kill -KILL "$g"; wait $p; s=$?; [ $s = 137 ] || fail "record: $s instead of 137"
timeout 60 "$RR" replay -a k > rep 2> err < /dev/null; s=$?; [ $s = 137 ] || fail "replay: $s instead of 137 $(head -3 err)"; cmp rec rep || fail
# one of several processes
"$RR" record -o m bash -c 'sleep 100 & p=$!; sleep 0.1; kill -KILL $p; wait $p; echo "was $?"' > rec 2> err || fail "$? $(cat err)"; "$RR" replay -a m > rep 2> err || fail "replay $? $(cat err)"; cmp rec rep || fail
