#!/bin/bash
# rr-test: needs=java,javac timeout=240
# java: a hello world with threads.
. "$TESTS/lib.sh"
mkdir -p in; cat > in/Hello.java <<'J'
public class Hello { public static void main(String[] a) throws Exception { long[] s = new long[1]; Thread[] t = new Thread[3]; for (int i = 0; i < 3; i++) { final int k = i; t[i] = new Thread(() -> { long x = 0; for (int j = 0; j < 100000; j++) x += j * k; synchronized (s) { s[0] += x; } }); t[i].start(); } for (Thread x : t) x.join(); System.out.println("hello " + s[0]); } }
J
javac -d in in/Hello.java || fail "javac"
same hello java -Xshare:auto -cp . Hello
same client java -Xint -XX:+UseSerialGC -XX:-UsePerfData -cp . Hello
