#!/usr/bin/env python3
# rr-test: timeout=170
"""Searches over a run of seconds: they find what is far away, can be interrupted, and keep few checkpoints and little memory."""
import os, re, sys, time

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session
from client import Client, Server

BASE = 0x555555554000


def symbols(exe):
    return {line.split()[2]: int(line.split()[0], 16) + BASE for line in session.run_text(["nm", exe]).splitlines() if len(line.split()) == 3}


def memory_of_tree(pid):
    """Memory of all processes of the session, shared pages counted once."""
    total = 0
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and int(open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()[1]) == pid:
                total += int(re.search(r"^Pss:\s+(\d+)", open("/proc/%s/smaps_rollup" % p).read(), re.M).group(1))
        except (OSError, AttributeError):  # it has just ended
            pass
    return total


def main():
    here = os.path.join(os.environ["TESTS"], "gdb")
    exe = session.build(os.path.join(here, "reverse_long.c"), ["-O1"])
    name = symbols(exe)
    session.record([exe, "150"])
    os.environ["RR_CHECKPOINT_MB"] = "64"
    s = Server("-e")
    c = Client(s.port)
    end = c.monitor("where")
    kept = c.monitor("timeline").splitlines()
    print(len(kept), "checkpoints", memory_of_tree(s.p.pid), "KiB", flush=True)
    assert 2 <= len(kept) <= 42, kept
    assert memory_of_tree(s.p.pid) < (64 + 40) * 1024

    # an interrupt leaves one where one was
    assert c.ask("Z2,%x,8" % (name["rounds"] + 64)) == b"OK"  # nobody writes there: to the begin and back
    for wait in (0.0, 0.2):
        start = time.time()
        c.send("bc")
        time.sleep(wait)
        c.s.sendall(b"\x03")
        r = c.receive()
        assert r[:3] == b"T02" and c.monitor("where") == end, r
        assert time.time() - start < 2 + wait
    assert c.ask("z2,%x,8" % (name["rounds"] + 64)) == b"OK"

    # a breakpoint that is hit in every round of the loop
    assert c.ask("Z0,%x,1" % name["often"]) == b"OK"
    start = time.time()
    assert b"swbreak" in c.ask("bc") and c.register(16) == name["often"]
    x = c.register(5) & 0xffffffff
    assert b"swbreak" in c.ask("bc") and (c.register(5) * 1103515245 + 12345) & 0xffffffff == x
    print("to a breakpoint in the loop, twice: %.2f s" % (time.time() - start), flush=True)
    assert c.ask("z0,%x,1" % name["often"]) == b"OK"
    assert c.ask("vCont;c")[:3] == b"T09" and c.monitor("where") == end

    # a value that was set in the middle; and before it
    assert c.ask("Z2,%x,8" % name["rare"]) == b"OK"
    seen = []
    for _ in range(4):
        r = c.ask("bc")
        if b"replaylog" in r:
            break
        assert b"watch:" in r, r
        seen.append(int.from_bytes(bytes.fromhex(c.ask("m%x,8" % name["rare"]).decode()), "little"))
    assert seen == [77, 1, 0], seen
    assert c.ask("z2,%x,8" % name["rare"]) == b"OK"
    assert c.ask("Z0,%x,1" % name["at_end"]) == b"OK"
    assert b"swbreak" in c.ask("vCont;c")
    at_end = c.monitor("where")
    assert c.ask("Z0,%x,1" % name["at_start"]) == b"OK"
    start = time.time()
    assert b"swbreak" in c.ask("bc") and c.register(16) == name["at_start"]
    print("to the breakpoint at the start: %.2f s" % (time.time() - start))
    assert b"swbreak" in c.ask("vCont;c") and c.monitor("where") == at_end
    kept = c.monitor("timeline").splitlines()
    assert len(kept) <= 42, kept
    assert memory_of_tree(s.p.pid) < (64 + 40) * 1024
    c.s.close()
    s.end()


if __name__ == "__main__":
    main()
