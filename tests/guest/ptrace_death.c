// Tracers that end before their tracees, and tracees that are not their tracer's children.
#include "guest/ptrace.h"
// tracer death: tracee goes on; EXITKILL kills; grandchild attached; non-child tracee's end
int main() {
  int p[2];
  pipe(p);
  pid_t c = fork();
  if (!c) {
    for (int i = 0; i < 100; i++) usleep(2000);
    _exit(7);
  }
  pid_t t = fork();
  if (!t) {
    OK(ptrace(PTRACE_ATTACH, c, 0, 0));
    w(c, STOP(SIGSTOP));
    _exit(0);
  }
  CHECK_EQ(t_wait(t), 0);
  CHECK_EQ(t_wait(c), 7);
  c = fork();
  if (!c)
    for (;;) pause();
  t = fork();
  if (!t) {
    OK(ptrace(PTRACE_SEIZE, c, 0, PTRACE_O_EXITKILL));
    _exit(0);
  }
  CHECK_EQ(t_wait(t), 0);
  w(c, 9);
  c = fork();
  if (!c) {
    usleep(30000);
    _exit(5);
  }
  t = fork();
  if (!t) {
    OK(ptrace(PTRACE_ATTACH, c, 0, 0));
    w(c, STOP(SIGSTOP));
    OK(ptrace(PTRACE_CONT, c, 0, 0));
    w(c, 0x500);
    CHECK_ERR(waitpid(c, &st, 0), ECHILD);
    _exit(0);
  }
  CHECK_EQ(t_wait(t), 0);
  CHECK_EQ(t_wait(c), 5);
  c = fork();
  if (!c)
    for (;;) pause();
  t = fork();
  if (!t) {
    OK(ptrace(PTRACE_ATTACH, c, 0, 0));
    w(c, STOP(SIGSTOP));
    kill(c, SIGKILL);
    w(c, 9);
    _exit(0);
  }
  CHECK_EQ(t_wait(t), 0);
  w(c, 9);
  puts("ok");
  return 0;
}
