#!/bin/bash
# rr-test: timeout=120
# record --chaos finds what plain recording does not, within the number of runs that examples/ state; the same seed is the same schedule.
. "$TESTS/lib.sh"
RUNS=30
for name in lost_wakeup aba use_after_free signal_race; do
  cc -g -O1 -pthread "$TESTS/../examples/$name.c" -o "$name" || fail "$name does not compile"
  for i in 1 2; do
    rm -rf t; "$RR" record -o t "./$name" > out 2> err || { cat out err >&2; fail "$name: plain recording found it too"; }
  done
  found=
  for seed in $(seq $RUNS); do
    rm -rf t; "$RR" record --chaos --seed "$seed" -o t "./$name" > out 2> err
    s=$?
    [ $s = 0 ] && continue
    [ $s = 1 ] || [ $s -ge 128 ] || { cat err >&2; fail "$name: seed $seed ended with status $s"; }
    "$RR" replay -a t > out.replay 2> err.replay; r=$?
    [ $r = $s ] && cmp out out.replay || { cat err.replay >&2; fail "$name: seed $seed replays with status $r instead of $s"; }
    found=$seed; break
  done
  [ -n "$found" ] || fail "$name: not found in $RUNS runs"
done
# a race whose outcome is printed
cc -O1 -pthread -I"$TESTS" "$TESTS/guest/thr_chaos.c" -o race || fail "thr_chaos.c does not compile"
for seed in 1 2 3; do
  for i in 1 2; do rm -rf t; "$RR" record --chaos --seed $seed -o t ./race > out.$seed.$i 2> err || fail "race: $(cat err)"; done
  cmp out.$seed.1 out.$seed.2 || fail "the same seed gave another schedule"
done
cmp -s out.1.1 out.2.1 && cmp -s out.1.1 out.3.1 && fail "three seeds gave the same schedule"
"$RR" record --chaos -o t2 ./race > out 2> err || fail "chaos without a seed"
grep -q 'chaos seed [0-9]' err || "$RR" traceinfo t2 | grep -q chaosSeed || fail "the seed is not told"
exit 0
