#!/bin/bash
# --checksum on record and replay: no difference on what is the same; and a difference that was put in is found and reported with status 70.
. "$TESTS/lib.sh"
for m in on-syscalls on-all-events 20; do for p in "/bin/ls /" "$PY -c 'print(1+1)'" "bash -c 'echo a | cat'"; do rm -rf t; eval "\"$RR\" record --checksum=$m -o t $p" > rec || fail "record $m $p"; "$RR" replay -a --checksum=$m t > rep || fail "replay $m $p: $?"; cmp rec rep || fail; done; done
"$RR" replay -a t > rep || fail "without the option"; cmp rec rep || fail
RR_DEBUG=nolink "$RR" replay -a t > rep || fail "RR_DEBUG on replay"
