# rr-test: timeout=60 needs=gdb
# Forks are told; gdb stays with the parent, or goes with the child, and with its child, and back there.
# expect: ^Catchpoint 1 \(forked process [0-9]+\)
# expect: ^parent: value 1 from main
# expect: ^value 201
# expect: ^child: value 1 from main
# expect: ^value 6
# expect: ^grandchild: 6 -> 77
# expect: ^back in the grandchild: 6
# expect: exited with code 04
set width 0
set confirm off
python
import gdb
def value(w): return int(gdb.parse_and_eval(w))
def here(what, function):
    f = gdb.selected_frame()
    print(what + ": value", value("value"), "from", f.older().name() if f.name() == function else "nowhere: " + f.name(), flush=True)
end
catch fork
continue
break in_parent
break in_child
continue
python here("parent", "in_parent")
finish
python print("value", value("value"))
delete
run 0
set follow-fork-mode child
break in_child
break in_grandchild
continue
python here("child", "in_child")
finish
python print("value", value("value"))
continue
python old = value("value")
finish
python print("grandchild:", old, "->", value("value"))
reverse-continue
python print("back in the grandchild:", value("value"))
delete
continue
continue
