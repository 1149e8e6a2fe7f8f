#!/usr/bin/env python3
# rr-test: timeout=120
"""A client that speaks the protocol itself: what the server says on stderr, interrupts, steps, -g, -k, vRun, bad clients."""
import os, re, shutil, signal, socket, subprocess, sys, time

sys.path.insert(0, os.path.join(os.environ["TESTS"], "gdb"))
import session

RR = os.environ["RR"]


class Client:
    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=100)
        self.data = b""
        assert self.ask("QStartNoAckMode") == b"OK"
        self.s.sendall(b"+")
        self.ask("qSupported:multiprocess+;swbreak+;hwbreak+")

    def send(self, packet):
        p = packet.encode()
        self.s.sendall(b"$" + p + b"#%02x" % (sum(p) & 255))

    def receive(self):
        while True:
            m = re.search(rb"\$([^#]*)#..", self.data, re.S)
            if m:
                self.data = self.data[m.end():]
                return m.group(1)
            more = self.s.recv(65536)
            if not more:
                raise EOFError
            self.data += more

    def ask(self, packet):
        self.send(packet)
        return self.receive()

    def register(self, n):
        return int.from_bytes(bytes.fromhex(self.ask("p%x" % n).decode()), "little")

    def monitor(self, text):
        return bytes.fromhex(self.ask("qRcmd," + text.encode().hex()).decode()).decode()

    def event(self):
        return int(self.monitor("when").split()[-1])

    def ticks(self):
        return int(self.monitor("when-ticks").split()[-1])


class Server:
    def __init__(self, *options, trace="trace"):
        self.p = subprocess.Popen([RR, "replay"] + list(options) + [trace], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.p.stderr.readline().decode()
        m = re.match(r"\[INFO\] rr debug server listening on :(\d+)$", line)
        if not m:
            session.fail("no port", line + self.p.stderr.read().decode())
        self.port = int(m.group(1))

    def end(self, want=0):
        status = self.p.wait(timeout=20)
        assert status == want, "server ended with %d: %s" % (status, self.p.stderr.read().decode())

    def kill(self):
        self.p.kill()
        self.p.wait()


def test_steps():
    """Ticks and events never go back, and two runs are the same."""
    runs = []
    for _ in range(2):
        s = Server()
        c = Client(s.port)
        points = []
        for i in range(300):
            assert c.ask("vCont;s")[:3] == b"T05"
            points.append((c.event(), c.ticks(), c.register(16), c.register(7)))
        assert points[-1] >= points[0] and all(a[:2] <= b[:2] for a, b in zip(points, points[1:])), points
        runs.append(points)
        assert c.ask("D") == b"OK"
        s.end()
    assert runs[0] == runs[1]


def test_delve_lines():
    s = Server("-s", "0")
    a, b = s.p.stderr.readline(), s.p.stderr.readline()
    assert a == b"Launch debugger with\n", a
    assert re.match(rb"  'gdb' '-l' '10000' '-ex' 'set sysroot /' '-ex' 'target extended-remote 127\.0\.0\.1:%d' '/.*/guest'$" % s.port, b), b
    c = Client(s.port)
    c.s.close()
    s.end()


def test_goto_and_run():
    s = Server("-g", "30", "-k")
    c = Client(s.port)
    assert c.ask("?")[:3] == b"T05" and c.event() == 30
    pc = c.register(16)
    assert c.ask("!") == b"OK"
    assert c.ask("vRun;;" + b"40".hex())[:3] == b"T05" and c.event() == 40
    assert c.ask("vRun;;" + b"30".hex())[:3] == b"T05" and c.event() == 30 and c.register(16) == pc
    c.s.close()
    c = Client(s.port)  # -k: another one may come, and begins at -g again
    assert c.ask("?")[:3] == b"T05" and c.event() == 30 and c.register(16) == pc
    c.ask("D")
    s.kill()


def test_regions():
    """As lldb asks: mappings and holes, from 0 to the end."""
    s = Server()
    c = Client(s.port)
    at, seen = 0, []
    while at < 1 << 47:
        r = dict(f.split(b":") for f in c.ask("qMemoryRegionInfo:%x" % at).split(b";") if f)
        start, size = int(r[b"start"], 16), int(r[b"size"], 16)
        assert start <= at < start + size if size < 1 << 63 else True, r
        seen.append((r.get(b"permissions"), bytes.fromhex(r.get(b"name", b"").decode())))
        if size >= 1 << 63 or not size:
            break
        at = start + size
    assert (b"rw", b"[stack]") in seen and any(p == b"rx" and n.endswith(b"/guest") for p, n in seen), seen
    c.ask("D")
    s.end()


def test_call_interrupted():
    """A call as gdb makes it, into code that is written for it and never ends: it can be interrupted, and nothing of it stays."""
    s = Server()
    c = Client(s.port)
    sp, pc = c.register(7), c.register(16)
    code = c.ask("m%x,2" % pc)
    assert c.ask("M%x,1:cc" % (sp - 300))[:1] == b"E"  # not announced: refused
    assert c.ask("P7=%s" % (sp - 512).to_bytes(8, "little").hex())[:1] == b"E"
    siginfo = c.ask("qXfer:siginfo:read::0,80")
    assert siginfo[:1] == b"l"
    assert c.ask("M%x,1:cc" % (sp - 300)) == b"OK"
    assert c.ask("M%x,2:ebfe" % pc) == b"OK" and c.ask("m%x,2" % pc) == b"ebfe"
    assert c.ask("P7=%s" % (sp - 512).to_bytes(8, "little").hex()) == b"OK"
    assert c.ask("bc")[:1] == b"E"
    c.send("vCont;c")
    time.sleep(0.3)
    c.s.sendall(b"\x03")
    assert c.receive()[:3] == b"T02" and c.register(16) == pc and c.register(7) == sp - 512
    assert c.ask("qXfer:siginfo:write::0:" + "0" * 16)[:1] != b"E"
    assert c.ask("P7=%s" % sp.to_bytes(8, "little").hex()) == b"OK"
    assert (c.ask("m%x,2" % pc), c.register(7)) == (code, sp), (c.ask("m%x,2" % pc), code, c.register(7), sp, c.register(16), pc)
    assert c.ask("vCont;s")[:3] == b"T05" and c.register(16) != pc
    assert c.ask("qXfer:siginfo:read::0,80")[:1] == b"l" and c.ask("M%x,1:cc" % (c.register(7) - 300)) == b"OK"
    c.s.close()  # in the middle of a call
    s.end()


def test_end():
    s = Server("-e")
    c = Client(s.port)
    assert c.ask("?")[:3] == b"T09"
    assert re.match(rb"W00;process:[0-9a-f]+$", c.ask("vCont;c"))
    s.end()


def test_interrupt():
    s = Server(trace="spin")
    c = Client(s.port)
    c.send("vCont;c")
    time.sleep(0.5)
    start = time.time()
    c.s.sendall(b"\x03")
    r = c.receive()
    assert r[:3] == b"T02", r
    assert time.time() - start < 2
    c.send("k")
    s.end()


def test_bad_clients():
    s = Server("-k")
    c = Client(s.port)
    other = socket.create_connection(("127.0.0.1", s.port), timeout=10)
    assert other.recv(1) == b""  # one at a time
    assert c.ask("?")[:3] == b"T05"
    c.s.sendall(b"\0\xff$$$#xx$m#00" + b"$" + b"A" * 3000000 + b"#00" + bytes(range(256)) * 100)
    c.s.close()
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"", b"$", b"\x03\x03\x03", b"$vCont;c#a8\x03", b"$" + b"}" * 100000):
        x = socket.create_connection(("127.0.0.1", s.port), timeout=10)
        x.sendall(junk)
        x.close()
    c = Client(s.port)
    c.send("vCont;c")
    c.s.close()  # dies while the program runs
    c = Client(s.port)
    assert c.ask("?")[:3] == b"T05" and c.event() < 10
    c.send("k")
    s.kill()


def test_gdb_killed():
    """At any moment: while it reads symbols, calls a function, runs forward or back. The next client finds all well."""
    if not shutil.which("gdb"):
        return
    s = Server("-k", trace="spin")
    script = ["set confirm off", "target extended-remote 127.0.0.1:%d" % s.port, "break main", "continue", "print (int)getpid()", "continue"]
    for ms in (5, 40, 80, 120, 160, 200, 300, 500):
        g = subprocess.Popen(["gdb", "-nx", "-batch"] + [w for c in script for w in ("-ex", c)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(ms / 1000)
        g.kill()
        g.wait()
    c = Client(s.port)
    assert c.ask("?")[:3] == b"T05" and c.event() < 10
    assert c.ask("vCont;s")[:3] == b"T05"
    for bad in ("vFile:open:zz,0", "vFile:pread:63,ffffffffffffffff,0", "qXfer:auxv:read::ffffffffffffffff,1", "qXfer:siginfo:write::0", "M0,ffffffffffff:00", "X1,5:a",
                "G" + "0" * 20000, "P99=0", "P=", "Z0,0,1;X5,00", "Z0,0,1;cmds:0,X99,00", "Z0,0,1;cmds:;;;X", "vRun;;" + "7a7a", "Hgp0.0", "QCatchSyscalls:1;zz", "qGetTLSAddr:1,2", "qRRCmd:",
                "qRRCmd:when", "qRcmd,zz", "bx", "vCont;r1", "m0,0", "m,", "x0,ffffffffffffffff"):
        c.ask(bad)
    assert c.ask("?")[:1] == b"T"
    c.ask("D")
    s.kill()


def main():
    here = os.path.join(os.environ["TESTS"], "gdb")
    session.record([session.build(os.path.join(here, "basic.c"), [])])
    session.record([session.build(os.path.join(here, "spin.c"), [], "./spin_program")], "spin")
    for name, test in sorted(globals().items()):
        if name.startswith("test_") and (len(sys.argv) < 2 or name in sys.argv):
            print(name, flush=True)
            test()


if __name__ == "__main__":
    main()
