# rr-test: timeout=60 needs=gdb
# guest: catch.c
set width 0
catch syscall getppid
continue
# expect: Catchpoint 1 \(call to syscall getppid\)
continue
# expect: Catchpoint 1 \(returned from syscall getppid\)
print $rax == (long)getppid_result || $rax > 0
# expect: = 1
stepi
continue
# expect: call to syscall getppid
stepi
# expect: returned from syscall getppid
delete
catch syscall nanosleep clock_nanosleep
continue
# expect: call to syscall (clock_)?nanosleep
break in_thread
continue
# expect: Thread 2 "worker" hit Breakpoint
info threads
# expect: 1 .*"guest"
# expect: \* 2 .*"worker"
clear in_thread
continue
# expect: returned from syscall (clock_)?nanosleep
continue
# expect: slept
# expect: SIGKILL
