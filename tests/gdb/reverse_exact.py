#!/usr/bin/env python3
# rr-test: timeout=300
"""Forward single steps over a window write down every state; stepping back, seeks and breakpoints must show the same ones."""
import hashlib, os, random, shutil, sys

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session
from client import Client, Server

met = set()
STEPS = int(os.environ.get("REVERSE_STEPS", "600"))


class Place(Client):
    def state(self):
        """All registers of the thread that stopped, and the memory that the program works on."""
        regs = self.ask("g")
        h = hashlib.sha1(regs)
        for at, size in self.areas:
            h.update(self.ask("m%x,%x" % (at, size)))
        sp = self.register(7)
        h.update(self.ask("m%x,%x" % (sp & ~63, 512)))
        return self.register(16), h.hexdigest()

    def go(self, packet):
        r = self.ask(packet)
        assert r[:1] == b"T", r
        return r


def areas(exe):
    """Data and bss of the program, as nm says."""
    out = session.run_text(["nm", exe])
    found = {line.split()[2]: int(line.split()[0], 16) for line in out.splitlines() if len(line.split()) == 3}
    start = found["__data_start"] + 0x555555554000
    return [(start, found["_end"] + 0x555555554000 - start)]


def window(c, where):
    """Forward steps from a place: one entry a step."""
    c.go("vRun;;" + where.encode().hex())
    states = [c.state() + (c.monitor("where"),)]
    for _ in range(STEPS):
        r = c.go("vCont;s")
        met.add(r[:3])
        stopped = c.monitor("where")
        if c.monitor("where").split(";")[1] != states[0][2].split(";")[1]:  # a signal for another thread, or the end
            if c.ask("Hcp%x.%x" % tuple(int(x.split()[-1]) for x in states[0][2].split(";")[1].split(",")[:2])) == b"OK":
                c.go("bs")
            else:  # the thread has ended
                c.go("vRun;;" + where.encode().hex())
                while c.monitor("where") != states[-1][2]:
                    c.go("vCont;s")
            got = c.state() + (c.monitor("where"),)
            assert got == states[-1], (got, states[-1], stopped, r)
            break
        if r[:3] == b"T09":
            break
        state = c.state() + (c.monitor("where"),)
        if state != states[-1]:  # before an instruction and at its fault all is the same
            states.append(state)
    return states


def back(c, states):
    """And back again, to the first."""
    for want in reversed(states[:-1]):
        c.go("bs")
        got = c.state() + (c.monitor("where"),)
        assert got == want, "stepped back to\n%s\ninstead of\n%s" % (got, want)


def hits(c, states, rnd):
    """reverse-continue to a pc of the window: its last occurrence; and from there the one before."""
    for _ in range(12):
        i = rnd.randrange(1, len(states))
        pc = states[i][0]
        assert c.ask("Z0,%x,1" % pc) == b"OK"
        places = [k for k in range(len(states) - 1) if states[k][0] == pc]
        for k in reversed(places[-4:]):
            r = c.go("bc")
            assert b"replaylog" not in r, (k, r)
            mine = states[k][2].split(";")[1]
            while b"swbreak" not in r or mine not in c.monitor("where"):  # a signal, or another thread
                r = c.go("bc")
            got = c.state() + (c.monitor("where"),)
            assert got == states[k], "hit at\n%s\ninstead of\n%s" % (got, states[k])
        assert c.ask("z0,%x,1" % pc) == b"OK"
        forward(c, states[-1])


def others(c, states):
    """Each thread stepped back by itself, and forward again: it is where it was."""
    ids = [t for t in c.ask("qfThreadInfo").decode()[1:].split(",")]
    for tid in ids:
        c.ask("Hg" + tid)
        before, pc = c.ask("g"), c.register(16)
        c.ask("Hc" + tid)
        r = c.go("bs")
        if b"replaylog" not in r:
            assert b"thread:%s;" % tid.encode() in r, (tid, r)
            waits = c.register(16) == pc  # it had begun a system call
            r = c.go("vCont;s:" + tid)
            while r[:3] != b"T05":  # a signal for another one on the way
                r = c.go("vCont;s:" + tid)
            assert b"thread:%s;" % tid.encode() in r and (waits or c.ask("g") == before), (tid, r)
        forward(c, states[-1])


def forward(c, last):
    """To the end of the window."""
    event = int(last[2].split(",")[0].split()[1])
    ticks = int(last[2].split(",")[1].split()[1])
    c.go("vRun;;" + ("t%d" % ticks).encode().hex())
    for _ in range(2000):
        if c.monitor("where") == last[2]:
            return
        c.go("vCont;s")
    raise AssertionError("the end of the window was not reached: event %d ticks %d" % (event, ticks))


def places():
    """Ticks where something happens: a signal in the middle of code, one at a call, a fault, a switch from thread to thread."""
    found = {}
    for line in session.run_text([os.environ["RR"], "dump", "trace"]).splitlines():
        ticks = int(line.split()[4])
        for what in ("signal SIGALRM", "signal SIGUSR1", "fault SIGSEGV", "switch"):
            if what in line and "before a system call" not in line.replace("SIGUSR1", "") and ticks > 5000:
                found.setdefault(what, []).append(ticks)
    print({k: len(v) for k, v in found.items()}, flush=True)
    return {v[len(v) // 2] for v in found.values()} | set(found["fault SIGSEGV"][:1])


def main():
    for mode in ["", "tinycache", "nolink", "step"] if os.environ.get("LEVEL") == "all" else [""]:
        os.environ["RR_DEBUG"] = mode
        all_windows()


def all_windows():
    here = os.path.join(os.environ["TESTS"], "gdb")
    rnd = random.Random(5)
    exe = session.build(os.path.join(here, "reverse_exact.c"), ["-pthread", "-O1"])
    shutil.rmtree("trace", ignore_errors=True)
    session.record([exe])
    s = Server("-e")
    c = Place(s.port)
    c.areas = areas(exe)
    c.ask("!")
    c.ask("QPassSignals:e;14;1e;")
    for ticks in sorted(places()):
        states = window(c, "t%d" % (ticks - 15))
        print(ticks, len(states), "steps", flush=True)
        back(c, states)
        forward(c, states[-1])
        hits(c, states, rnd)
        others(c, states)
    assert met >= {b"T05", b"T0b"}, met
    c.s.close()
    s.end()


if __name__ == "__main__":
    main()
