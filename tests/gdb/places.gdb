# rr-test: timeout=60 needs=gdb
# The commands that `rr gdbinit` defines, typed as people do.
# expect: No checkpoints
# expect: Checkpoint 1 at
# expect: ^ID\tWhen\tWhere$
# expect: ^1\t[0-9]+\t
# expect: ^at 10
# expect: ^moved 500
# expect: ^again 10
# expect: ^by ticks 10
# expect: Completed event: 5$
# expect: ^back 10
# expect: Deleted checkpoint 1\.
# expect: ^start _start
# never: usage|Undefined
set width 0
set confirm off
info checkpoints
break hit if i == 10
continue
python ticks = gdb.execute("when-ticks", to_string=True).split()[-1]
checkpoint
info checkpoints
python print("at", gdb.parse_and_eval("i"))
delete
tbreak hit if i == 500
continue
python print("moved", gdb.parse_and_eval("i"))
restart 1
python print("again", gdb.parse_and_eval("i"))
stepi
python gdb.execute("seek-ticks " + ticks)
python gdb.execute("tbreak hit", to_string=True) if str(gdb.selected_frame().name()) != "hit" else None
python gdb.execute("continue", to_string=True) if str(gdb.selected_frame().name()) != "hit" else None
python print("by ticks", gdb.parse_and_eval("i"))
delete
run 5
when
back
python print("back", gdb.parse_and_eval("i"))
delete checkpoint 1
restart
python print("start", gdb.selected_frame().name())
