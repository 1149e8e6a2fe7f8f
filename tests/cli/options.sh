#!/bin/bash
# Forms of options: short and long, with =, apart, underscores and dashes, global ones before and after the command, -- ends them.
. "$TESTS/lib.sh"
ok() { "$@" > out 2> err < /dev/null || { cat err >&2; fail "$*: status $?"; }; }
n=0; t() { n=$((n + 1)); rm -rf t$n; }
for form in "-o t" "-o=t" "-ot" "--output-trace-dir=t" "--output-trace-dir t" "--output_trace_dir=t"; do rm -rf t; ok "$RR" record $form /bin/echo -n x; [ "$(cat out)" = x ] && [ -d t ] || fail "$form"; done
rm -rf t; ok "$RR" record -o t -- /bin/echo -o y; [ "$(cat out)" = "-o y" ] || fail "--"
rm -rf t; ok "$RR" record -o t /bin/echo --checksum=x -a; [ "$(cat out)" = "--checksum=x -a" ] || fail "options of the program"
for form in "-c 1000" "-c1000" "--num-cpu-ticks=1000" "--num_cpu_ticks=0x3e8" "-e 10" "--num-events=10" "-b" "-n" "--no-syscall-buffer" "--checksum=on-syscalls" "--checksum=on-all-events" "--checksum=5" "--dump_on=write" "--dump-on=1" "--dump_on=-SIGUSR1" "--dump_on=-10" "--dump_at=3"; do rm -rf t; ok "$RR" record $form -o t /bin/echo z; [ "$(cat out)" = z ] || fail "record $form: $(cat out err)"; done
rm -rf t; ok "$RR" record -o t /bin/echo z
for form in "-a" "--autopilot" "-a --checksum=on-all-events" "-a --dump_on=write" "-a --dump-at=2" "-q -a" "--no_redirect_output -a"; do ok "$RR" replay $form t; done
[ ! -s out ] || fail "-q: no output of the program"
ok "$RR" replay t -a; [ "$(cat out)" = z ] || fail "an option behind the trace"
rm -rf t; ok "$RR" record -v MARK=hello -o t /bin/sh -c 'echo $MARK $RUNNING_UNDER_RR'; [ "$(cat out)" = "hello 1" ] || fail "-v: $(cat out)"
