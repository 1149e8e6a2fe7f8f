# rr-test: timeout=90 needs=gdb
# guest: reverse.c
# record-status: -11
set width 0
break damage
continue
# expect: Breakpoint 1, damage
watch -l r->where
next
# expect: Old value = .*<total>
# expect: New value = \(long \*\) 0x31
reverse-stepi
# expect: Hardware watchpoint 2
# expect: Old value = \(long \*\) 0x31
# expect: New value = .*<total>
# expect: the bad write
next
# expect: Hardware watchpoint 2
# expect: New value = \(long \*\) 0x31
reverse-next
# expect: Hardware watchpoint 2
# expect: Old value = \(long \*\) 0x31
# expect: the bad write
delete
reverse-finish
# expect: if \(round == 120\) damage
reverse-next
# expect: ^45\s+if \(round == 120\)
reverse-next
# expect: ^44\s+total \+= sum_up
step
# expect: if \(round == 120\)
