#!/bin/bash
# Pipelines of find, xargs, sort, awk, sed, grep, tee, and statuses of their parts.
. "$TESTS/lib.sh"
mkdir -p in/t/{a,b,c}; for d in a b c; do for i in $(seq 30); do echo "$d line $i value $((i * 37 % 11))" > in/t/$d/f$i.txt; done; done
same find bash -c 'find t -name "*.txt" | sort | xargs cat | sort -k5n -k1,1 | uniq -c | head -40'
same find0 bash -c 'find t -type f -print0 | sort -z | xargs -0 -n 7 wc -c | tail -5'
same xargsP bash -c 'find t -type f | sort | xargs -P 4 -n 5 md5sum | sort'
same findexec find t/a -name 'f1*' -exec echo found {} +
same awk bash -c 'cat t/*/*.txt | awk "{ s[\$1] += \$5; n++ } END { for (k in s) print k, s[k]; print n }" | sort'
same sed bash -c 'cat t/a/*.txt | sed -n "s/line \([0-9]*\)/<\1>/gp" | sort | tail -n 4'
same grep grep -rhoE 'value [0-9]+' t --include=f2.txt
same tee bash -c 'seq 1 5000 | tee copy | grep -c 7; cmp <(seq 1 5000) copy && echo same'
same status bash -c 'false | true; echo ${PIPESTATUS[*]}; set -o pipefail; false | true; echo $?'
same sigpipe bash -c 'yes | head -n 3; echo ${PIPESTATUS[*]}'
same long bash -c 'seq 1 100000 | sort -R --random-source=/dev/zero | sort -n | awk "NR % 10000 == 0" | rev | tac'
same bc bash -c 'echo "scale=50; 4*a(1)" | bc -l'
same comm bash -c 'comm -12 <(seq 1 2 1000 | sort) <(seq 1 3 1000 | sort) | wc -l; join <(seq 5) <(seq 3 9); paste <(seq 3) <(seq 4 6)'
