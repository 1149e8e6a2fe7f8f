# rr-test: timeout=60 needs=gdb
# Breakpoint commands run in the replaying program: dprintf prints on the past, and conditions are looked at there.
# expect: ^visit 1 one a -5000000000 0xfffffffed5fa0e00 $
# expect: ^\t\[   1\] \[-2   \] \["on"\] 001 \+1 A \\ % 0x3 3$
# expect: ^visit -2 two bc 0 0 $
# expect: ^\t\[  -2\] \[-2   \] \["tw"\] -02 -2 A \\ % 0x3 3$
# expect: ^visit 3 three def 5000000000 0x12a05f200 $
# expect: stopped at 0
# expect: back, and stopped at -2
# expect: ^again 3$
# expect: ^spin 999999$
# expect: exited normally
# never: spin 999998
# never: again -2
set width 0
set confirm off
set dprintf-style agent
dprintf visit,"visit %d %s %s %ld %#lx \n",i->number,i->name,&i->text[0],big,big
dprintf visit,"\t[%4d] [%-5d] [\"%.2s\"] %03d %+d %c \\ %% %p %u\n",i->number,-2,i->name,i->number,i->number,65,3,3
tbreak main
continue
tbreak spin
continue
python print("stopped at", gdb.parse_and_eval("i"))
delete
break visit if i->number == -2
reverse-continue
python print("back, and stopped at", gdb.parse_and_eval("i->number"))
delete
dprintf visit,"again %d\n",i->number
dprintf spin,"spin %d\n",i
condition $bpnum i == 999999
stepi
continue
continue
