# rr-test: timeout=60 needs=gdb
# Functions that gdb calls run in a copy; nothing of it is left behind.
# expect: at stop_here, global 1
# expect: twice 84
# expect: half 1.25
# expect: swapped 4 3
# expect: name "number 9"
# expect: joined "left and right"
# expect: change 5
# expect: global after 1
# expect: refused memory
# expect: refused register
# expect: pair 3 4
# expect: hello from a copy
# expect: exit stays
# expect: abort stays
# expect: crash stays
# expect: lock stays
# expect: no file -1
# expect: in the other thread 7
# expect: in this thread 1
# expect: stopped inside: #0  twice \(x=5\)
# expect: and back: #0  stop_here
# expect: stepped to the same ticks
# expect: next global 1
# expect: 3 4 1
# expect: 4 3 1
# expect: exited normally
set pagination off
set unwindonsignal on
set confirm off
break stop_here
continue
python
import gdb
def value(what): return gdb.parse_and_eval(what)
def fails(command):
    try: gdb.execute(command, to_string=True)
    except gdb.error: return True
    return False
def frame(): return gdb.execute("bt 1", to_string=True).splitlines()[0]
def place(): return gdb.execute("monitor when-ticks", to_string=True), value("$rip"), value("$rsp"), gdb.execute("info registers eflags xmm0", to_string=True)
def stays(what, command):
    before = place()
    assert fails(command), "no error"
    assert place() == before and frame().startswith("#0  stop_here"), frame()
    print(what, "stays", flush=True)
start = place()
print("at stop_here, global", value("global"))
print("twice", value("twice(twice(21))"))
print("half", value("half(2.5)"))
print("swapped", value("swapped(p).a"), value("swapped(p).b"))
print("name", '"%s"' % value("name(9)").string())
print("joined", '"%s"' % value('joined("left", " and right")').string())
print("change", value("change(5)"))
print("global after", value("global"))
print("refused memory" if fails("set var global = 7") and value("global") == 1 else "written")
print("refused register" if fails("set $rax = 7") and fails("set $xmm0.uint128 = 7") else "written")
print("pair", value("p.a"), value("p.b"), flush=True)
gdb.execute('call (int)puts("hello from a copy")')
gdb.execute("call (int)fflush(0)")
stays("exit", "call (void)exit(3)")
stays("abort", "call (void)abort()")
stays("crash", "call crash()")
open("stays", "w").close()
stays("lock", "call locked()")
print("no file", value("remove_file()"))
import os
assert os.path.exists("stays")
gdb.execute("thread 2", to_string=True)
print("in the other thread", value("whose()"))
gdb.execute("thread 1", to_string=True)
print("in this thread", value("whose()"))
gdb.execute("tbreak twice")
assert fails("print twice(5)")
print("stopped inside:", frame())
gdb.execute("finish")
print("and back:", frame(), flush=True)
assert place() == start, (place(), start)
print("stepped to the same ticks")
gdb.execute("continue")
print("next global", value("global"), flush=True)
end
delete
continue
continue
