// A crash whose cause lies far before it, with calls, a signal handler and output on the way.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record { long id; long *where; char name[16]; };
static struct record *records[50];
static long total, handled;

static void on_signal(int signo) {
  handled += signo;                                       // in the handler
}

static long half(long x) { return x / 2; }

static long sum_up(long n) {
  long s = 0;
  for (long i = 0; i < n; i++)
    s += half(i);
  return s;
}

static void name_it(struct record *r, const char *text) {
  strcpy(r->name, text);                                  // longer than the name
}

static void fill(void) {
  for (long i = 0; i < 50; i++) {
    records[i] = calloc(1, sizeof **records);
    records[i]->id = i;
    records[i]->where = &total;
  }
}

static void damage(struct record *r) {
  r->where = (long *)(r->id + 16);                        // the bad write
}

int main(void) {
  signal(SIGUSR1, on_signal);
  fill();
  for (int round = 0; round < 200; round++) {
    total += sum_up(round);
    if (round == 120) damage(records[33]);
    if (round == 150) raise(SIGUSR1);                     // the signal is raised
    if (round == 160) name_it(records[7], "short");
  }
  printf("total %ld\n", total);
  fflush(stdout);
  long before = total;
  long after = sum_up(10);                                // before the crash
  total = before + after;
  for (int i = 0; i < 50; i++)
    *records[i]->where += 1;                              // the crash
  return 0;
}
