# rr-test: timeout=60 needs=gdb
# args: die
# record-status: -6
set width 0
handle SIGALRM stop print
continue
# expect: Program received signal SIGUSR1
backtrace
# expect: raise|pthread_kill
# expect: main
print $_siginfo.si_signo
# expect: = 10
break on_usr1
continue
# expect: Breakpoint 1, on_usr1 \(s=10\)
finish
# expect: <signal handler called>|__restore_rt
continue
# expect: signal SIGALRM
print alarms
# expect: = 0
stepi
next
continue
# expect: signal SIGSEGV
print $_siginfo._sifields._sigfault.si_addr
# expect: 0x1234
x/i $pc
# expect: => .*mov
continue
# expect: usr1 1 alarms 1 faults 1
# expect: signal SIGABRT
continue
# expect: SIGKILL
continue
# expect: terminated with signal SIGABRT
