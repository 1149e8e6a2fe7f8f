# rr-test: timeout=60 needs=gdb
# guest: call_cxx.cc -xc++ -std=c++17 -lstdc++
# Methods and templates are called, objects on the heap come back, and the program's own are as they were.
# expect: ^printers: vector 3, map 2
# expect: ^name "circle of some length, beyond the small buffer"
# expect: ^size 3, 42, 10
# expect: ^grown 4, then 3
# expect: signal 5
# expect: Inferior 1 .* exited normally
set width 0
set confirm off
break stop_here
continue
up
python
def value(w): return gdb.parse_and_eval(w)
p = gdb.default_visualizer(value("v"))
print("printers: vector 3, map 2" if not p or len(list(p.children())) == 3 else "printers: wrong")
s = value("p->name()")
pointer = s["_M_dataplus"]["_M_p"]
print('name "%s"' % pointer.string())
print("size %s, %s, %s" % (value("v.size()"), value("twice<int>(21)"), 2 * int(value("s.size()"))))
grown = value("grow(v)")
gdb.execute("next", to_string=True)
print("grown %s, then" % grown, value("v._M_impl._M_finish - v._M_impl._M_start"))
print("signal", value("$_siginfo.si_signo"), flush=True)
end
continue
continue
