#!/bin/bash
# rr-test: needs=node timeout=180
# node: a hello world, and a little of timers and promises.
. "$TESTS/lib.sh"
same hello node -e 'console.log("hello", [1,2,3].map(x => x * 2))'
same timers node -e 'setTimeout(() => console.log("late"), 20); Promise.resolve().then(() => console.log("soon")); process.nextTick(() => console.log("next")); process.on("exit", c => console.log("exit", c)); process.exitCode = 5'
same jit node -e 'let s = 0; for (let i = 0; i < 3e6; i++) s = (s * 31 + i) | 0; console.log(s, JSON.stringify({ a: [1, { b: 2 }] }), require("fs").existsSync("/"))'
