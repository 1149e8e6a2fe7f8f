// Several processes write lines to one stdout at once: any order natively, and the replay shows the recorded one.
// rr-test: nondet
#include "guest/t.h"
int main(void) {
  for (int k = 0; k < 4; k++)
    if (fork() == 0) {
      for (int i = 0; i < 200; i++) {
        dprintf(1, "process %d line %d\n", k, i);
        if (i % 10 == k) dprintf(2, "E%d.%d\n", k, i);
        if (i % 50 == 0) usleep(1000);
      }
      _exit(0);
    }
  while (wait(NULL) > 0) {}
  return 0;
}
