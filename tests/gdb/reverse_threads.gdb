# rr-test: timeout=90 needs=gdb
# record-status: -6
set width 0
continue
# expect: audit 21
# expect: SIGABRT
watch balance
reverse-continue
# expect: Hardware watchpoint 1: balance
# expect: Old value = 11[01]
# expect: New value = 11[01]
# expect: pay_in.*\n(warning.*\n)?.*the write
print seen
# expect: = 100
reverse-continue
# expect: Hardware watchpoint 1: balance
# expect: Old value = 11[01]
# expect: New value = 100
# expect: pay_in.*\n(warning.*\n)?.*the write
print seen
# expect: = 100
info threads
# expect: Thread [0-9.]+
delete
break 12
reverse-continue
# expect: Breakpoint 2, pay_in.*\n(warning.*\n)?.*the read
next
next
# expect: pthread_mutex_lock
reverse-next
# expect: both have read
reverse-next
# expect: the read
reverse-finish
# expect: pay_in\(amount\);
delete
continue
# expect: SIGABRT
