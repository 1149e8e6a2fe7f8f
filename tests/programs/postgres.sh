#!/bin/bash
# rr-test: needs=setpriv
# PostgreSQL: initdb's server, a server with its processes, pgbench's clients on it (not recorded), an orderly stop.
. "$TESTS/lib.sh"
BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -x "$BIN/postgres" ] && [ -x "$BIN/pgbench" ] || { echo "skipped: no PostgreSQL"; exit 0; }
as=()
if [ "$(id -u)" = 0 ]; then
  id nobody > /dev/null 2>&1 && [ "$(stat -c %a /dev/null)" = 666 ] || { echo "skipped: a server is not run by root"; exit 0; }
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent)
fi
dir=$(mktemp -d /tmp/rr-pg.XXXXXX)
chmod 777 "$dir"
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C
"${as[@]}" "$BIN/initdb" -D "$dir/data" -A trust -N > initdb.log 2>&1 || { tail -3 initdb.log >&2; fail initdb; }
printf "fsync=off\nunix_socket_directories='%s'\nlisten_addresses=''\nshared_buffers=4MB\nmax_connections=12\n" "$dir" | "${as[@]}" tee -a "$dir/data/postgresql.conf" > /dev/null
t=$dir/trace
(cd "$dir" && exec "${as[@]}" "$RR" record -o "$t" "$BIN/postgres" -D "$dir/data") < /dev/null > pg.record.out 2> pg.record.err &
server=$!
for ((i = 0; i < 150; i++)); do "$BIN/pg_isready" -q -h "$dir" && break; sleep 0.2; done
pg=("${as[@]}" env PGHOST="$dir" PGUSER="$([ ${#as[@]} = 0 ] && id -un || echo nobody)")
"${pg[@]}" "$BIN/createdb" bench || { tail -5 pg.record.err >&2; fail createdb; }
"${pg[@]}" "$BIN/pgbench" -i -q -s 1 bench > init.log 2>&1 || { tail -3 init.log pg.record.err >&2; fail "pgbench -i"; }
"${pg[@]}" "$BIN/pgbench" -c 4 -t 40 bench > bench.log 2>&1 || { tail -3 bench.log pg.record.err >&2; fail pgbench; }
grep -q 'processed: 160/160' bench.log || { cat bench.log >&2; fail "transactions are missing"; }
"${as[@]}" "$BIN/pg_ctl" -D "$dir/data" stop -m fast -t 60 > /dev/null || fail "pg_ctl stop"
wait $server; s=$?
[ $s = 0 ] || { tail -5 pg.record.err >&2; fail "the server ended with status $s"; }
"$RR" replay -a "$t" < /dev/null > pg.replay.out 2> pg.replay.err || { tail -5 pg.replay.err >&2; fail "replay"; }
cmp pg.record.err pg.replay.err >&2 || fail "the replayed server says something else"
