#!/bin/sh
# zydis.sh DIR: puts the sources of Zydis 4.0.0 (Debian's source package, checksum pinned) into DIR/zydis.
# Its headers-only dependency Zycore comes from Debian's libzycore-dev. Machines often lack source entries: they are derived
# from the existing ones in a private apt configuration, and no file of the machine is changed.
# RR_ZYDIS_TARBALL=FILE names a local copy instead.
set -eu
sum=e990107f80c62afc1deb51de230023a1098db801b8ea6bf483e296d45459e234
name=zydis_4.0.0.orig.tar.gz
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -e "$dir/zydis/.done" ] && exit 0
tmp=$dir/fetch
rm -rf "$tmp" "$dir/zydis"
mkdir -p "$tmp/lists/partial" "$tmp/archives/partial" "$tmp/sources.d"
if [ -n "${RR_ZYDIS_TARBALL:-}" ]; then
  cp "$RR_ZYDIS_TARBALL" "$tmp/$name"
else
  # Entries of Debian itself, in either format, turned into source entries.
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb \(.*debian.*\)/deb-src \1/p' > "$tmp/sources.list" || true
  for f in /etc/apt/sources.list.d/*.sources; do
    [ -e "$f" ] || continue
    ! grep -q debian "$f" || sed 's/^Types:.*/Types: deb-src/' "$f" > "$tmp/sources.d/$(basename "$f")"
  done
  apt="apt-get -q -o Dir::Etc::sourcelist=$tmp/sources.list -o Dir::Etc::sourceparts=$tmp/sources.d -o Dir::State::lists=$tmp/lists -o Dir::Cache=$tmp -o Dir::Cache::archives=$tmp/archives -o Debug::NoLocking=1 -o APT::Sandbox::User="
  if ! { $apt update && cd "$tmp" && $apt source --download-only zydis=4.0.0-1; } > "$tmp/log" 2>&1; then
    cat "$tmp/log" >&2
    echo "zydis.sh: could not fetch Debian's source package zydis 4.0.0-1; name a local $name by RR_ZYDIS_TARBALL" >&2
    exit 1
  fi
fi
echo "$sum  $tmp/$name" | sha256sum -c --quiet - || { echo "zydis.sh: $name is not the pinned version" >&2; exit 1; }
tar -xzf "$tmp/$name" -C "$tmp"
mv "$tmp"/*zydis-*/ "$dir/zydis"
rm -rf "$tmp"
touch "$dir/zydis/.done"
