#!/bin/bash
# bash and dash as script interpreters: functions, arrays, traps, background jobs, here documents, coprocesses, subshells, signals.
. "$TESTS/lib.sh"
mkdir -p in; cat > in/s.sh <<'S'
#!/bin/bash
exec 2>/dev/null # bash itself complains about a process id in some versions
declare -A m; for i in {1..50}; do m[k$i]=$((i * i)); done
t=0; for k in "${!m[@]}"; do ((t += m[$k])); done; echo $t
f() { local n=$1; ((n < 2)) && { echo $n; return; }; echo $(( $(f $((n - 1))) + $(f $((n - 2))) )); }
f 7
trap 'echo on exit' EXIT
trap 'echo got usr1' USR1
kill -USR1 $$
(sleep 0.05; exit 3) & p=$!; wait $p; echo "status $?"
for i in 1 2 3 4; do (exit $i) & pids+=($!); done; for p in "${pids[@]}"; do wait $p; echo -n "$? "; done; echo
cat <<E
here $((1 + 1)) $(echo nested)
E
coproc C { while read -r l; do echo "co:$l"; done; }
echo one >&${C[1]}; read -r x <&${C[0]}; echo "$x"; p=$C_PID; eval "exec ${C[1]}>&-"; wait $p 2>/dev/null
while IFS=: read -r a b; do echo "$b-$a"; done < <(printf 'x:1\ny:2\n')
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]}${BASH_REMATCH[1]}"
timeout 0.1 sleep 5; echo "timeout $?"
sleep 10 & p=$!; until [ "$(< /proc/$p/comm)" = sleep ]; do :; done; kill $p; wait $p 2>/dev/null; echo "killed $?"
printf '%s\n' {a..e} | while read -r l; do echo -n "$l"; done; echo
exit 17
S
chmod +x in/s.sh
cat > in/d.sh <<'S'
#!/bin/sh
i=0; while [ $i -lt 20 ]; do /bin/true && i=$((i + 1)); done; echo $i
set -- a b c; shift; echo "$@"; x=$(echo sub | tr s S); echo $x
trap 'echo term; exit 5' TERM; kill -TERM $$; echo not reached
S
chmod +x in/d.sh
same script ./s.sh
same dash ./d.sh
same inline bash -c 'for i in $(seq 50); do /bin/true; done; echo $?'
same fail bash -c 'nonexistent_command_xyz'
same killed bash -c 'kill -9 $$'
STDIN=in/d.sh same stdin bash -c 'wc -l; cat'
