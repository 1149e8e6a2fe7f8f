# rr-test: timeout=90 needs=gdb
set width 0
break main
continue
watch counter
watch quiet
# expect: Hardware watchpoint 2: counter
continue
# expect: Hardware watchpoint 2: counter
# expect: Old value = 0\nNew value = 1
# expect: write_counter
continue
# expect: Old value = 1\nNew value = 2
delete 2
watch counter if counter == 100
watch -l buffer
continue
# expect: New value = .*x
delete 5
watch buffer[31]
continue
# expect: New value = 114 'r'
# expect: by_rep
delete 6
watch buffer[3]
continue
# expect: Old value = 114 'r'\nNew value = 109 'm'
# expect: (by_kernel|read)
delete 7
watch *(unsigned long *)(big + 8184)
continue
# expect: New value = 77
# expect: by_push
delete 8
rwatch read_me
continue
# expect: Hardware read watchpoint 9: read_me
# expect: Value = 42
# expect: reader
delete 9
continue
# expect: atchpoint 4: counter
# expect: New value = 100
# expect: thread
delete
continue
# expect: counter 100 local 101
# never: watchpoint 3: quiet\n\nOld value
