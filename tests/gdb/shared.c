// A parent that watches what its child writes into memory that they share.
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared { volatile long turn, value; };

static long wait_for(struct shared *s, long turn) {
  long spins = 0;
  while (s->turn != turn) spins++;
  return spins;
}

int main(void) {
  struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fork() == 0) {
    for (long i = 1; i <= 10; i++) {
      wait_for(s, 2 * i - 1);
      s->value = i * i;
      s->turn++;
    }
    _exit(0);
  }
  long sum = 0;
  for (long i = 1; i <= 10; i++) {
    s->turn++;
    wait_for(s, 2 * i);
    sum += s->value;                                      // the child's value
  }
  wait(NULL);
  printf("sum %ld\n", sum);                               // all is done
  return 0;
}
