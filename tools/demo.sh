#!/bin/sh
# demo.sh: records a real program, replays it, and debugs the recording. Leaves nothing behind.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
rr=${RR:-$root/build/rr}
[ -x "$rr" ] || { echo "demo: $rr is not built; run make" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/rr-demo.XXXXXX")
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
server=
cd "$dir"
step() { printf '\n--- %s\n$ %s\n' "$1" "$2"; }
cat > dice.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
static int throw_dice(int n) { unsigned char b; if (getrandom(&b, 1, 0) != 1) exit(1); int face = b % 6 + 1; printf("throw %d: %d\n", n, face); return face; }
int main(void) { int sum = 0; for (int n = 1; n <= 5; n++) sum += throw_dice(n); printf("sum %d\n", sum); return 0; }
C
gcc -g -O0 -o dice dice.c
step "a program whose output no two runs share" "rr record -o dice.trace ./dice"
"$rr" record -o dice.trace ./dice | tee recorded
step "its replay: the same throws, as often as wanted, program and libraries not needed" "rr replay -a dice.trace"
rm dice
"$rr" replay -a dice.trace | tee replayed
cmp recorded replayed
step "a whole pipeline of processes, too" "rr record -o pipe.trace bash -c 'ls /etc | sort -r | head -n 3; date +%N'"
"$rr" record -o pipe.trace bash -c 'ls /etc | sort -r | head -n 3; date +%N' | tee recorded
"$rr" replay -a pipe.trace > replayed
cmp recorded replayed && echo "(replayed: the same)"
if command -v gdb > /dev/null; then
  step "stock gdb on the recording: stops where the third throw is made" "rr replay dice.trace, then in gdb: target remote :PORT"
  "$rr" replay -s 0 dice.trace > server.out 2>&1 < /dev/null & server=$!
  i=0; port=
  while [ $i -lt 100 ]; do
    port=$(sed -n 's/.*listening on [^:]*:\([0-9][0-9]*\).*/\1/p' server.out | head -n 1); [ -z "$port" ] || break
    sleep 0.1; i=$((i + 1))
  done
  [ -n "$port" ] || { cat server.out; echo "demo: the debug server did not start" >&2; exit 1; }
  timeout 60 gdb -q -nx -batch -ex 'set confirm off' -ex "target remote 127.0.0.1:$port" -ex 'break throw_dice if n == 3' -ex continue -ex backtrace -ex finish -ex 'info registers rip' -ex kill 2>&1 < /dev/null | tee session | grep -vE '^(warning|Reading|Remote debugging|\[Inferior)' || true
  grep -q 'n=3' session || { echo "demo: gdb did not stop at the third throw" >&2; exit 1; }
else
  echo "(gdb is not installed: the debugging part of the demo is left out)"
fi
printf '\nIt works. Next: rr record YOUR PROGRAM; rr debug. See README.md.\n'
