#!/bin/bash
# rr-test: timeout=100 needs=gdb
# Backwards over an exec, in a forked child, and in a child that was made by vfork.
set -e
fail() { echo "$1"; cat out; exit 1; }
says() { grep -qE -- "$1" out || fail "nothing says: $1"; }
cat > first.c <<'E1'
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
long shared_name = 1;
int in_child(int x) { int y = x + 1; shared_name = y; return y; }
int before_exec(int x) { return x * 2; }
int main(int argc, char **argv) {
  int status, pid = fork();
  if (!pid) return in_child(41);
  wait(&status);
  char *args[] = { "true", NULL };
  posix_spawnp(&pid, "true", NULL, NULL, args, argv + argc + 1);
  wait(&status);
  shared_name = before_exec(WEXITSTATUS(status) + 3);
  printf("first %ld\n", shared_name);
  fflush(stdout);
  execl("./second", "second", "an argument", NULL);
  return 1;
}
E1
cat > second.c <<'E2'
#include <stdio.h>
long other = 3;
int main(int argc, char **argv) {
  printf("%s\n", argv[1]);
  other = 4;
  other = 5;
  return 7;
}
E2
gcc -g -O0 -o first first.c
gcc -g -O0 -o second second.c
"$RR" record -o trace ./first >/dev/null || [ $? = 7 ]
rm first second # the trace has them
cat > exec.gdb <<'G'
set width 0
set breakpoint pending on
break main
continue
continue
continue
watch other
reverse-continue
reverse-continue
print other
delete
break main
break before_exec
reverse-continue
reverse-continue
bt
finish
print shared_name
reverse-continue
reverse-continue
reverse-continue
continue
continue
continue
G
timeout 90 "$RR" debug trace -- -nx -batch -x exec.gdb >out 2>&1 || true
tr '\n' '~' < out > joined
match() { grep -qE -- "$1" joined || fail "not in this order: $1"; }
match 'Old value = 5~New value = 4~.*Old value = 4~New value = 3~.*\$1 = 3~.*Breakpoint 3, main \(argc=2'
match 'Breakpoint 3, main \(argc=2.*executing new program: .*/first~.*Breakpoint [34][.0-9]*, before_exec \(x=3\).*#1 .* main \(argc=1'
match 'Value returned is \$2 = 6~.*\$3 = 1~.*before_exec \(x=3\).*Breakpoint 3[.0-9]*, main \(argc=1.*No more reverse-execution history'
match 'No more reverse-execution history.*main \(argc=1.*before_exec \(x=3\).*first 6~.*executing new program: .*/second'
child=$("$RR" ps trace | awk '/forked without exec/ { print $1 }')
timeout 90 "$RR" debug -f $child trace -- -nx -batch -ex 'break in_child' -ex c -ex 'watch shared_name' -ex c -ex c -ex rc -ex rc -ex 'print x' -ex rc -ex c >out 2>&1 || true
tr '\n' '~' < out > joined
match 'Old value = 1~New value = 42~.*SIGKILL.*Old value = 42~New value = 1~.*Breakpoint 1, in_child \(x=41\).*\$1 = 41~.*No more reverse-execution history.*Breakpoint 1, in_child'
