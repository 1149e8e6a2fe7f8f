#!/bin/bash
# rr-test: needs=gzip,xz,zstd,tar,bzip2
# Compressors and tar, both ways, with threads where they have them.
. "$TESTS/lib.sh"
mkdir -p in/d/e; seq 1 60000 > in/text; for i in $(seq 40); do seq $i 200 > in/d/f$i; done; head -c 300000 "$BASH" > in/d/e/bin
for z in gzip xz zstd bzip2; do
  same $z bash -c "$z -k${Z:-} text && ls text.* && $z -dc text.* | md5sum"
done
same xzT xz -T2 -k --block-size=100000 text
same zstdT zstd -q -T2 -19 text
same tar bash -c 'tar --mtime=@0 --sort=name -czf a.tgz d && tar -tzf a.tgz | wc -l && mkdir x && tar -xzf a.tgz -C x && diff -r d x/d && echo same'
same tarzst bash -c 'tar --mtime=@0 --sort=name -c d | zstd -q | zstd -dc | tar -t | tail -n 3'
same bad bash -c 'echo no > x.gz; gzip -d x.gz'
