#!/bin/bash
# rr-test: needs=openssl
# openssl: digests, ciphers, keys, random; these use the widest vector code of the CPU and rdrand.
. "$TESTS/lib.sh"
mkdir -p in; seq 1 100000 > in/text
same dgst openssl dgst -sha256 -sha512 text
same enc bash -c 'openssl enc -aes-256-ctr -pbkdf2 -S 0011223344556677 -pass pass:x -in text | tee c | openssl enc -d -aes-256-ctr -pbkdf2 -S 0011223344556677 -pass pass:x | md5sum'
LOOSE=1 same rand openssl rand -hex 32
LOOSE=1 same rsa bash -c 'openssl genrsa 1024 2>/dev/null | openssl rsa -check -noout'
LOOSE=1 same ec bash -c 'openssl ecparam -genkey -name prime256v1 -noout -out k && openssl req -new -x509 -key k -subj /CN=x -days 9 | openssl x509 -noout -subject'
LOOSE=1 same speed openssl speed -seconds 1 -bytes 1024 sha256
