# rr-test: timeout=60 needs=gdb
set width 0
# expect: 0x0000[0-9a-f]+ in _start
break main
continue
# expect: Breakpoint 1, main \(\) at .*basic\.c
next
break square if x == 7
continue
# expect: Breakpoint 2, square \(x=7\)
backtrace
# expect: #0 +square \(x=7\)
# expect: #1 .* add \(list=0x7ff[0-9a-f]+, value=7\)
# expect: #2 .* main \(\)
finish
# expect: Value returned is .* = 49
next
next
info locals
# expect: n = 0x[0-9a-f]+
print *n
# expect: value = 49
print total
# expect: = 91
x/s n->name
delete
tbreak recurse if depth == 2
continue
# expect: recurse \(depth=2\)
backtrace
# expect: #3 .* recurse \(depth=5\)
# expect: #4 .* main
up 4
print *list
# expect: value = 400
print list->next->name
# expect: node 19
info registers rip
# expect: rip +0x5555[0-9a-f]+
info sharedlibrary
# expect: libc\.so\.6
info symbol printf
# expect: printf in section .text of .*libc\.so\.6
python
for change in ("set var total = 5", "set $rax = 1"):
    try: gdb.execute(change)
    except gdb.error as e: print("refused:", e)
end
# expect: memory of a recorded process can't be changed
# expect: refused: Cannot access memory
# expect: refused: .*registers of a recorded process can't be changed
print total
# expect: = 2870
stepi
nexti
info threads
# expect: \* 1 +Thread [0-9]+\.[0-9]+
when
# expect: Completed event: [0-9]+
monitor maps
# expect: 5555555.*basic|guest
continue
# expect: total 2870, recursion 2875, first node 20
# expect: Program received signal SIGKILL
continue
# expect: exited normally
