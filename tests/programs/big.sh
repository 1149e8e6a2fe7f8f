#!/bin/bash
# rr-test: level=all timeout=3600
# The long ones: minutes of computing, 10,000 processes, 2 GB through pipes; the recorder's memory stays bounded.
. "$TESTS/lib.sh"
peak() { /usr/bin/python3 - "$@" <<'P'
import sys, subprocess, resource, os
s = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=open("peak", "w")); sys.exit(s)
P
}
run() { local n=$1; shift; "$@" > $n.native.out || fail "$n natively"; peak "$RR" record -o $n.trace "$@" > $n.out 2> $n.err || fail "$n: record $?"; cmp $n.native.out $n.out || fail "$n: output"; echo "$n: peak $(cat peak) MiB, trace $(du -sm $n.trace | cut -f1) MiB"; [ "$(cat peak)" -lt 300 ] || fail "$n: peak memory $(cat peak) MiB"; "$RR" replay -a $n.trace > $n.rep 2> $n.reperr || fail "$n: replay $?"; cmp $n.out $n.rep || fail "$n: replay's output"; rm -rf $n.trace; }
run cpu bash -c 'for ((i = 0; i < 60000000; i++)); do :; done; echo $i'
run procs bash -c 'for ((i = 0; i < 10000; i++)); do /bin/true; done; echo $i'
run pipe bash -c 'head -c 2000000000 /dev/zero | cat | md5sum'
