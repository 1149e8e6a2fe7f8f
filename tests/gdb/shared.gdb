# rr-test: timeout=90 needs=gdb
set width 0
break 32
continue
# expect: Breakpoint 1, main \(\) at .*\n(warning.*\n)?\d+.*all is done
print sum
# expect: = 385
watch -l s->value
# expect: Hardware watchpoint 2: -location s->value
reverse-continue
# expect: Old value = 100
# expect: New value = 81
reverse-continue
# expect: Old value = 81
# expect: New value = 64
print s->turn
# expect: = 1[78]
continue
# expect: Old value = 64
# expect: New value = 81
delete
break 29 if s->value == 25
reverse-continue
# expect: Breakpoint 3, main \(\) at .*\n(warning.*\n)?\d+.*the child's value
print i
# expect: = 6
print s->turn
# expect: = 12
stepi
stepi
stepi
reverse-stepi
reverse-stepi
reverse-stepi
print s->value
# expect: = 25
delete
watch -l s->turn
reverse-continue
# expect: Old value = 12
# expect: New value = 11
reverse-continue
# expect: Old value = 11
# expect: New value = 10
print i
# expect: = 6
