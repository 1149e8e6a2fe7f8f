#!/usr/bin/env python3
# rr-test: timeout=60 needs=gdb
"""gdb's machine interface, as front ends use it: rr replay -i mi."""
import os, re, subprocess, sys

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session

session.record([session.build(os.path.join(os.environ["TESTS"], "gdb", "basic.c"), [])])
p = subprocess.Popen([os.environ["RR"], "replay", "-i", "mi", "trace", "--", "-nx"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
seen = ""


def ask(command, until):
    global seen
    p.stdin.write(command + "\n")
    p.stdin.flush()
    text = ""
    while not re.search(until, text, re.M):
        line = p.stdout.readline()
        if not line:
            session.fail("%s: no `%s`" % (command, until), seen)
        text += line
        seen += line
    return text


ask("1-break-insert square", r"^1\^done,bkpt=.*func=\"square\"")
ask("2-exec-continue", r"^\*stopped,reason=\"breakpoint-hit\".*func=\"square\".*value=\"1\"")
ask("3-stack-list-frames", r"^3\^done,stack=.*func=\"main\"")
ask("4-exec-finish", r"^\*stopped,reason=\"function-finished\".*return-value=\"1\"")
ask("5-data-evaluate-expression total", r"^5\^done,value=\"0\"")
ask("6-exec-next", r"^\*stopped,reason=\"end-stepping-range\"")
ask("7-exec-step-instruction", r"^\*stopped,reason=\"end-stepping-range\"")
ask("8-data-list-register-values x 16", r"^8\^done,register-values=\[{number=\"16\",value=\"0x5555")
ask("9-thread-info", r"^9\^done,threads=\[{id=\"1\"")
ask("20-list-target-features", r"^20\^done,features=.*\"reverse\"")
ask("21-exec-step-instruction --reverse", r"^\*stopped,reason=\"end-stepping-range\"")
ask("22-exec-next --reverse", r"^\*stopped,reason=\"end-stepping-range\"")
ask("23-exec-continue --reverse", r"^\*stopped,reason=\"breakpoint-hit\".*func=\"square\".*value=\"1\"")
ask("10-break-delete", r"^10\^done")
ask("24-data-evaluate-expression square(3)", r"^24\^done,value=\"9\"")
ask("11-exec-continue", r"^\*stopped,reason=\"signal-received\",signal-name=\"SIGKILL\"")
ask("12-exec-continue", r"^\*stopped,reason=\"exited-normally\"")
ask("13-gdb-exit", r"^13\^exit")
assert p.wait(timeout=10) == 0
