#!/bin/bash
# reverse.sh RR_BINARY [extra record args]     debugger-side timings on the 'back' program (about 2 s natively)
#   record_s, time to the first debugger prompt, forward to the end, reverse-continue to main,
#   reverse-continue on a conditional breakpoint inside the hot loop, reverse-stepi, a data watchpoint backwards.
# Environment: D=/tmp/rrbench, REPLAY_DBG="debug" (another rr: its words), N=400000000 (work), TMO=300
set -u
B=$(cd "$(dirname "$0")" && pwd); D=${D:-$B/../build/bench}; N=${N:-400000000}; TMO=${TMO:-300}
REPLAY_DBG=${REPLAY_DBG:-debug}; RECORD_WORD=${RECORD_WORD-record}
[ $# -ge 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
command -v gdb > /dev/null || { echo "missing Debian packages: gdb"; exit 3; }
. "$B/workloads.sh"; build_data
RR=$1; shift
export _RR_TRACE_DIR=$D/rtraces; rm -rf "$_RR_TRACE_DIR"; mkdir -p "$_RR_TRACE_DIR"
m() { "$D/meas" -t "$TMO" -i "${I:-/dev/null}" -o "$D/rev.out" -e "$D/rev.err" -r "$D/res" -- "$@"; read -r W _ _ S < "$D/res"; }
m "$D/back" "$N"; echo "native            $W s status $S"
m "$RR" $RECORD_WORD "$@" "$D/back" "$N"; echo "record            $W s status $S"
T=$(readlink -f "$_RR_TRACE_DIR/latest-trace")
echo "quit" > "$D/quit.gdb"; for i in 1 2 3; do I="$D/quit.gdb" m "$RR" $REPLAY_DBG "$T"; echo "first prompt      $W s status $S (debugger start, connect, quit)"; done
cat > "$D/rev.gdb" <<'G'
set pagination off
set confirm off
set breakpoint pending on
python
import time
def t(label, cmd, show=None):
    a = time.time()
    try: gdb.execute(cmd, to_string=True); e = ''
    except gdb.error as x: e = ' ERROR ' + str(x).splitlines()[0][:90]
    try: f = gdb.selected_frame().name()
    except gdb.error: f = '?'
    s = ''
    if show:
        try: s = ' ' + show + '=' + str(gdb.parse_and_eval(show))
        except gdb.error as x: s = ' ' + str(x)[:60]
    print('%-17s %.3f s at %s%s%s' % (label, time.time() - a, f, s, e), flush=True)
gdb.execute('break main', to_string=True)
t('to main', 'continue')
gdb.execute('break at_end', to_string=True)
t('to at_end', 'continue', '$pc')
t('back to main', 'reverse-continue')
t('forth to at_end', 'continue', '$pc')
gdb.execute('delete', to_string=True)
t('reverse-stepi', 'reverse-stepi', '$pc')
t('reverse-step', 'reverse-step', '$pc')
t('reverse-finish', 'reverse-finish', '$pc')
t('reverse-next', 'reverse-next', '$pc')
end
G
I="$D/rev.gdb" m "$RR" $REPLAY_DBG "$T"; cat "$D/rev.out" | grep -a -E ' s at '; echo "session           $W s status $S"; grep -a -m3 -E 'FATAL|Assert|error' "$D/rev.err"
cat > "$D/rev2.gdb" <<'G'
set pagination off
set confirm off
python
import time
def t(label, cmd, show=None):
    a = time.time()
    try: gdb.execute(cmd, to_string=True); e = ''
    except gdb.error as x: e = ' ERROR ' + str(x).splitlines()[0][:90]
    try: f = gdb.selected_frame().name()
    except gdb.error: f = '?'
    s = ''
    if show:
        try: s = ' ' + show + '=' + str(gdb.parse_and_eval(show))
        except gdb.error as x: s = ' ' + str(x)[:60]
    print('%-17s %.3f s at %s%s%s' % (label, time.time() - a, f, s, e), flush=True)
gdb.execute('break at_end', to_string=True)
t('to at_end', 'continue')
gdb.execute('delete', to_string=True)
gdb.execute('watch tab[17]', to_string=True)
t('watch backwards', 'reverse-continue', 'tab[17]')
t('watch again', 'reverse-continue', 'tab[17]')
end
G
sed '/^gdb.execute(.watch/,/watch again/d; /^end$/d' "$D/rev2.gdb" > "$D/rev3.gdb"
cat >> "$D/rev3.gdb" <<'G'
gdb.execute('break step', to_string=True)
t('break in hot loop', 'reverse-continue', 'x')
t('and once more', 'reverse-continue', 'x')
end
G
I="$D/rev2.gdb" m "$RR" $REPLAY_DBG "$T"; cat "$D/rev.out" | grep -a -E ' s at '; echo "session           $W s status $S"; grep -a -m3 -E 'FATAL|Assert|error' "$D/rev.err"
I="$D/rev3.gdb" m "$RR" $REPLAY_DBG "$T"; cat "$D/rev.out" | grep -a -E ' s at '; echo "session           $W s status $S"; grep -a -m3 -E 'FATAL|Assert|error' "$D/rev.err"
rm -rf "$_RR_TRACE_DIR"
