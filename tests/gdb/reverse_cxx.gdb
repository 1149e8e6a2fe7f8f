# rr-test: timeout=90 needs=gdb
# guest: reverse_cxx.cc -xc++ -std=c++17 -lstdc++
# record-status: -6
set width 0
continue
# expect: SIGABRT
frame function main
# expect: the symptom
print held->value
# expect: = -1
watch -l held->value
reverse-continue
# expect: Hardware watchpoint 1
# expect: Old value = -1
# expect: New value = 81
# expect: the destruction
up
# expect: registry::forget.*limit=80
# expect: who freed it
up
# expect: r.forget
print round
# expect: = 200
reverse-continue
# expect: Old value = 81
# expect: node::node
delete
break registry::find
reverse-continue
# expect: (history|registry::find)
