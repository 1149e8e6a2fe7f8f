#!/bin/bash
# record -i SIG: never delivered, whatever the program does with it; -t SIG: ignored only where it would kill.
. "$TESTS/lib.sh"
one() { local want=$1; shift; rm -rf t; timeout 60 "$RR" record "$@" -o t /bin/bash -c "$script" > out 2> err < /dev/null; local s=$?; [ "$s $(tr '\n' ' ' < out)" = "$want" ] || fail "record $*: $s $(cat out err) instead of $want"
  timeout 60 "$RR" replay -a t > out2 2>&1; [ $? = $s ] && cmp -s out out2 || fail "replay of record $*: $(cat out2)"; }
script='kill -USR1 $$; echo alive'
one "138 "
one "0 alive " -i USR1
one "0 alive " --ignore-signal=SIGUSR1
one "0 alive " -t 10
one "0 alive " -i 12 -t usr1
one "138 " -i USR2
script='trap "echo caught" USR1; kill -USR1 $$; echo alive'
one "0 caught alive "
one "0 alive " -i USR1
one "0 caught alive " -t USR1
rr_status 2 "$RR" record -i NOSUCH /bin/true; says "NOSUCH"
