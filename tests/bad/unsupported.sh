#!/bin/bash
# rr-test: needs=gcc
# What cannot be recorded faithfully stops by name (or is refused to the guest as an old kernel would), never recorded wrongly.
. "$TESTS/lib.sh"
cat > u.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int c, char **v) {
  long n = atol(v[1]); char b[256] = { 0 }; errno = 0; long r = syscall(n, c > 2 ? atol(v[2]) : 0, b, 0, 0, 0, 0); printf("%ld %d\n", r, errno); return 0; }
C
gcc -o u u.c || fail
try() { rm -rf t; timeout 30 "$RR" record -o t ./u "$@" > out 2> err < /dev/null; s=$?; if [ $s = 0 ]; then timeout 30 "$RR" replay -a t > rep 2> rerr || fail "$1: replay $? $(head -2 rerr)"; cmp -s out rep || fail "$1: replay differs"; else [ -s err ] || fail "$1: status $s without a message"; [ $s -lt 124 ] || fail "$1: status $s $(head -3 err)"; fi; }
try 425 8     # io_uring_setup
try 206 8     # io_setup
try 323 0     # userfaultfd
try 101 0     # ptrace(TRACEME)
try 600       # no such call
try 298       # perf_event_open
try 321 0     # bpf
for n in $(seq 335 470); do case $n in 425) continue;; esac; try $n; done
