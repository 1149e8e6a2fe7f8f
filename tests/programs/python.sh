#!/bin/bash
# rr-test: needs=/usr/bin/python3
# python3: json, sqlite3, subprocess, threading, asyncio, multiprocessing without shared memory, hashing, exceptions, random.
. "$TESTS/lib.sh"
mkdir -p in
cat > in/j.py <<'P'
import json, hashlib, re, collections, itertools, math, struct, zlib, decimal
d = {"k%d" % i: [i, i / 7, str(i) * 3, None, {"n": i}] for i in range(2000)}
t = json.dumps(d, sort_keys=True); assert json.loads(t) == d; print(len(t), hashlib.sha256(t.encode()).hexdigest(), zlib.crc32(t.encode()))
print(len(re.findall(r"\b\d+\b", t)), collections.Counter(t).most_common(3), sum(itertools.islice((math.sin(x) for x in itertools.count()), 10000)))
print(decimal.Decimal(2).sqrt(), 2 ** 500, struct.pack("<dI", 1.5, 7).hex())
P
cat > in/s.py <<'P'
import sqlite3
c = sqlite3.connect("t.db"); c.execute("create table t(id integer primary key, k text, v int)")
c.executemany("insert into t(k, v) values(?, ?)", (("k%d" % (i * 7919 % 1009), i) for i in range(5000))); c.commit()
print(c.execute("select count(*), sum(v), max(k) from t").fetchone()); print(c.execute("select k, sum(v) s from t group by k order by s desc limit 3").fetchall())
P
cat > in/p.py <<'P'
import subprocess, sys, os, signal
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 4"], capture_output=True)); print(subprocess.check_output("seq 1 5 | tac", shell=True))
p = subprocess.Popen([sys.executable, "-c", "import sys; print(sys.stdin.read().upper())"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.communicate(b"hello"), p.returncode)
ps = [subprocess.Popen(["sleep", "0.0%d" % i]) for i in range(5)]; print([p.wait() for p in ps]); p = subprocess.Popen(["sleep", "100"]); p.send_signal(signal.SIGTERM); print(p.wait())
try: subprocess.run(["sleep", "5"], timeout=0.05)
except subprocess.TimeoutExpired as e: print("timeout")
r, w = os.pipe(); pid = os.fork()
if pid == 0: os.write(w, b"child"); os._exit(7)
print(os.read(r, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
cat > in/t.py <<'P'
import threading, queue, concurrent.futures, time
q = queue.Queue(10); out = []; lock = threading.Lock()
def work():
    while (x := q.get()) is not None:
        with lock: out.append(x * x)
ts = [threading.Thread(target=work) for _ in range(4)]; [t.start() for t in ts]
for i in range(500): q.put(i)
for _ in ts: q.put(None)
[t.join() for t in ts]; print(sum(out), len(out))
with concurrent.futures.ThreadPoolExecutor(4) as ex: print(sum(ex.map(lambda n: sum(range(n)), range(300))))
e = threading.Event(); t = threading.Timer(0.02, e.set); t.start(); print(e.wait(5)); b = threading.Barrier(3); r = []
def bar(i): b.wait(); r.append(i)
ts = [threading.Thread(target=bar, args=(i,)) for i in range(3)]; [t.start() for t in ts]; [t.join() for t in ts]; print(sorted(r))
P
cat > in/a.py <<'P'
import asyncio
async def tick(n, d):
    for i in range(n): await asyncio.sleep(d)
    return n
async def main():
    print(await asyncio.gather(*(tick(i, 0.001) for i in range(10))))
    async def serve(r, w): w.write((await r.readline()).upper()); await w.drain(); w.close()
    s = await asyncio.start_server(serve, "127.0.0.1", 0); port = s.sockets[0].getsockname()[1]
    for i in range(5):
        r, w = await asyncio.open_connection("127.0.0.1", port); w.write(b"line %d\n" % i); print(await r.readline()); w.close()
    s.close(); p = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE); print(await p.communicate())
    q = asyncio.Queue()
    async def prod(): [await q.put(i) for i in range(100)]
    t = asyncio.create_task(prod()); print(sum([await q.get() for _ in range(100)]))
    try: await asyncio.wait_for(asyncio.sleep(10), 0.02)
    except asyncio.TimeoutError: print("timeout")
asyncio.run(main())
P
cat > in/r.py <<'P'
import random, time, os, uuid, tempfile, threading
print(random.random(), time.time(), os.getpid(), uuid.uuid4(), tempfile.mkdtemp(), hash("x"), id(object()), os.urandom(8).hex(), time.perf_counter_ns())
P
for n in j s p t a; do same $n $PY $n.py; done
LOOSE=1 same r $PY r.py
same exc $PY -c 'import sys; sys.setrecursionlimit(5000)
def f(n): return f(n + 1)
try: f(0)
except RecursionError: print("deep")
raise SystemExit(33)'
