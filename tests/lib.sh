# What the scripts under tests/ share (sourced). RR, TESTS, LEVEL come from tests/run; a script runs in an empty directory.
set -u
: "${RR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../build" && pwd)/rr}"
: "${TESTS:=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}"
: "${LEVEL:=check}"
PY=/usr/bin/python3
fail() { echo "FAIL: $*" >&2; exit 1; }

# same NAME COMMAND...: runs the command natively, recorded, and replayed; the outputs and statuses must be the same.
# Each run is in a directory of its own, a copy of ./in when that exists. Afterwards the files that it left are compared too.
# LOOSE=1: native and recorded output may differ.  STDIN=FILE: the command's standard input.  REPLAYS=N (10 in check-all).
same() {
  local name=$1 d s; shift
  for d in native record; do rm -rf "$name.$d"; mkdir -p "$name.$d"; [ ! -d in ] || cp -a in/. "$name.$d"; done
  (cd "$name.native" && exec "$@") < "${STDIN:-/dev/null}" > "$name.native.out" 2> "$name.native.err"; local want=$?
  rm -rf "$name.trace"
  local t=$PWD/$name.trace
  (cd "$name.record" && exec "$RR" record $RECORD_ARGS -o "$t" "$@") < "${STDIN:-/dev/null}" > "$name.record.out" 2> "$name.record.err"; s=$?
  [ $s = $want ] || { tail -5 "$name.record.err" >&2; fail "$name: recorded status $s, native $want"; }
  if [ -z "${LOOSE:-}" ]; then
    cmp "$name.native.out" "$name.record.out" >&2 || fail "$name: stdout differs from the native run"
    cmp "$name.native.err" "$name.record.err" >&2 || { tail -5 "$name.record.err" >&2; fail "$name: stderr differs from the native run"; }
    diff -r --no-dereference "$name.native" "$name.record" > "$name.diff" 2>&1 || { head -5 "$name.diff" >&2; fail "$name: the files left behind differ"; }
  fi
  replays "$name" "$want"
}
RECORD_ARGS=${RECORD_ARGS:-}
# replays NAME STATUS: NAME.trace replays with the recorded output, also with every check on.
replays() {
  local name=$1 want=$2 i s n=${REPLAYS:-1}
  [ "$LEVEL" != all ] || n=10
  rm -rf "$name.record"   # a replay must not need the files
  for ((i = 1; i <= n; i++)); do
    "$RR" replay -a "$name.trace" < /dev/null > "$name.replay.out" 2> "$name.replay.err"; s=$?
    [ $s = "$want" ] || { tail -5 "$name.replay.err" >&2; fail "$name: replay $i ended with $s, recorded $want"; }
    cmp "$name.record.out" "$name.replay.out" >&2 || fail "$name: replay $i: stdout differs"
    cmp "$name.record.err" "$name.replay.err" >&2 || fail "$name: replay $i: stderr differs"
  done
}
# rr_status WANT COMMAND...: the command ends with status WANT; its stderr is left in ./err and must not be empty for a failure.
rr_status() {
  local want=$1 s; shift
  timeout 60 "$@" < /dev/null > out 2> err; s=$?
  [ $s = "$want" ] || { head -5 err >&2; fail "status $s instead of $want: $*"; }
}
says() { grep -qiE -- "$1" err || { head -5 err >&2; fail "the message does not say '$1'"; }; }
