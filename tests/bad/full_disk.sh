#!/bin/bash
# rr-test: timeout=120
# The disk fills up while recording: a clear message, status 73 or the like, no hang; what was written stays replayable.
. "$TESTS/lib.sh"
cat > noisy.sh <<'S'
for ((i = 0; i < 200; i++)); do echo "line $i"; head -c 300000 /dev/urandom | md5sum > /dev/null; done
S
for ((i = 0; i < 200; i++)); do echo "line $i"; done > whole
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=12m none small 2> /dev/null; then trap 'umount -l small' EXIT
  timeout 60 "$RR" record -o small/t bash noisy.sh > rec 2> err < /dev/null; s=$?; [ $s != 0 ] && [ $s != 124 ] || fail "tmpfs: status $s"; says 'space|disk|full|write'
  timeout 60 "$RR" replay -a small/t > rep 2> rerr < /dev/null; s=$?; [ $s != 124 ] && [ $s != 70 ] && [ $s -lt 128 -o $s = 137 -o $s = 143 ] || fail "replay: $s $(head -2 rerr)"; head -c "$(stat -c %s rep)" whole | cmp -s - rep || fail "replay's output"; [ -s rep ] || fail "nothing replays: $(head -3 rerr)"
fi
(ulimit -f 4000; trap '' XFSZ; timeout 60 "$RR" record -o t bash noisy.sh > rec 2> err < /dev/null); s=$?; [ $s != 0 ] && [ $s != 124 ] || fail "file size limit: status $s"; [ -s err ] || fail "file size limit: no message"
timeout 60 "$RR" replay -a t > rep 2> rerr < /dev/null; s=$?; [ $s != 124 ] && [ $s != 70 ] || fail "replay: $s $(head -2 rerr)"; head -c "$(stat -c %s rep)" whole | cmp -s - rep || fail "replay's output"
