#!/bin/sh
# The include rule, visible in every file because paths are relative to the root:
#   abi -> abi;  engine -> engine, abi, Zydis, kernel uapi;  host -> host, abi, libc and well-kept libraries.  Never engine to host or back.
set -eu
cd "$(dirname "$0")/.."
bad=0
rule() { # rule DIR REGEX-OF-ALLOWED
  found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include' "$1" --include='*.[chS]' --include='*.def' --include='*.lds' | grep -vE "include[[:space:]]*($2)" || true)
  [ -z "$found" ] || { echo "$found" | sed "s|^|$1 may not include this: |"; bad=1; }
}
std='<(stdint|stddef|stdbool|stdarg|stdatomic)\.h>'
rule abi "\"abi/|$std"
rule engine "\"(engine|abi)/|<(Zydis|Zycore|linux|asm|asm-generic)/|$std"
rule host "\"(host|abi)/|<"
found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(Zydis|Zycore)/' host --include='*.[ch]' || true)
[ -z "$found" ] || { echo "$found"; echo "host does not decode instructions"; bad=1; }
[ $bad = 0 ] || { echo "see CONTRIBUTING.md, 'Who may include what'"; exit 1; }
