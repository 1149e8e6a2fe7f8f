#!/usr/bin/env python3
"""share/rr-dap.py against stand-ins for both forms of gdb's DAP modules (gdb 14, and 15 and later)."""
import enum, os, runpy, sys, types

FILE = os.path.join(os.path.dirname(os.environ["TESTS"]), "share", "rr-dap.py")


def load(new):
    done, requests, capabilities = [], {}, []
    mods = {name: types.ModuleType(name) for name in ("gdb", "gdb.dap", "gdb.dap.events", "gdb.dap.server", "gdb.dap.state", "gdb.dap.startup")}
    ev, srv = mods["gdb.dap.events"], mods["gdb.dap.server"]
    ev.StopKinds = enum.Enum("StopKinds", "STEP BREAKPOINT")
    if new:
        def exec_and_expect_stop(cmd, expected_pause=False): done.append(cmd)
        def request(name, *, response=True): return lambda f: requests.setdefault(name, f)
    else:
        def exec_and_expect_stop(cmd, reason): done.append(cmd) if reason == ev.StopKinds.STEP else None
        def request(name): return lambda f: requests.setdefault(name, f)
    ev.exec_and_expect_stop, srv.request = exec_and_expect_stop, request
    srv.capability = lambda name: lambda f: capabilities.append(name) or f
    mods["gdb.dap.state"].set_thread = lambda t: done.append(t)
    mods["gdb.dap.startup"].send_gdb = lambda f: f()
    mods["gdb"].dap, mods["gdb.dap"].events, mods["gdb.dap"].server = mods["gdb.dap"], ev, srv
    sys.modules.update(mods)
    runpy.run_path(FILE)
    requests["stepBack"](threadId=3)
    requests["stepBack"](threadId=3, granularity="instruction")
    requests["reverseContinue"](threadId=4, singleThread=False)
    assert capabilities == ["supportsStepBack"], capabilities
    assert done == [3, "reverse-next", 3, "reverse-stepi", 4, "reverse-continue"], done


load(False)
load(True)
