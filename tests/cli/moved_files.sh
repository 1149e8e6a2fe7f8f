#!/bin/bash
# A trace replays without the original files: program, libraries' stand-in and data changed or gone; and at another place.
. "$TESTS/lib.sh"
cp /bin/cat ./mycat; seq 1 1000 > data; "$RR" record -o t ./mycat data > rec || fail
rm mycat data; mkdir elsewhere; mv t elsewhere/moved; cd elsewhere; "$RR" replay -a moved > rep || fail "replay: $?"; cmp rep ../rec || fail
cd ..; cp /bin/cat ./mycat; cp elsewhere/moved -r second; echo junk > mycat; "$RR" replay -a second > rep || fail "with a changed program: $?"; cmp rep rec || fail
# a program that changes its own mapped file while it runs
cat > m.py <<'P'
import mmap, os
open("f", "wb").write(b"x" * 20000); f = open("f", "r+b"); m = mmap.mmap(f.fileno(), 0, flags=mmap.MAP_PRIVATE); print(m[5:8]); os.pwrite(f.fileno(), b"after", 10000); print(bytes(m[10000:10005])); os.unlink("f")
P
"$RR" record -o u $PY m.py > rec || fail; "$RR" replay -a u > rep || fail "a mapped file that was written: $?"; cmp rec rep || fail
