#!/bin/bash
# The same inside a recording: exec of what cannot be run fails with Linux's error and the recorded program goes on; what cannot be recorded is named.
. "$TESTS/lib.sh"
printf garbage > garbage; chmod +x garbage; mkdir in; cp garbage in/; printf '#!/no/int\necho\n' > in/noint; touch in/plain; chmod +x in/*; chmod -x in/plain
same errs bash -c './nothing; echo $?; ./plain; echo $?; ./noint; echo $?; /tmp; echo $?'
same py $PY -c 'import os
for p in ("nothing", "plain", "noint", "garbage", "/tmp"):
    try: os.execv(p if p[0] == "/" else "./" + p, [p])
    except OSError as e: print(p, e.errno)'
