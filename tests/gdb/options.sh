#!/bin/bash
# rr-test: timeout=60 needs=gdb,script
# Options of rr replay that start a debugger: -d, -x, -o, --fullname, and what stands behind --; a person is greeted.
. "$TESTS/lib.sh"
cat > p.c <<'C'
int main(void) { return 0; }
C
gcc -g -o p p.c || fail "gcc"
"$RR" record -o t ./p || fail "record"
cat > gdb-wrapper <<'W'
#!/bin/sh
echo "wrapper: $*" >> "$WRAPPER_LOG"
exec gdb "$@"
W
chmod +x gdb-wrapper; export WRAPPER_LOG=$PWD/log
echo 'printf "from the script: %d\n", 6 * 7' > script
timeout 50 "$RR" replay -d "$PWD/gdb-wrapper" -x script -o -nx -o=-batch --fullname t -- -ex 'break main' -ex continue > out 2>&1 < /dev/null || fail "replay -d: $? $(cat out)"
grep -q 'from the script: 42' out && grep -q 'Breakpoint 1, main' out || fail "-x and --: $(cat out)"
grep -q -- '-nx' log && grep -q -- '--fullname' log && grep -q -- '-x script' log || fail "-o, --fullname: $(cat log)"
grep -qP '\x1a\x1a.*/p\.c:1:' out || fail "--fullname: no annotation in $(cat -v out)"
rr_status 127 "$RR" replay -d /nonexistent/gdb t; says "cannot start /nonexistent/gdb"
timeout 50 script -qec "$RR debug t -- -nx -ex 'set confirm off' -ex quit" /dev/null < /dev/null > out 2>&1
grep -q 'reverse-continue' out && grep -q 'checkpoint' out && grep -q 'dprintf' out || fail "no greeting: $(cat out)"
timeout 50 script -qec "$RR debug t -- -nx -ex 'show prompt' -ex 'set confirm off' -ex quit" /dev/null < /dev/null > out 2>&1
grep -q "prompt is \"(rr) \"" out || fail "prompt: $(cat out)"
