#!/bin/bash
# ps, ls, dump, traceinfo, mv, rm, and rr traceinfo /dev/null.
. "$TESTS/lib.sh"
export _RR_TRACE_DIR=$PWD/traces; mkdir traces
"$RR" record -o traces/a /bin/sh -c '/bin/echo one; /bin/true; exit 3'; [ $? = 3 ] || fail
"$RR" ps traces/a > out || fail "ps: $?"; head -1 out | grep -qxP 'PID\tPPID\tEXIT\tCMD' || fail "ps header: $(head -1 out)"; [ "$(wc -l < out)" = 4 ] || fail "ps: $(cat out)"; sed -n 2p out | cut -f2,3 | grep -qxP -- '--\t3' || fail "ps first line: $(sed -n 2p out)"; grep -q 'echo one' out || fail "ps: the command of a child"
"$RR" ls traces > out || fail "ls"; grep -q '^a\b' out || fail "ls: $(cat out)"; "$RR" ls traces -t -r > out || fail "ls -t -r"; "$RR" ls -l traces > out || fail "ls -l"
"$RR" dump traces/a > out || fail "dump: $?"; grep -qE 'write\(1, [^)]*, 4\) += 4' out || fail "dump shows no write: $(grep -a write out | head -3)"; grep -qE 'execve|exec' out || fail "dump: no exec"; "$RR" dump traces/a 1-5 > out2 || fail "dump A-B"; [ "$(wc -l < out2)" -lt "$(wc -l < out)" ] || fail "dump A-B is shorter"
"$RR" dump traces/a > out; grep -qF 'write(1, "one\n", 4) = 4' out && grep -qF '"/etc/ld.so.cache"' out && grep -qF 'execve("/bin/echo", ["/bin/echo", "one"]' out && grep -qE 'st_mode=S_IFREG\|0[0-7]+, st_size=[0-9]+' out || fail "dump does not show what the calls read: $(grep -aE 'write|exec' out | head -5)"
"$RR" dump --addresses traces/a > out; grep -qE 'write\(1, 0x[0-9a-f]+, 4\) = 4' out || fail "dump --addresses"
"$RR" dump --json traces/a > out || fail "dump --json"; $PY -c 'import json, sys
t = open("out").read()
try: v = json.loads(t)
except ValueError: v = [json.loads(l) for l in t.splitlines() if l.strip()]
assert len(v) > 10 if isinstance(v, list) else v' || fail "dump --json is not JSON"
"$RR" traceinfo traces/a > out || fail "traceinfo"; $PY -c 'import json; d = json.load(open("out")); assert "environ" in d, d.keys()' || fail "traceinfo: $(head -c 300 out)"; rr_status 65 "$RR" traceinfo /dev/null
"$RR" mv traces/a traces/b || fail "mv"; [ -d traces/b ] && [ ! -e traces/a ] || fail "mv"; "$RR" replay -a traces/b > out; [ "$(cat out)" = one ] || fail "after mv"; "$RR" rm traces/b || fail "rm"; [ ! -e traces/b ] || fail "rm"
