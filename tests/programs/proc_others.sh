#!/bin/bash
# What recorded processes see of each other in /proc: command line, executable, environment; as ps and pgrep ask for it.
# rr-test: needs=ps,pgrep
. "$TESTS/lib.sh"
cat > look.sh <<'S'
RR_LOOK=yes sleep 97 < /dev/null > /dev/null 2>&1 &
until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.02; done
tr '\0' ' ' < /proc/$!/cmdline; echo
tr '\0' '\n' < /proc/$!/environ | grep RR_LOOK
readlink /proc/$!/exe
cmp /proc/$!/exe "$(readlink -f "$(command -v sleep)")" && echo same
ps -o args= -p $!
pgrep -fc 'sleep 97' > /dev/null && echo found
kill $!
wait $! 2> /dev/null
echo $?
S
same look bash "$PWD/look.sh"
