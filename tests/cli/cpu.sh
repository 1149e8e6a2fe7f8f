#!/bin/bash
# record --cpu=LEVEL and --disable-cpuid-features...: the program sees no more of the CPU, in CPUID, XCR0, signal frames and the auxiliary vector; wrong values are named.
. "$TESTS/lib.sh"
cat > see.c <<'C'
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>
static unsigned frame_size, frame_states;
static void handler(int s, siginfo_t *i, void *u) {
  (void)s, (void)i;
  char *fp = (char *)((ucontext_t *)u)->uc_mcontext.fpregs;
  memcpy(&frame_size, fp + 468, 4); // struct _fpx_sw_bytes: extended_size, xfeatures
  memcpy(&frame_states, fp + 472, 4);
}
int main(void) {
  unsigned a, b, c, d, lo = 0, hi;
  __cpuid(1, a, b, c, d);
  printf("basic %08x %08x\n", c, d);
  if (getauxval(AT_HWCAP) & ~(unsigned long)d) return 3;
  if (c & 1u << 27) __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  printf("xcr0 %x\n", lo);
  __cpuid_count(7, 0, a, b, c, d);
  printf("more %08x %08x %08x\n", b, c, d);
  __cpuid_count(13, 0, a, b, c, d);
  if (lo && a != lo) return 4;
  struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
  sigaction(SIGUSR1, &sa, NULL);
  raise(SIGUSR1);
  if (lo && (frame_states != lo || frame_size != b + 4)) return 5;
  __builtin_cpu_init();
  printf("levels %d%d%d\n", !!__builtin_cpu_supports("x86-64-v2"), !!__builtin_cpu_supports("x86-64-v3"), !!__builtin_cpu_supports("x86-64-v4"));
  return 0;
}
C
gcc -O1 -o see see.c || fail "no compiler"
see() { # OPTION...: recorded with it, replayed; what was printed is in ./out
  rm -rf t
  "$RR" record "$@" -o t ./see > out || fail "record $*: $?"
  "$RR" replay -a t > again || fail "replay $*: $?"
  cmp out again || fail "replay $* prints something else"
}
bits() { # WORD COLUMN MASK: none of these bits in that column of the line
  local v=0x$(awk -v w="$1" -v n="$2" '$1 == w { print $n }' out)
  (( (v & $3) == 0 )) || fail "$1 $2: $v holds bits of $3"
}
see; plain=$(cat out)
see --cpu=x86-64-v2; bits basic 2 0x30001000; bits more 2 0xd0030128; bits xcr0 2 0xe4; [ "$(grep -c 'levels .00' out)" = 1 ] || fail "levels at v2: $(cat out)"
see --cpu x86-64-v3; bits more 2 0xd0030000; bits xcr0 2 0xe0; [ "$(grep -c 'levels ..0' out)" = 1 ] || fail "levels at v3: $(cat out)"
see --cpu=X86-64-V4; bits more 3 0x5f00
see --disable-cpuid-features 0x10000000,0x10000000; bits basic 2 0x10000000; bits basic 3 0x10000000; bits xcr0 2 0xe4
see --disable-cpuid-features-ext=0x10000,0x100; bits more 2 0x10000; bits more 3 0x100; bits xcr0 2 0xe0
see --disable-cpuid-features-xsave 0xf
see $("$RR" cpufeatures); [ "$(cat out)" = "$plain" ] || fail "cpufeatures of this machine change what is seen on it"
for o in --cpu=x86-64 --cpu=v3 --disable-cpuid-features=x --disable-cpuid-features=1,2,3 --disable-cpuid-features-xsave=0x100000000; do
  "$RR" record $o -o bad ./see > o 2> err && fail "$o is accepted"
  [ $? = 2 ] && grep -q wants err || fail "$o: $(cat err)"
done
cat > many.py <<'P'
import hashlib, json, zlib, re
d = bytes(range(256)) * 500
print(hashlib.sha256(d).hexdigest(), zlib.crc32(d), len(zlib.compress(d)), re.findall(b'\x41+', d)[:1], json.dumps([1, {"a": 2.5}]))
P
RECORD_ARGS="--cpu=x86-64-v2 --checksum=on-syscalls" same python "$PY" "$PWD/many.py"
