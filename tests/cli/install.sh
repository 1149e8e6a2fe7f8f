#!/bin/bash
# (-o all: what is under test is installed, and never built anew while other tests run.)
# make install PREFIX=...: the installed rr finds its engine, called by path, by PATH and by a symbolic link.
. "$TESTS/lib.sh"
make -s -o all -C "$TESTS/.." B="$BUILD" install PREFIX="$PWD/inst" > out 2>&1 < /dev/null || { tail -5 out; fail "make install"; }
inst/bin/rr record -o a /bin/echo hi > out || fail "by path: $?"; [ "$(cat out)" = hi ]; PATH=$PWD/inst/bin:$PATH rr record -o b /bin/echo hi > out || fail "by PATH"; ln -s "$PWD/inst/bin/rr" link; ./link record -o c /bin/echo hi > out || fail "by a link"; ./link replay -a a > out || fail; [ "$(cat out)" = hi ] || fail; cd /; "$OLDPWD/inst/bin/rr" replay -a "$OLDPWD/b" > "$OLDPWD/out" || fail
