// prctl: what it answers.
#include "guest/t.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#define P(n, ...) \
  do { \
    errno = 0; \
    int r = prctl(n, ##__VA_ARGS__); \
    printf(#n " %d %d\n", r, r < 0 ? errno : 0); \
  } while (0)
int main() {
  int x = -1;
  P(PR_SET_DUMPABLE, 0, 0, 0, 0);
  P(PR_GET_DUMPABLE, 0, 0, 0, 0);
  P(PR_SET_DUMPABLE, 1, 0, 0, 0);
  P(PR_SET_DUMPABLE, 7, 0, 0, 0);
  P(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
  P(PR_GET_PDEATHSIG, &x, 0, 0, 0);
  printf("%d\n", x);
  P(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  P(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  P(PR_GET_KEEPCAPS, 0, 0, 0, 0);
  P(PR_SET_NAME, "verylongnameindeedxxx", 0, 0, 0);
  char b[20] = { 0 };
  P(PR_GET_NAME, b, 0, 0, 0);
  puts(b);
  P(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  P(PR_SET_TIMERSLACK, 1234, 0, 0, 0);
  P(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  P(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  P(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  P(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
  P(PR_GET_THP_DISABLE, 0, 0, 0, 0);
  P(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  P(PR_GET_THP_DISABLE, 0, 0, 0, 0);
  P(PR_MCE_KILL_GET, 0, 0, 0, 0);
  P(PR_GET_SECUREBITS, 0, 0, 0, 0);
  P(PR_CAPBSET_READ, 1, 0, 0, 0);
  P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 5, 0, 0);
  P(PR_GET_CHILD_SUBREAPER, &x, 0, 0, 0);
  P(PR_GET_TSC, &x, 0, 0, 0);
  printf("%d\n", x);
  P(PR_GET_UNALIGN, &x, 0, 0, 0);
  P(PR_GET_FPEMU, &x, 0, 0, 0);
  P(PR_GET_ENDIAN, &x, 0, 0, 0);
  P(PR_GET_TIMING, 0, 0, 0, 0);
  P(PR_SET_TIMING, 1, 0, 0, 0);
  P(PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0);
  P(PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0);
  P(PR_GET_IO_FLUSHER, 0, 0, 0, 0);
  P(9999, 0, 0, 0, 0);
  P(PR_SET_PTRACER, getpid(), 0, 0, 0);
  P(PR_SET_VMA, 0, mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096, "nm");
  P(PR_SET_PDEATHSIG, 99, 0, 0, 0);
  P(PR_GET_NAME, (void *)1, 0, 0, 0);
  P(PR_SET_NAME, (void *)1, 0, 0, 0);
  P(PR_GET_PDEATHSIG, (void *)1, 0, 0, 0);
  P(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0);
  P(PR_GET_SECCOMP, 0, 0, 0, 0);
  return 0;
}
