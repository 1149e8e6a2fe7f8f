// A tracer: attach, seize, interrupt, exec, fork and thread events.
#include "guest/t.h"
#include <sys/ptrace.h>
#include <sys/user.h>
#include <pthread.h>
// attach running, detach, seize, interrupt, exec stops, fork events, thread events
static int st;
static pid_t c;
static void w(pid_t p, int expect) {
  int r = waitpid(p, &st, __WALL);
  CHECK_EQ(r, p);
  if (st != expect) fprintf(stderr, "status %x expected %x\n", st, expect);
  CHECK_EQ(st, expect);
}
#define STOP(s) ((s) << 8 | 0x7f)
static void *th(void *p) {
  syscall(SYS_getppid);
  return 0;
}
int main(int n, char **v) {
  if (n > 1) {
    puts("execd");
    return 4;
  }
  fflush(stdout);
  c = fork();
  if (!c)
    for (volatile int i = 0;; i++)
      ;
  usleep(10000);
  CHECK_EQ(ptrace(PTRACE_ATTACH, c, 0, 0), 0);
  w(c, STOP(SIGSTOP));
  struct user_regs_struct r;
  CHECK_EQ(ptrace(PTRACE_GETREGS, c, 0, &r), 0);
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, 0), 0);
  usleep(5000);
  CHECK_EQ(kill(c, SIGSTOP), 0);
  w(c, STOP(SIGSTOP));
  CHECK_EQ(ptrace(PTRACE_DETACH, c, 0, 0), 0);
  usleep(5000);
  CHECK_EQ(waitpid(c, &st, WNOHANG | WUNTRACED), 0);
  kill(c, SIGKILL);
  w(c, 9);
  c = fork();
  if (!c)
    for (;;) pause();
  usleep(10000);
  CHECK_EQ(ptrace(PTRACE_SEIZE, c, 0, PTRACE_O_TRACESYSGOOD), 0);
  CHECK_EQ(waitpid(c, &st, WNOHANG), 0);
  CHECK_EQ(ptrace(PTRACE_INTERRUPT, c, 0, 0), 0);
  w(c, (PTRACE_EVENT_STOP << 16) | STOP(SIGTRAP));
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, 0), 0);
  kill(c, SIGTERM);
  w(c, STOP(SIGTERM));
  CHECK_EQ(ptrace(PTRACE_CONT, c, 0, SIGTERM), 0);
  w(c, 15);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execl(v[0], v[0], "x", NULL);
    _exit(9);
  }
  w(c, STOP(SIGTRAP));
  CHECK_EQ(ptrace(PTRACE_SETOPTIONS, c, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACESYSGOOD), 0);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, (PTRACE_EVENT_EXIT << 16) | STOP(SIGTRAP));
  unsigned long m;
  ptrace(PTRACE_GETEVENTMSG, c, 0, &m);
  CHECK_EQ(m, 0x400);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, 0x400);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    pid_t g = fork();
    if (!g) _exit(3);
    int s;
    waitpid(g, &s, 0);
    execl(v[0], v[0], "x", NULL);
  }
  w(c, STOP(SIGSTOP));
  CHECK_EQ(ptrace(PTRACE_SETOPTIONS, c, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD), 0);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, (PTRACE_EVENT_FORK << 16) | STOP(SIGTRAP));
  ptrace(PTRACE_GETEVENTMSG, c, 0, &m);
  pid_t g = m;
  w(g, STOP(SIGSTOP));
  ptrace(PTRACE_CONT, g, 0, 0);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(g, 0x300);
  w(c, STOP(SIGCHLD));
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, (PTRACE_EVENT_EXEC << 16) | STOP(SIGTRAP));
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, 0x400);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    pthread_t t;
    pthread_create(&t, 0, th, 0);
    pthread_join(t, 0);
    _exit(6);
  }
  w(c, STOP(SIGSTOP));
  ptrace(PTRACE_SETOPTIONS, c, 0, PTRACE_O_TRACECLONE);
  ptrace(PTRACE_CONT, c, 0, 0);
  w(c, (PTRACE_EVENT_CLONE << 16) | STOP(SIGTRAP));
  ptrace(PTRACE_GETEVENTMSG, c, 0, &m);
  g = m;
  ptrace(PTRACE_CONT, c, 0, 0);
  w(g, STOP(SIGSTOP));
  ptrace(PTRACE_CONT, g, 0, 0);
  CHECK_EQ(waitpid(g, &st, __WALL), g);
  CHECK(st == 0 || st == 0x600); // it may be overtaken by exit_group
  w(c, 0x600);
  puts("ok");
  return 0;
}
