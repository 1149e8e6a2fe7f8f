#!/bin/bash
# rr-test: needs=sqlite3
# The sqlite3 shell: tables, indices, transactions, WAL, dump.
. "$TESTS/lib.sh"
mkdir -p in; cat > in/s.sql <<'S'
create table t(id integer primary key, k text, v integer); begin;
with recursive c(i) as (select 1 union all select i+1 from c where i < 20000) insert into t select i, 'key' || (i * 7919 % 10003), i * 31 % 1009 from c; commit;
create index tk on t(k); select count(*), sum(v), max(k) from t; select v, count(*) from t group by v order by 2 desc, 1 limit 5; update t set v = v + 1 where k like 'key1%'; select sum(v) from t; begin; delete from t; rollback; select count(*) from t; vacuum; pragma integrity_check;
S
same journal sqlite3 t.db ".read s.sql"
same memory sqlite3 :memory: ".read s.sql" .dump
same error sqlite3 :memory: "select nonsense from nowhere;"
LOOSE=1 same wal sqlite3 w.db "pragma journal_mode=wal; pragma wal_checkpoint;" ".read s.sql"
