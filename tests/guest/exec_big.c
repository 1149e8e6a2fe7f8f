// Very many and very long arguments and environment strings arrive unchanged.
#include "guest/t.h"
extern char **environ;
int main(int argc, char **argv) {
  if (argc > 100) {
    uint64_t h = 0;
    for (int i = 1; i < argc; i++) h = h * 31 + t_hash(argv[i], strlen(argv[i]));
    int n = 0;
    for (char **e = environ; *e; e++) h = h * 33 + t_hash(*e, strlen(*e)), n++;
    printf("%d arguments, %d strings, %016lx\n", argc, n, (unsigned long)h);
    return 5;
  }
  char **v = calloc(5002, sizeof *v), **e = calloc(1001, sizeof *e);
  v[0] = "big";
  for (int i = 1; i <= 5000; i++) {
    char b[64];
    sprintf(b, "argument number %d", i * 7919);
    v[i] = strdup(i % 50 ? b : "");
  }
  v[7] = malloc(100001);
  memset(v[7], 'q', 100000);
  v[7][100000] = 0;
  for (int i = 0; i < 1000; i++) {
    char b[64];
    sprintf(b, "VARIABLE_%d=%d", i, i * 31);
    e[i] = strdup(b);
  }
  for (int k = 0; k < 3; k++) {
    fflush(stdout);
    pid_t c = fork();
    if (c == 0) {
      execve("/proc/self/exe", v, e);
      _exit(9);
    }
    CHECK_EQ(t_wait(c), 5);
  }
  return 0;
}
