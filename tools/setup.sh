#!/bin/sh
# setup.sh [--tests] [--bench] [--list]: installs the Debian packages that are missing; with --list only prints all of them.
set -eu
build="gcc make libc6-dev libzstd-dev libxxhash-dev libzycore-dev dpkg-dev ca-certificates gdb"
tests="python3 perl sqlite3 gzip xz-utils zstd bzip2 tar git curl openssl libssl3 tmux vim less nodejs default-jdk-headless bc g++ clang clang-format binutils procps util-linux mount diffutils file findutils gawk zlib1g libc6-dev"
bench="redis-server redis-tools"
want=$build; list=
for a in "$@"; do
  case $a in
  --tests) want="$want $tests" ;;
  --bench) want="$want $tests $bench" ;;
  --list) list=1 ;;
  --yes) ;;
  *) echo "setup.sh: what is $a? (--tests, --bench, --list)" >&2; exit 2 ;;
  esac
done
[ -z "$list" ] || { echo "$want" | tr ' ' '\n' | sort -u; exit 0; }
command -v dpkg-query > /dev/null || { echo "setup.sh: this machine is not Debian or a relative of it; install by hand what these packages hold: $want" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || { echo "setup.sh: rr runs on x86-64 only, this is $(uname -m)" >&2; exit 1; }
# A command that is there counts, wherever it came from (node, java and clang often come from elsewhere).
have() {
  case $1 in
  nodejs) command -v node > /dev/null && return ;;
  default-jdk-headless) command -v java > /dev/null && command -v javac > /dev/null && return ;;
  redis-server) command -v redis-server > /dev/null && return ;;
  esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}
missing=
for p in $want; do have "$p" || case " $missing " in *" $p "*) ;; *) missing="$missing $p" ;; esac; done
if [ -z "$missing" ]; then echo "setup: everything needed is installed"; exit 0; fi
echo "setup: missing Debian packages:$missing"
as_root=; if [ "$(id -u)" != 0 ]; then
  command -v sudo > /dev/null || { echo "setup: neither root nor sudo; have somebody run: apt-get install$missing" >&2; exit 1; }
  as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -q update
# shellcheck disable=SC2086
$as_root apt-get -q install -y --no-install-recommends $missing
