#!/bin/bash
# Python's multiprocessing: pools, queues, values with and without locks, named shared memory, events, barriers, conditions.
. "$TESTS/lib.sh"
[ -x $PY ] || { echo "skipped: no $PY"; exit 0; }
cat > mp.py <<'P'
import multiprocessing as mp, os
from multiprocessing import shared_memory
def square(x): return x * x
def add(v, n):
    for _ in range(n):
        with v.get_lock(): v.value += 1
def produce(q, n):
    for i in range(n): q.put(i)
def fill(name, k):
    s = shared_memory.SharedMemory(name=name)
    for i in range(k, 1000, 4): s.buf[i] = (i * 7) & 255
    s.close()
def race(a, n):
    for i in range(n): a[0] += 1
def meet(b, e):
    b.wait()
    e.set()
def turns(c, v, me, n):
    for _ in range(n):
        with c:
            c.wait_for(lambda: v.value % 2 == me)
            v.value += 1
            c.notify_all()
if __name__ == '__main__':
    with mp.Pool(4) as p: print(sum(p.map(square, range(1000))), sum(p.imap_unordered(square, range(100))))
    v = mp.Value('i', 0)
    def run(*jobs):
        ps = [mp.Process(target=f, args=a) for f, a in jobs]
        for p in ps: p.start()
        for p in ps: p.join()
        assert all(p.exitcode == 0 for p in ps)
    run(*[(add, (v, 100))] * 3)
    print(v.value)
    q = mp.Queue()
    p = mp.Process(target=produce, args=(q, 200))
    p.start()
    print(sum(q.get() for _ in range(200)))
    p.join()
    s = shared_memory.SharedMemory(create=True, size=1000)
    run(*[(fill, (s.name, k)) for k in range(4)])
    print(sum(s.buf))
    s.close()
    s.unlink()
    a = mp.RawArray('l', 4)
    run(*[(race, (a, 1000))] * 3)
    open('raced', 'w').write(str(a[0]))
    os.write(2, b'raced: %d\n' % a[0] if 'RACE' in os.environ else b'')
    b, e = mp.Barrier(2), mp.Event()
    p = mp.Process(target=meet, args=(b, e))
    p.start()
    b.wait()
    e.wait()
    p.join()
    c, n = mp.Condition(), mp.Value('i', 0)
    run((turns, (c, n, 0, 50)), (turns, (c, n, 1, 50)))
    print(n.value)
P
cp mp.py /tmp/rr-mp.$$.py
trap 'rm -f /tmp/rr-mp.$$.py' EXIT
same mp env PYTHONDONTWRITEBYTECODE=1 sh -c "$PY /tmp/rr-mp.$$.py; rm -f raced"
export RACE=1
LOOSE=1 REPLAYS=3 same raced env PYTHONDONTWRITEBYTECODE=1 $PY /tmp/rr-mp.$$.py
LOOSE=1 RECORD_ARGS=--checksum=on-syscalls same checked env PYTHONDONTWRITEBYTECODE=1 $PY /tmp/rr-mp.$$.py
