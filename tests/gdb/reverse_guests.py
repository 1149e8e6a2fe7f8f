#!/usr/bin/env python3
# rr-test: timeout=600
"""Guests of tests/guest, each about another corner, backwards: random steps, seeks and searches from the end, the same registers at
the same places each time, and from the beginning to the same end again."""
import glob, os, random, re, shlex, shutil, subprocess, sys, time

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session
from client import Client, Server

GUESTS = os.path.join(os.environ["TESTS"], "guest")
QUICK = ["smc", "sig_fault", "futex", "vfork", "memory", "sig_altstack"]


def build(name):
    """The program and its arguments; None: it needs what is not here."""
    source = (glob.glob(os.path.join(GUESTS, name + ".c")) + glob.glob(os.path.join(GUESTS, name + ".cc")))[0]
    words = {}
    for line in open(source, errors="replace").read().splitlines()[:6]:
        m = re.match(r"//\s*rr-test:\s*(.*)", line)
        if m:
            words.update(w.split("=", 1) for w in shlex.split(m.group(1)) if "=" in w)
            break
    if "needs" in words or "stdin" in words or words.get("compiler", "gcc") != "gcc" or words.get("level") == "all":
        return None
    compiler = ["g++", "-std=gnu++17"] if source.endswith(".cc") else ["gcc", "-std=gnu17", "-D_GNU_SOURCE"]
    p = subprocess.run(compiler + ["-O1", "-g", "-pthread", "-I", os.environ["TESTS"], "-o", name, source] + shlex.split(words.get("cflags", "")), capture_output=True)
    return ["./" + name] + shlex.split(words.get("args", "")) if p.returncode == 0 else None


class Walk(Client):
    def go(self, packet):
        r = self.ask(packet)
        assert r[:1] == b"T", (packet, r)
        return r

    def place(self):
        return self.monitor("where")

    def note(self, places):
        at = self.place()
        regs = self.ask("g")
        assert places.setdefault(at, regs) == regs, "other registers at " + at


def walk(trace, rnd):
    s = Server("-e", "-q", trace=trace)
    c = Walk(s.port)
    c.ask("!")
    places = {}
    end = c.place()
    last = c.ticks()
    c.note(places)
    for _ in range(12):
        c.go("bs")
        c.note(places)
    pcs = [c.register(16)]
    for _ in range(6):
        c.go("vRun;;" + ("t%d" % rnd.randrange(last + 1)).encode().hex())
        c.note(places)
        pcs.append(c.register(16))
        for _ in range(rnd.randrange(6)):
            c.go("vCont;s")
            c.note(places)
        for _ in range(rnd.randrange(12)):
            c.go("bs")
            c.note(places)
    for pc in pcs[:3]:
        assert c.ask("Z0,%x,1" % pc) == b"OK"
    for _ in range(6):
        r = c.go("bc")
        c.note(places)
        if b"replaylog" in r:
            break
    for pc in pcs[:3]:
        c.ask("z0,%x,1" % pc)
    for _ in range(40):
        r = c.go("bc")  # over the signals
        c.note(places)
        if b"replaylog" in r:
            break
    c.go("vRun;;")
    r = c.go("vCont;c")
    for _ in range(5000):
        if c.place() == end:
            break
        r = c.go("vCont;c")
    assert c.place() == end, (c.place(), end, r)
    c.s.close()
    s.end()


def main():
    names = sys.argv[1:] or QUICK
    if os.environ.get("LEVEL") == "all" and not sys.argv[1:]:
        names = sorted(os.path.basename(p).rsplit(".", 1)[0] for p in glob.glob(GUESTS + "/*.c") + glob.glob(GUESTS + "/*.cc"))
    rnd = random.Random(int(os.environ.get("REVERSE_SEED", "7")))
    for name in names:
        argv = build(name)
        if not argv:
            assert name not in QUICK, name + " can't be built"
            continue
        shutil.rmtree("trace", ignore_errors=True)
        start = time.time()
        p = subprocess.run([os.environ["RR"], "record", "-o", "trace"] + argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        recorded = time.time()
        print("%s: recorded in %.1f s" % (name, recorded - start), flush=True)
        walk("trace", rnd)
        print("%s: walked in %.1f s" % (name, time.time() - recorded), flush=True)


if __name__ == "__main__":
    main()
