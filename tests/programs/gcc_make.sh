#!/bin/bash
# rr-test: needs=gcc,make timeout=300
# gcc of one file, and make -j2 of a small project whose program is run afterwards.
. "$TESTS/lib.sh"
mkdir -p in/src; for i in $(seq 12); do printf '#include <stdio.h>\n#include <string.h>\nint f%d(int x) { char b[64]; int s = 0; for (int i = 0; i < x; i++) { snprintf(b, sizeof b, "%%d", i * %d); s += (int)strlen(b); } return s; }\n' $i $i > in/src/f$i.c; done
{ for i in $(seq 12); do echo "int f$i(int);"; done; echo '#include <stdio.h>'; echo 'int main(void) { int s = 0;'; for i in $(seq 12); do echo "s += f$i($i * 10);"; done; echo 'printf("%d\n", s); return 0; }'; } > in/src/main.c
cat > in/src/Makefile <<'M'
O = $(patsubst %.c,%.o,$(sort $(wildcard *.c)))
CFLAGS = -O2 -Wall
prog: $(O)
	$(CC) -o $@ $(O)
	./prog
M
same one gcc -O2 -c src/f1.c -o f1.o
same pre gcc -E -P src/f2.c
same err gcc -c src/Makefile -x c -o x.o
LOOSE=1 same make make -s -j2 -C src
same make1 make -s -C src
