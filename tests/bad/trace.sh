#!/bin/bash
# rr-test: timeout=400
# Damaged traces: missing, not a trace, another version, every file cut short, bits flipped everywhere: status 65 and a message, or, where whole
# frames are left, a replay that stops with its cause; never a crash, a hang or output that was not recorded.
. "$TESTS/lib.sh"
rr_status 65 "$RR" replay -a ./none; says 'none'; mkdir emptydir; rr_status 65 "$RR" replay -a emptydir; rr_status 65 "$RR" replay -a /dev/null; rr_status 65 "$RR" dump ./none; rr_status 65 "$RR" ps ./none; rr_status 65 "$RR" traceinfo ./none
"$RR" record -o good /bin/sh -c 'echo line one; /bin/echo line two; seq 1 3000; echo last' > rec || fail
lines=$(wc -l < rec)
# check NAME: replays and dumps the damaged trace t
check() {
  timeout 30 "$RR" replay -a t > out 2> err < /dev/null; local s=$?
  case $s in
    0) cmp -s out rec || fail "$1: status 0, other output";;
    65|70) [ -s err ] || fail "$1: no message"; head -c "$(stat -c %s out)" rec | cmp -s - out || fail "$1: status $s, and output that was not recorded";;
    137|9) head -c "$(stat -c %s out)" rec | cmp -s - out || fail "$1: killed, other output";;
    *) fail "$1: replay ended with $s: $(head -3 err)";;
  esac
  grep -qiE 'segmentation|assert|sanitizer|abort' err && fail "$1: $(head -2 err)"
  timeout 30 "$RR" dump t > dout 2> derr < /dev/null; local d=$?; [ $d = 0 ] || [ $d = 65 ] || fail "$1: dump ended with $d: $(head -2 derr)"
}
n=0
for f in $(ls good); do case $f in file_*|*.so*) continue;; esac
  size=$(stat -c %s good/$f); [ $size -gt 0 ] || continue
  points="0 1 7 8 15 16 31 32 63 64 100 $((size - 1)) $((size - 8)) $((size / 2))"; step=$((size / 20 + 1)); [ "$LEVEL" != all ] || step=$((size / 400 + 1))
  for at in $points $(seq 0 $step $size); do [ $at -ge 0 ] && [ $at -lt $size ] || continue
    rm -rf t; cp -a good t; truncate -s $at t/$f; check "$f cut at $at of $size"; n=$((n + 1))
    rm -rf t; cp -a good t; $PY -c 'import sys; f = open(sys.argv[1], "r+b"); a = int(sys.argv[2]); f.seek(a); b = f.read(1)[0]; f.seek(a); f.write(bytes([b ^ (1 << (a * 7 % 8))]))' t/$f $at; check "$f bit flipped at $at of $size"; n=$((n + 1))
  done
  rm -rf t; cp -a good t; rm t/$f; check "$f missing"
done
for f in $(ls good | grep file_ | head -3); do rm -rf t; cp -r good t; truncate -s 5000 t/$f; check "$f cut"; rm -rf t; cp -r good t; rm t/$f; check "$f missing"; done
# another version: in the manifest a later number
rm -rf t; cp -a good t; m=t/manifest; sed -i '1s/format 1$/format 999/' $m; grep -q 'format 999' $m || fail "the manifest names no format version"; rr_status 65 "$RR" replay -a t; says 'version|format'
echo "$n damaged traces"
