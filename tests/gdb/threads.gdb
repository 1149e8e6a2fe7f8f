# rr-test: timeout=60 needs=gdb
# gdb numbers threads in the order in which it hears of them: the one that stops first is 2.
set width 0
break work if me == 2 && round == 1
continue
# expect: Thread 2 .*hit Breakpoint 1, work \(me=2, round=1\)
info threads
# expect: 1 +Thread [0-9]+\.[0-9]+
# expect: \* 2 +Thread .* work \(me=2, round=1\)
# expect: 3 +Thread
# expect: 4 +Thread
thread apply all backtrace
# expect: Thread 4
# expect: run \(arg=0x[01]\)
# expect: Thread 3
# expect: run \(arg=0x[01]\)
# expect: Thread 2
# expect: run \(arg=0x2\)
# expect: Thread 1
# expect: main \(\)
print mine
# expect: = 200
next
print mine
# expect: = 201
print errno
# expect: = 0
thread 3
# expect: Switching to thread 3
stepi
stepi
# expect: 0x[0-9a-f]+
info threads
# expect: \* 3 +Thread
thread 2
next
finish
stepi
stepi
break work thread 3
delete 1
continue
# expect: Thread 3 .* work \(me=[01], round=[123]\)
backtrace 1
delete
continue
# expect: done 15
# expect: SIGKILL
