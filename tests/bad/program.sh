#!/bin/bash
# Programs that cannot be started: one message that says why, status 69, no trace left behind, nothing hangs.
. "$TESTS/lib.sh"
unset _RR_TRACE_DIR
bad() { rr_status 69 "$RR" record -o t "$@"; [ ! -e t ] || fail "a trace was left for $*"; [ ! -s out ] || fail "$*: printed on stdout"; }
bad no-such-program-xyz; says 'no-such-program-xyz'; bad ./nothing; says 'no such|not found'; bad /nonexistent/dir/prog; bad ''
touch empty; chmod +x empty; echo '#!/bin/sh' > plain; bad ./plain; says 'permission|not executable'; bad /tmp; says 'director'; bad ./empty
printf 'garbage' > garbage; chmod +x garbage; bad ./garbage; says 'format|ELF'
# a 32-bit program: an ELF header of that class, with a small code (exit(0))
$PY - <<'P'
import struct
code = b"\xb8\x01\0\0\0\x31\xdb\xcd\x80"; h = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0) + struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
open("elf32", "wb").write(h + code); b = bytearray(open("/bin/true", "rb").read()); b[18] = 183; open("arm64", "wb").write(b); open("cut", "wb").write(b[:40]); b[18] = 62; open("cut2", "wb").write(b[:3000]); c = bytearray(b); c[32:40] = b"\xff" * 8; open("phoff", "wb").write(c); c = bytearray(b); c[54:56] = b"\1\0"; open("phentsize", "wb").write(c); c = bytearray(b); c[56:58] = b"\xff\xff"; open("phnum", "wb").write(c)
P
chmod +x elf32 arm64 cut cut2 phoff phentsize phnum; bad ./elf32; says '32-bit'; bad ./arm64; bad ./cut; bad ./phoff; bad ./phentsize
printf '#!/no/such/interpreter\n' > noint; chmod +x noint; bad ./noint; says 'interpreter|no such'; printf '#!./loop\n' > loop; chmod +x loop; bad ./loop
if [ "$(id -u)" = 0 ]; then cp /bin/true secret; chmod 0711 secret; chmod 755 . ..; cp /bin/true dirx; mkdir -m 700 closed; cp /bin/true closed/p; chmod 777 .
  run() { setpriv --reuid=65534 --regid=65534 --clear-groups "$RR" record -o t "$@" < /dev/null > out 2> err; }
  if setpriv --reuid=65534 --regid=65534 --clear-groups "$RR" --version > /dev/null 2>&1; then run ./secret; s=$?; [ $s = 69 ] || fail "unreadable: $s $(cat err)"; says 'read|permission'; run ./closed/p; s=$?; [ $s = 69 ] || fail "closed directory: $s"; fi; fi
exit 0
