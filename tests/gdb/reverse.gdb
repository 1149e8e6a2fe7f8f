# rr-test: timeout=90 needs=gdb
# record-status: -11
set width 0
handle SIGUSR1 nostop noprint pass
continue
# expect: total \d+
# expect: SIGSEGV.*\n.*\n(warning.*\n)?.*the crash
print i
# expect: = 33
watch -l records[i]->where
# expect: Hardware watchpoint 1: -location records\[i\]->where
reverse-continue
# expect: Hardware watchpoint 1
# expect: Old value = \(long \*\) 0x31
# expect: New value = \(long \*\) 0x[0-9a-f]+ <total>
# expect: the bad write
print r->id
# expect: = 33
up
print round
# expect: = 120
reverse-continue
# expect: New value = \(long \*\) 0x0
# expect: fill \(\) at .*\n\d+.*records\[i\]->where = &total
delete
continue
# expect: SIGSEGV
break half if x == 77
reverse-continue
# expect: Breakpoint 2, half \(x=77\)
up 2
print round
# expect: = 199
reverse-continue
# expect: Breakpoint 2, half \(x=77\)
delete
reverse-finish
# expect: s \+= half\(i\)
reverse-finish
# expect: total \+= sum_up\(round\)
reverse-next
# expect: ^44\s+total \+= sum_up\(round\)
reverse-next
# expect: ^43\s+for \(int round
break 45 if round == 120
reverse-continue
# expect: Breakpoint 3, main \(.*\n(warning.*\n)?45.*damage
delete 3
tbreak 46 if round == 150
continue
# expect: Temporary breakpoint 4, main \(.*\n(warning.*\n)?46.*the signal is raised
next
# expect: 47.*name_it
print handled
# expect: = 10
reverse-next
# expect: the signal is raised
print handled
# expect: = 0
break on_signal
continue
# expect: Breakpoint 5, on_signal \(signo=10\)
next
print handled
# expect: = 10
reverse-step
# expect: in the handler
print handled
# expect: = 0
delete
tbreak 52
continue
# expect: total \+?\d+
# expect: before the crash
next
# expect: total = before \+ after
reverse-step
# expect: sum_up \(n=10\)
# expect: \}
reverse-step
# expect: return s
reverse-next
# expect: for \(long i
reverse-stepi
# expect: (for \(long i|s \+= half|half)
reverse-finish
# expect: before the crash
reverse-continue
# expect: No more reverse-execution history
reverse-stepi
# expect: No more reverse-execution history
continue
# expect: total \d+
# expect: SIGSEGV
continue
# expect: SIGKILL
reverse-stepi
# expect: \.
continue
# expect: SIG(SEGV|KILL)
