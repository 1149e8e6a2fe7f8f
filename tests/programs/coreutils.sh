#!/bin/bash
# Coreutils and their like.
. "$TESTS/lib.sh"
mkdir -p in/dir/sub; for i in 1 2 3 4 5; do seq $i 100 > in/dir/f$i; done; echo deep > in/dir/sub/x; ln -s f1 in/dir/link
same true /bin/true
same false /bin/false
same echo /bin/echo hello world
same ls ls -la --time-style=+ --color=never dir/sub/x
same lsr ls -R dir
same cat cat dir/f1 dir/f2 nonexistent
same cp cp -a dir copy
same mv mv dir/f1 dir/moved
same rm rm -rf dir
same sort sort -r -n dir/f1 dir/f3
same sortp sort --parallel=4 -S 1M -u dir/f1 dir/f2 dir/f3 dir/f4
same wc wc dir/f1 dir/f2
same md5 md5sum dir/f1 dir/f2 dir/sub/x
same sha sha256sum dir/f1
same tr bash -c 'tr a-z A-Z < dir/sub/x'
same seq seq 1 3 2000
same expr expr 6 \* 7
same head head -n 3 dir/f5
same tail tail -n 3 dir/f5
same du du -a --apparent-size dir/f1
same stat stat -c '%s %f %n' dir/f1
same dd dd if=dir/f1 of=out bs=17 count=5 status=none
same od od -A x -t x1z dir/sub/x
same split split -n 4 dir/f2 part.
same touch touch -d 2020-01-01 stamp
same chmod chmod -R a-w dir/sub
same mkfifo bash -c 'mkfifo p; cat dir/f2 > p & wc -l < p; wait; rm p'
LOOSE=1 same date date
LOOSE=1 same random bash -c 'head -c 100000 /dev/urandom | md5sum; date +%N; echo $RANDOM $$'
