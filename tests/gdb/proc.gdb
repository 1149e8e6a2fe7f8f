# rr-test: timeout=60 needs=gdb
# guest: basic.c
set width 0
break main
continue
info proc mappings
# expect: 0x555555554000 .*r--p .*/guest
# expect: 0x[0-9a-f]+ .* r-xp .*/libc\.so\.6
# expect: \[stack\]
info proc cmdline
# expect: cmdline = '\./guest'
info proc exe
# expect: exe = '/.*/guest'
run 8
when
# expect: Completed event: 8
run
# expect: Program stopped
continue
# expect: Breakpoint 1, main
info auxv
# expect: AT_ENTRY
find &total, +64, (char)0
# expect: total
# expect: patterns found
detach
# expect: detached
run 5
when
# expect: Completed event: 5
# never: Remote connection closed
