#!/usr/bin/env python3
# rr-test: timeout=200
"""Watchpoints by compiled checks and by single steps must stop at the same points, for all kinds of access."""
import os, random, re, sys

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session, client

STOPS = int(os.environ.get("STOPS", 40))
DUMMIES = [0x1000 * i for i in range(1, 6)]  # nothing is mapped there; with so many each instruction is stepped


def stops(trace, kind, address, length, dummies):
    s = client.Server(trace=trace)
    c = client.Client(s.port)
    c.ask("QPassSignals:" + ";".join("%x" % i for i in range(1, 77)))
    for d in dummies:
        assert c.ask("Z2,%x,8" % d) == b"OK"
    assert c.ask("Z%d,%x,%x" % (kind, address, length)) == b"OK"
    found = []
    while len(found) < STOPS:
        r = c.ask("vCont;c")
        while r[:1] == b"O":
            r = c.receive()
        if r[:3] != b"T05":
            break
        found.append((c.event(), c.ticks(), c.register(16), r.split(b";")[-2]))
    c.send("k")
    s.end()
    return found


def mappings(trace):
    s = client.Server("-e", trace=trace)
    c = client.Client(s.port)
    text = c.monitor("maps")
    sp = c.register(7)
    c.send("k")
    s.end()
    return sp, [(int(a, 16), int(b, 16)) for a, b in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw-p .*(?:guest|heap|libc|\s0\s*$)", text, re.M)]


def main():
    here = os.path.join(os.environ["TESTS"], "gdb")
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print("SEED=%d" % seed)
    rng = random.Random(seed)
    hits = 0
    for name, rounds in (("basic.c", 6), ("watch.c", 4), ("threads.c", 3), ("signals.c", 2)):
        exe = session.build(os.path.join(here, name), [], "./guest")
        trace = "trace." + name
        session.record([exe], trace)
        sp, maps = mappings(trace)
        for _ in range(rounds):
            address = sp - rng.randrange(-256, 2048) if rng.random() < 0.5 or not maps else rng.randrange(*rng.choice(maps))
            kind, length = rng.choice((2, 2, 3, 4)), rng.choice((1, 2, 4, 8, 8, 24, 300))
            if kind != 2 and length > 8:
                length = 8
            a = stops(trace, kind, address, length, [])
            b = stops(trace, kind, address, length, DUMMIES)
            hits += len(a)
            assert a == b, "%s Z%d %x,%d: compiled %r, stepped %r" % (name, kind, address, length, a[:50], b[:50])
    print("%d stops" % hits)


if __name__ == "__main__":
    main()
