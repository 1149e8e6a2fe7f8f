# Going backwards for editors that speak the Debug Adapter Protocol: gdb (14 and later) is an adapter, `gdb -i dap`, but has no requests
# for it. `gdb -i dap -x rr-dap.py` adds stepBack and reverseContinue; the editor attaches to the port of `rr replay`.
#
# gdb's own requests ran on the protocol's thread at first (14) and handed their work to gdb's; now (15) they run on gdb's.
import inspect

from gdb.dap import events, server
from gdb.dap.state import set_thread


def _has_parameter(function, name):
    return name in inspect.signature(function).parameters


def _execute(command, thread):
    set_thread(thread)
    if _has_parameter(events.exec_and_expect_stop, "reason"):
        events.exec_and_expect_stop(command, events.StopKinds.STEP)
    else:
        events.exec_and_expect_stop(command)


def _define(name, handler):
    if _has_parameter(server.request, "response"):
        return server.request(name, response=False)(handler)
    from gdb.dap.startup import send_gdb

    def hand_over(**arguments):
        send_gdb(lambda: handler(**arguments))

    return server.request(name)(hand_over)


def step_back(*, threadId: int, granularity: str = "statement", **more):
    _execute("reverse-stepi" if granularity == "instruction" else "reverse-next", threadId)


def reverse_continue(*, threadId: int, **more):
    _execute("reverse-continue", threadId)


server.capability("supportsStepBack")(_define("stepBack", step_back))
_define("reverseContinue", reverse_continue)
