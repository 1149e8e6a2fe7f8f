#!/usr/bin/env python3
# rr-test: timeout=100
"""Checkpoints, restarts, events, ticks, back and forward: the answers that tools read, in both encodings, and the places."""
import os, re, sys

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session
from client import Client, Server


class Tool(Client):
    def new(self, name, *args):
        return self.command("qRRCmd:%s:%x" % (name, self.tid) + "".join(":" + a.encode().hex() for a in args))

    def old(self, name, *args):
        return self.command("qRRCmd:" + ":".join(a.encode().hex() for a in (name,) + args))

    def command(self, packet):
        return bytes.fromhex(self.ask(packet).decode()).decode()

    def run(self, place):
        r = self.ask("vRun;;" + place.encode().hex())
        assert r[:3] == b"T05", r
        return self.here()

    def here(self):
        return self.event(), self.ticks(), self.register(16), self.ask("g")


def same(got, want):
    assert re.fullmatch(want, got), "%r is not %r" % (got, want)


def main():
    here = os.path.join(os.environ["TESTS"], "gdb")
    session.record([session.build(os.path.join(here, "basic.c"), [])])
    s = Server("-k")
    c = Tool(s.port)
    c.ask("!")
    start = c.here()
    c.tid = int(re.search(rb"thread:p[0-9a-f]+\.([0-9a-f]+);", c.ask("?")).group(1), 16)
    for command in (c.new, c.old):
        same(command("when"), r"Completed event: \d+\n")
        same(command("when-ticks"), r"Current tick: \d+\n")
        same(command("when-tid"), "Current tid: %d\n" % c.tid)
        same(command("when-end"), r"Last event: \d+\n")
    same(c.new("info checkpoints"), "No checkpoints.\n")
    at20 = c.run("20")
    assert at20[0] == 20
    same(c.new("checkpoint", "main () at file.c:7"), r"Checkpoint 1 at main \(\) at file\.c:7\n")
    at30 = c.run("30")
    same(c.old("checkpoint", "elsewhere"), "Checkpoint 2 at elsewhere\n")
    same(c.monitor("checkpoint"), r"Checkpoint 3 at 0x[0-9a-f]+\n")
    same(c.new("info checkpoints"), r"ID\tWhen\tWhere\n1\t20\tmain \(\) at file\.c:7\n2\t30\telsewhere\n3\t30\t0x[0-9a-f]+\n")
    same(c.new("delete checkpoint", "2"), "Deleted checkpoint 2.\n")
    same(c.old("delete checkpoint", "2"), "No checkpoint number 2.\n")
    assert c.run("c1") == at20
    assert c.run("c3") == at30
    assert c.run("c1") == at20  # as often as wanted
    assert c.ask("vRun;;" + b"c2".hex())[:2] == b"E." and c.here() == at20
    assert c.ask("vRun;;" + b"nonsense".hex())[:2] == b"E."
    ticks = at30[1]
    there = c.run("t%d" % ticks)
    assert there[1] == ticks and there[0] <= 30
    assert c.run("") == start
    # where the user has been: start, 20, 30, (c1) 20, (c3) 30, (c1) 20, t, start
    assert c.run("back") == there and c.run("back") == at20 and c.run("back") == at30
    assert c.run("forward") == at20 and c.run("forward") == there and c.run("forward") == start
    assert c.ask("vRun;;" + b"forward".hex())[:2] == b"E."
    same(c.monitor("restart 1"), r"Now at event 20, tick \d+\.\n")
    assert c.here() == at20
    same(c.monitor("seek-ticks %d" % ticks), r"Now at event \d+, tick %d\.\n" % ticks)
    assert c.here() == there
    same(c.monitor("restart 9"), "There is no such checkpoint.\n")
    # backwards over the begin, and forward over the end, where one can turn round
    r = b""
    while b"replaylog" not in r:
        r = c.ask("bc")
        assert r[:1] == b"T", r
    assert r[:3] == b"T05" and b"replaylog:begin;" in r and c.here() == start
    assert b"replaylog:begin;" in c.ask("bs") and c.here() == start
    assert c.ask("vCont;c")[:3] == b"T09"
    end = c.here()
    assert c.ask("bs")[:3] == b"T05" and c.here() < end
    assert c.ask("vCont;s")[:3] == b"T05"
    assert c.ask("vCont;s")[:3] == b"T09" and c.here() == end
    assert c.ask("vCont;c")[:1] == b"W"
    assert c.run("c1") == at20  # and from beyond the end too
    c.s.close()
    s.kill()


if __name__ == "__main__":
    main()
