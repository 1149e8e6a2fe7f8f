#!/usr/bin/env python3
"""Runs one gdb session of tests/gdb. Usage: session.py NAME.gdb      (tests/run does it; RR names the rr binary)

NAME.gdb is a script for stock gdb, run by `rr debug TRACE -- -nx -batch -x NAME.gdb`. Its comments say the rest:
  # guest: FILE.c [compiler flags]     what is recorded (default: NAME.c); built with gcc -O0 -g
  # args: ...                          arguments of the recorded program
  # options: ...                       options of rr debug
  # record-status: N                   what the recording exits with (default 0; -N: signal)
  # expect: REGEX                      must match in the output, behind the match before
  # never: REGEX                       must not match anywhere
"""
import os, re, shlex, subprocess, sys

HERE = os.path.dirname(os.path.realpath(__file__))
TIMEOUT = float(os.environ.get("GDB_TEST_TIMEOUT", 100))


def fail(why, output=""):
    print("%s\n--- output:\n%s" % (why, output))
    sys.exit(1)


def build(source, flags, exe="./guest"):
    subprocess.run(["gcc", "-std=gnu17", "-O0", "-g", "-D_GNU_SOURCE", "-pthread", "-o", exe, source] + flags, check=True)
    return exe


def run_text(argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True).stdout


def record(argv, trace="trace", want=0):
    p = subprocess.run([os.environ["RR"], "record", "-o", trace] + argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, errors="replace", timeout=TIMEOUT)
    if p.returncode != want:
        fail("rr record ended with %d instead of %d" % (p.returncode, want), p.stdout)
    return p.stdout


def check(text, expect, never):
    at = 0
    for r in expect:
        m = re.compile(r, re.M).search(text, at)
        if not m:
            fail("nothing matches `%s`%s" % (r, " behind what the one before matched" if at else ""), text)
        at = m.end()
    for r in never:
        if re.search(r, text, re.M):
            fail("`%s` matches" % r, text)


def directives(path):
    d = {"expect": [], "never": []}
    for line in open(path):
        m = re.match(r"#\s*(guest|args|options|record-status|expect|never):\s*(.*?)\s*$", line)
        if m and m.group(1) in ("expect", "never"):
            d[m.group(1)].append(m.group(2))
        elif m:
            d[m.group(1)] = m.group(2)
    return d


def main():
    path = os.path.realpath(sys.argv[1])
    d = directives(path)
    words = shlex.split(d.get("guest", os.path.basename(path)[:-4] + ".c"))
    exe = build(os.path.join(HERE, words[0]), words[1:])
    record([exe] + shlex.split(d.get("args", "")), want=int(d.get("record-status", 0)))
    argv = [os.environ["RR"], "debug"] + shlex.split(d.get("options", "")) + ["trace", "--", "-nx", "-batch", "-x", path]
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT)
    check(p.stdout, d["expect"], d["never"])


if __name__ == "__main__":
    main()
