# rr-test: timeout=90 needs=gdb
# guest: reverse.c
# record-status: -11
set width 0
handle SIGUSR1 stop print pass
catch syscall write
continue
# expect: received signal SIGUSR1
continue
# expect: call to syscall write
continue
# expect: total \d+
# expect: returned from syscall write
continue
# expect: SIGSEGV
print $_siginfo.si_signo
# expect: = 11
reverse-continue
# expect: returned from syscall write
reverse-continue
# expect: call to syscall write
reverse-continue
# expect: received signal SIGUSR1
print $_siginfo.si_signo
# expect: = 10
reverse-continue
# expect: No more reverse-execution history
continue
# expect: received signal SIGUSR1
continue
# expect: call to syscall write
stepi
# expect: total \d+
# expect: returned from syscall write
reverse-stepi
# expect: 0x[0-9a-f]+.*write.c
