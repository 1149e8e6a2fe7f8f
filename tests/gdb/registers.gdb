# rr-test: timeout=60 needs=gdb
set width 0
break here_asm
continue
# expect: Breakpoint 1.* here_asm
info registers rax rbx rcx r13 r14 eflags cs ss fs_base gs_base
# expect: rax +0x1111 +4369
# expect: rbx +0x2222
# expect: rcx +0x3333
# expect: r13 +0xdddd
# expect: r14 +0xffffffffffffffff +-1
# expect: eflags +0x[0-9a-f]+ +\[.*IF.*\]
# expect: cs +0x33
# expect: ss +0x2b
# expect: fs_base +0x7ff[0-9a-f]+
# expect: gs_base +0x0
continue
print $xmm7.v4_float
# expect: \{1\.5, -2\.25, 1\.00000000e\+10, 0\}|\{1\.5, -2\.25, 1e\+10, 0\}
info float
# expect: R7: Valid .*\+1
# expect: R6: Valid .*\+3\.25
# expect: R5: Zero
print $st1
# expect: = 3\.25
print/x $fctrl
# expect: = 0x37f
print $mxcsr
# expect: IM DM ZM OM UM PM
python
def has(flag):
    return flag in open("/proc/cpuinfo").read().split()
if has("avx"):
    gdb.execute("continue")
    v = gdb.parse_and_eval("$ymm3.v32_int8")
    assert [int(v[i]) & 255 for i in range(32)] == [3 * 7 + i for i in range(32)], str(v)
    v = gdb.parse_and_eval("$ymm15.v32_int8")
    assert [int(v[i]) & 255 for i in range(32)] == [15 * 7 + i for i in range(32)], str(v)
if has("avx512bw"):
    gdb.execute("continue")
    for r in (0, 17, 31):
        v = gdb.parse_and_eval("$zmm%d.v64_int8" % r)
        assert [int(v[i]) & 255 for i in range(64)] == [(r * 7 + i) & 255 for i in range(64)], (r, str(v))
    assert int(gdb.parse_and_eval("$k1")) == 0x1122334455667788
    assert int(gdb.parse_and_eval("$k7")) == 7
print("vectors are right")
end
# expect: vectors are right
info registers
delete
continue
# expect: done
