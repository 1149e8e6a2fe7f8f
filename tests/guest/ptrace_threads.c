// A tracer with threads, a tracee with threads, single steps over a fork.
#include "guest/ptrace.h"
// a tracer thread; attach to one thread of several; waiter thread; vfork event; single-step over fork
static void *sp(void *p) {
  *(volatile int *)p = gettid();
  for (;;) usleep(1000);
}
static volatile int *sh;
static void *waiter(void *p) {
  pid_t c = (long)p;
  w(c, STOP(SIGUSR1));
  return 0;
}
int main() {
  int q[2];
  pipe(q);
  pid_t c = fork();
  if (!c) {
    static volatile int tid;
    pthread_t t;
    pthread_create(&t, 0, sp, (void *)&tid);
    while (!tid) usleep(100);
    int x = tid;
    write(q[1], &x, 4);
    for (;;) pause();
  }
  int tid;
  CHECK_EQ(read(q[0], &tid, 4), 4);
  OK(ptrace(PTRACE_ATTACH, tid, 0, 0));
  w(tid, STOP(SIGSTOP));
  OK(ptrace(PTRACE_GETREGS, tid, 0, &R));
  OK(ptrace(PTRACE_DETACH, tid, 0, 0));
  usleep(5000);
  kill(c, SIGKILL);
  w(c, 9);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    usleep(20000);
    raise(SIGUSR1);
    _exit(3);
  }
  w(c, STOP(SIGSTOP));
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  pthread_t t;
  pthread_create(&t, 0, waiter, (void *)(long)c);
  pthread_join(t, 0);
  OK(ptrace(PTRACE_CONT, c, 0, 0));
  w(c, 0x300);
  c = fork();
  if (!c) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    pid_t g = fork();
    if (!g) _exit(1);
    int s;
    waitpid(g, &s, 0);
    _exit(WEXITSTATUS(s) + 1);
  }
  w(c, STOP(SIGSTOP));
  int n = 0;
  for (;;) {
    OK(ptrace(PTRACE_SINGLESTEP, c, 0, 0));
    CHECK_EQ(waitpid(c, &st, 0), c);
    if (!WIFSTOPPED(st)) break;
    if (WSTOPSIG(st) == SIGCHLD) continue;
    CHECK_EQ(WSTOPSIG(st), SIGTRAP);
    if (++n > 100000) _exit(98);
  }
  CHECK_EQ(st, 0x200);
  printf("~%d steps\n", n);
  puts("ok");
  return 0;
}
