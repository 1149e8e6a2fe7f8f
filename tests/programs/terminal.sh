#!/bin/bash
# rr-test: needs=tmux,vim,less timeout=120
# vim and less on a real terminal (a private tmux server): typed at, quit, files written, and the trace replays.
. "$TESTS/lib.sh"
seq 1 500 > text; T="tmux -L rrtest$$ -f /dev/null"; trap '$T kill-server 2>/dev/null' EXIT
screen() { $T capture-pane -p -t s; }
await() { for ((i = 0; i < 300; i++)); do screen | grep -q -- "$1" && return; [ -e "${2:-/nonexistent}" ] && return; sleep 0.1; done; screen >&2; fail "the screen never showed '$1'"; }
until_exists() { for ((i = 0; i < 300; i++)); do [ -e "$1" ] && return; sleep 0.1; done; screen >&2; fail "$1 never appeared"; }
$T new-session -d -s s -x 80 -y 24 "bash --norc"
$T send-keys -t s "$RR record -o vim.trace vim -u NONE -N -n text; echo ended \$? > vim.done" Enter
await '^500\|^ *1$\|^1$' ; sleep 0.5
$T send-keys -t s ':%s/5/FIVE/g' Enter; sleep 0.3; $T send-keys -t s 'ggOinserted line' Escape; $T send-keys -t s ':wq' Enter; until_exists vim.done
[ "$(cat vim.done)" = "ended 0" ] || fail "vim: $(cat vim.done)"
[ "$(head -1 text)" = "inserted line" ] && grep -q FIVE text || fail "vim did not write what was typed"
$T send-keys -t s "clear; $RR record -o less.trace less text; echo ended \$? > less.done" Enter; await 'inserted line'; $T send-keys -t s G; await 'FIVE00'; $T send-keys -t s '/49FIVE' Enter; sleep 0.3; $T send-keys -t s q; until_exists less.done
# job control: Ctrl-Z stops the recorded program and rr, fg goes on, Ctrl-C ends
$T send-keys -t s "clear; $RR record -o cat.trace cat" Enter; sleep 1; $T send-keys -t s "typed" Enter; await '^typed'; $T send-keys -t s C-z; await 'Stopped'; $T send-keys -t s "fg" Enter; sleep 0.5; $T send-keys -t s "again" Enter; sleep 0.5; $T send-keys -t s C-c; sleep 0.3; $T send-keys -t s "echo ended \$? > cat.done" Enter; until_exists cat.done
[ "$(cat cat.done)" = "ended 130" ] || fail "cat: $(cat cat.done)"
for t in vim less; do timeout 60 "$RR" replay -a $t.trace > $t.out 2> $t.err < /dev/null || fail "replay of $t: $? $(tail -2 $t.err)"; done
grep -q 'inserted line' vim.out || fail "the replay of vim does not show the text"
timeout 60 "$RR" replay -a cat.trace > cat.out 2>&1 < /dev/null; [ $? = 130 ] || fail "replay of cat: not ended by SIGINT"
