#!/bin/bash
# Help, version, wrong usage: where it is printed and with which status.
. "$TESTS/lib.sh"
for a in -h --help help "help record" "record --help" "replay --help" "dump --help"; do "$RR" $a > out 2> err < /dev/null || fail "rr $a: status $?"; [ -s out ] && [ ! -s err ] || fail "rr $a: usage belongs on stdout"; done
"$RR" --version > out 2> err || fail "--version: $?"; grep -qxE 'rr version [0-9]+\.[0-9]+\.[0-9]+' out && [ "$(wc -l < out)" = 1 ] && [ ! -s err ] || fail "--version prints $(cat out err)"
IFS=. read -r a b c <<< "$(sed 's/rr version //' out)"; ((a > 5 || a == 5 && b >= 8)) || fail "the version must be at least 5.8.0"
"$RR" version --verbose > out 2>&1 || fail "version --verbose"; [ -s out ]
"$RR" --list-commands > out || fail "--list-commands"; grep -qE '^ rr record .' out && grep -qE '^ rr replay .' out || fail "--list-commands: $(cat out)"
for a in "record --no-such-option true" "replay --no-such-option" "record" "dump a b c d" "record -c notanumber true"; do rr_status 2 "$RR" $a; [ -s err ] && [ ! -s out ] || fail "rr $a: its message belongs on stderr"; [ "$(wc -l < err)" -le 3 ] || fail "rr $a: more than a line and a hint"; done
rr_status 2 "$RR"
