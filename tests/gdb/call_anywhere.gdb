# rr-test: timeout=60 needs=gdb
# record-status: -11
# A function can be called wherever the replay stands: at the start, a signal, a system call, a fork, a crash, the end; going on and back is as ever.
# expect: ^start: 43$
# expect: ^signal SIGUSR1: 43$
# expect: ^handler: 43$
# expect: ^fork: 53$
# expect: ^syscall: 53$
# expect: ^return: 53$
# expect: ^crash: 53 in main
# expect: ^back: 53$
# expect: ^crash again: 53 in main, calls 10
# expect: ^end: 53$
# expect: terminated with signal SIGSEGV
set width 0
set confirm off
set unwindonsignal on
python
import gdb
def value(w): return int(gdb.parse_and_eval(w))
def frame(): return gdb.selected_frame().name()
def reached(what, more=""): print("%s: %d%s" % (what, value("answer(42)"), more), flush=True)
try: print("start:", value("answer(42)"))
except gdb.error as e: print("start: error", flush=True)
end
handle SIGUSR1 stop print pass
continue
python reached("signal SIGUSR1")
tbreak on_usr1
continue
python reached("handler")
catch fork
continue
python reached("fork")
delete
catch syscall getppid
continue
python reached("syscall")
continue
python reached("return")
delete
continue
python reached("crash", " in " + frame())
break 16
reverse-continue
python reached("back")
delete
continue
python reached("crash again", " in %s, calls %d" % (frame(), value("calls")))
continue
python reached("end")
continue
