#!/bin/sh
# check_engine.sh FILE: the engine stands alone: statically linked at its place, nothing undefined, no libc, no vector instructions in its code.
set -eu
f=$1; fail() { echo "$f: $*" >&2; exit 1; }
undefined=$(nm -u "$f" | grep -v ' w ' || true)
[ -z "$undefined" ] || fail "undefined symbols: $undefined"
if readelf -d "$f" 2>/dev/null | grep -q 'Dynamic section'; then fail "has a dynamic section"; fi
if readelf -lW "$f" | grep -qE '^ +(INTERP|TLS)'; then fail "wants an interpreter or thread-local storage"; fi
readelf -lW "$f" | grep -E '^ +LOAD' | while read -r _ _ vaddr _ _ size _; do
  [ $((vaddr)) -ge $((0x70000000)) ] && [ $((vaddr + size)) -le $((0x72000000)) ] || fail "a segment lies outside [0x70000000, 0x72000000): $vaddr + $size"
done
sections=$(readelf -SW "$f" | grep -oE '\.(init_array|ctors|fini_array)' || true)
[ -z "$sections" ] || fail "constructors: $sections"
# Only functions that were written to save and restore vector state may touch it; they are in assembly, in .text.vector.
v=$(objdump -d --no-show-raw-insn -j .text "$f" | grep -cE '%(xmm|ymm|zmm)' || true)
[ "$v" = 0 ] || fail "$v vector instructions in .text: -mgeneral-regs-only was lost somewhere"
