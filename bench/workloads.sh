# Workload definitions. For each name: CMD is the argument vector; a word @RR@ in it marks where
# the recorder's own words go (in front of everything when absent); PREP is run before every
# native and every recorded run; CHECK, if set, prints lines that must match the native run's.
ALL="true fork fork_cold gzip python perl node sqlite cp make make_cold redis_srv redis_all handoff atomic compute getppid read1 sieve fib qsort indirect memcpy matmul spin nondet rdrand"
NEED="gcc:gcc make:make gzip:gzip python3:python3 perl:perl sqlite3:sqlite3 node:nodejs redis-server:redis-server redis-cli:redis-tools redis-benchmark:redis-tools md5sum:coreutils"

PY=python3; [ -x /usr/bin/python3 ] && PY=/usr/bin/python3

# The entry bars of the project, ratios to native: record replay (replay "record": no slower than the recording).
bar() {
  case $1 in
    gzip|sieve|qsort|memcpy|matmul) echo 1.15 1.15;; python|fib|getppid|read1) case $1 in getppid|read1) echo 1.5 0.5;; *) echo 1.5 1.5;; esac;;
    perl) echo 1.65 1.65;; sqlite) echo 1.7 1.7;; cp) echo 1.3 0.7;; fork) echo 2.5 2.5;; fork_cold) echo 4 -;; make) echo 2.0 2.0;; make_cold) echo 3.5 -;;
    redis_srv|redis_all) echo 1.5 0.8;; true) echo 3 3;; handoff) echo 1.0 1.0;; indirect) echo 1.4 1.4;; *) echo - -;;
  esac
}
define() { # define NAME: sets CMD PREP CHECK NDET COLD
  CMD=() PREP= CHECK= NDET= COLD=
  case $1 in
    true) CMD=(/bin/true) ;;
    *_cold) define "${1%_cold}"; COLD=1 ;; # the same with an empty translation cache
    fork) CMD=(bash -c 'for ((i = 0; i < '${FORKS:-1000}'; i++)); do /bin/true; done; echo done') ;;
    gzip) CMD=(gzip -9 -k -f "$D/text") PREP="rm -f $D/text.gz" CHECK="md5sum < $D/text.gz" ;;
    python) CMD=("$PY" -c '
d, s = {}, 0
for i in range(3500000):
    k = (i * 7919) % 10007
    d[k] = d.get(k, 0) + (i ^ (i >> 3))
    if i % 5 == 0: s += len(str(i))
print(s, sum(d.values()))') ;;
    perl) CMD=(perl -e '
my ($n, $m) = (0, 0); my $t = join " ", map { "user$_ <a$_\@ex".($_ % 7).".org> took ".($_ * 37 % 1000)."ms" } 1 .. 2000;
for my $r (1 .. 160) { while ($t =~ /(\w+) <([^@>]+)@(\w+)\.org> took (\d+)ms/g) { $n += $4; $m++ if $3 eq "ex$1" || $2 =~ /^a\d*7$/ } (my $u = $t) =~ s/\b(\d+)ms\b/$1*2/ge; $n += length $u; }
print "$n $m\n";') ;;
    node) CMD=(node -e '
function mix(o, i) { o.a = (o.a * 31 + i) | 0; o.b ^= o.a >>> 3; return o.a & 1 ? o.b : o.c++ }
let o = { a: 1, b: 2, c: 3 }, s = 0, m = new Map(), v = [];
for (let i = 0; i < 60e6; i++) s = (s + mix(o, i)) | 0;
for (let i = 0; i < 1e6; i++) { m.set("k" + (i % 5000), i); if (i % 3 === 0) v.push({ i, t: String(i) }) }
v.sort((x, y) => (x.i * 7919 % 10007) - (y.i * 7919 % 10007));
console.log(s, m.size, v[1000].t)') ;;
    sqlite) CMD=(sqlite3 "$D/t.db" ".read $D/t.sql") PREP="rm -f $D/t.db $D/t.db-journal" ;;
    cp) CMD=(cp -r "$D/tree" "$D/copy") PREP="rm -rf $D/copy" CHECK="cd $D/copy && find . -type f -print0 | sort -z | xargs -0 md5sum | md5sum" ;;
    make) CMD=(make -s -j2 -C "$D/csrc") PREP="make -s -C $D/csrc clean" CHECK="$D/csrc/prog" ;;
    redis_srv) CMD=(bash "$B/redis_drive.sh" "$D/r.sock" 50000 @RR@ redis-server --port 0 --unixsocket "$D/r.sock" --save '' --appendonly no --logfile /dev/null) ;;
    redis_all) CMD=(bash "$B/redis_whole.sh" "$D/r.sock" 50000) ;;
    handoff|atomic|compute) CMD=("$D/thr" "$1") ;;
    spin) CMD=("$D/spin") ;;
    nondet) CMD=("$D/nondet" clock) NDET=1 ;; # the output differs from run to run; only the replay must match
    rdrand) CMD=("$D/nondet" rdrand) NDET=1 ;;
    *) CMD=("$D/kern" "$1") ;;
  esac
}

build_data() { # once: compile the programs and make the inputs under $D
  [ -e "$D/.ready" ] && [ "$D/.ready" -nt "$B/workloads.sh" ] && return
  mkdir -p "$D"; rm -rf "$D/tree" "$D/csrc"
  local f
  for f in meas gen kern thr back spin nondet; do gcc -O2 -g -pthread -o "$D/$f" "$B/src/$f.c" || exit 1; done
  "$D/gen" text 60000000 "$D/text"
  "$D/gen" tree "$D/tree" 3000 300000000
  "$D/gen" csrc "$D/csrc" 60
  {
    echo 'create table t(id integer primary key, k text, v integer, w real);'
    echo 'begin;'
    echo "with recursive c(i) as (select 1 union all select i+1 from c where i < 250000) insert into t select i, 'key' || (i * 7919 % 100003), i * 31 % 1009, i / 7.0 from c;"
    echo 'commit;'
    echo 'create index tk on t(k); create index tv on t(v);'
    echo 'select count(*), sum(v), max(k) from t;'
    echo 'select v, count(*), avg(w) from t group by v order by 2 desc, 1 limit 5;'
    echo 'select count(*) from t a join t b on a.k = b.k where a.v < 20;'
    echo "update t set v = v + 1 where k like 'key1%'; select sum(v) from t;"
  } > "$D/t.sql"
  touch "$D/.ready"
}
