#!/bin/bash
# rr-test: needs=setpriv,unshare,gcc timeout=240
# Where rr has no rights at all: ordinary user, ptrace and friends denied by seccomp, home read-only or missing, limited address space,
# user namespace, chroot, few descriptors, no /proc, closed standard descriptors.
. "$TESTS/lib.sh"
gcc -O1 -o deny "$TESTS/bad/deny.c" || fail "deny.c"
cat > job.sh <<'S'
echo "hello $((6 * 7))"; ls -d /usr/bin /etc; for i in 1 2 3; do /bin/true; done; echo a | cat; /usr/bin/python3 -c 'import threading; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()'
S
bash job.sh > want
go() { # go NAME WRAPPER...: records and replays the job inside the wrapper
  local n=$1; shift; local d=$n.d; mkdir -p $d; chmod 777 $d; chmod 755 . ; chmod a+r job.sh
  "$@" "$RR" record -o $d/t bash job.sh > $n.rec 2> $n.err < /dev/null; local s=$?; [ $s = 0 ] && cmp -s want $n.rec || { head -4 $n.err >&2; fail "$n: record $s: $(diff want $n.rec | head -3)"; }
  "$@" "$RR" replay -a $d/t > $n.rep 2> $n.err < /dev/null; s=$?; [ $s = 0 ] && cmp -s want $n.rep || { head -4 $n.err >&2; fail "$n: replay $s"; }
}
user=(); if [ "$(id -u)" = 0 ]; then
  # the build tree may lie where others may not look: give them a copy
  box=$(mktemp -d /tmp/rrbox.XXXXXX); trap 'umount -l $box/ro 2>/dev/null; rm -rf $box' EXIT; chmod 755 $box; cp "$RR" "$(dirname "$RR")/rr-engine" deny job.sh want $box; chmod 755 $box/rr $box/rr-engine; chmod 777 $box; RR=$box/rr; cd $box
  user=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs); go user "${user[@]}"; go user-home "${user[@]}" env HOME=/nonexistent; fi
go deny "${user[@]}" ./deny
mkdir home; chmod 555 home; go readonly-home "${user[@]}" ./deny env HOME=$PWD/home XDG_CACHE_HOME=
if [ "$(id -u)" = 0 ]; then mkdir ro; mount -t tmpfs -o ro none ro && go readonly-fs env HOME=$PWD/ro && umount ro; fi
go ulimit-v bash -c 'ulimit -v 4000000; exec "$@"' -
go nofile bash -c 'ulimit -n 64; exec "$@"' -
go stack bash -c 'ulimit -s 256; exec "$@"' -
go unlimited-stack bash -c 'ulimit -s unlimited 2>/dev/null || ulimit -s $(ulimit -H -s); exec "$@"' -
if unshare -r true 2> /dev/null; then go userns unshare -r; go pidns unshare -r -p -f; go netns unshare -r -n; else [ "$(id -u)" != 0 ] || fail "unshare -r does not work here"; fi
go env-empty env -i PATH=/usr/bin:/bin
go closed bash -c 'exec 0<&-; exec "$@"' -
go nice nice -n 19
go ignored bash -c 'trap "" INT QUIT HUP TERM PIPE; exec "$@"' -
# chroot: a directory with nothing but a static program and rr itself made static enough (its libraries copied)
if [ "$(id -u)" = 0 ]; then
  mkdir -p root/tmp root/proc root/dev; cp "$RR" "$(dirname "$RR")/rr-engine" root/; for l in $(ldd "$RR" | grep -oE '/[^ ]+'); do mkdir -p root$(dirname $l); cp $l root$l; done
  printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { char b[9] = {0}; FILE *f = fopen("/f", "r"); printf("in the box %%s %%d\\n", fgets(b, 9, f), fork() > 0); return 4; }' > p.c; gcc -static -o root/p p.c || fail; echo data > root/f
  chroot root /rr record -o /tmp/t /p > c.rec 2> err < /dev/null; s=$?; [ $s = 4 ] || fail "chroot: record $s $(head -3 err)"; grep -q 'in the box data' c.rec || fail "chroot: $(cat c.rec)"; chroot root /rr replay -a /tmp/t > c.rep 2> err < /dev/null; s=$?; [ $s = 4 ] && cmp c.rec c.rep || fail "chroot: replay $s $(head -3 err)"
  # and a recorded program that does chroot itself and execs there
  "$RR" record -o ct chroot root /p > c.rec 2> err < /dev/null; s=$?; [ $s = 4 ] || fail "recorded chroot: $s $(head -3 err)"; "$RR" replay -a ct > c.rep 2> err; s=$?; [ $s = 4 ] && cmp c.rec c.rep || fail "recorded chroot: replay $s"
fi
