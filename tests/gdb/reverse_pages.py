#!/usr/bin/env python3
# rr-test: timeout=120
"""Every kind of change of a watched place is found backwards, whatever a search skips because nothing was written there."""
import os, re, sys

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session
from client import Client, Server


def main():
    here = os.path.join(os.environ["TESTS"], "gdb")
    os.environ["RR_CHECKPOINT_MS"] = "4"
    exe = session.build(os.path.join(here, "reverse_pages.c"), ["-O1"])
    session.record([exe])
    name = {line.split()[2]: int(line.split()[0], 16) + 0x555555554000 for line in session.run_text(["nm", exe]).splitlines() if len(line.split()) == 3}
    s = Server()
    c = Client(s.port)
    value = lambda: int.from_bytes(bytes.fromhex(c.ask("m%x,1" % area).decode()), "little")
    assert c.ask("Z0,%x,1" % name["changed"]) == b"OK"
    forward = []
    while True:
        r = c.ask("vCont;c")
        if b"swbreak" not in r:
            break
        area = int.from_bytes(bytes.fromhex(c.ask("m%x,8" % name["area"]).decode()), "little")
        forward.append(value())
    assert r[:3] == b"T09" and forward == [1, 2, 0, 3, 0, 4, 9, 5, 0, 9], forward
    kept = c.monitor("timeline").splitlines()
    print(len(kept), "checkpoints")
    assert len(kept) > 3, kept
    assert c.ask("z0,%x,1" % name["changed"]) == b"OK"
    assert c.ask("Z2,%x,1" % area) == b"OK"
    backward = []
    while True:
        r = c.ask("bc")
        if b"replaylog" in r:
            break
        assert b"watch:" in r, r
        backward.append(value())
    want = [0] + forward[:-1]
    assert backward == want[::-1], (backward, want[::-1])
    assert c.ask("z2,%x,1" % area) == b"OK"
    assert c.ask("vCont;c")[:3] == b"T09"
    # and breakpoints: each hit, last first
    assert c.ask("Z0,%x,1" % name["changed"]) == b"OK"
    backward = []
    while True:
        r = c.ask("bc")
        if b"replaylog" in r:
            break
        backward.append(value())
    assert backward == forward[::-1], backward
    c.s.close()
    s.end()


if __name__ == "__main__":
    main()
