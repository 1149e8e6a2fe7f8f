# rr-test: timeout=60 needs=gdb
# guest: signals.c
# Signals that gdb does not want to hear of are delivered without a stop.
handle SIGUSR1 SIGALRM SIGSEGV nostop noprint pass
break on_alarm
continue
# expect: Breakpoint 1, on_alarm \(s=14\)
continue
# expect: usr1 1 alarms 1 faults 1
# expect: SIGKILL
# never: SIGUSR1,
# never: SIGSEGV,
