// Loops of one and few blocks with every trip count around the unrolling, left early at each place, interrupted by a timer; counts must be exact.
#include "guest/t.h"
#include <sys/time.h>
static volatile long ticks;
static void h(int s) {
  (void)s;
  ticks++;
}
static long down(long n) {
  long r = 0;
  __asm__ volatile("1: inc %0\n dec %1\n jnz 1b" : "+r"(r), "+r"(n)::"cc");
  return r;
}
static long up(long n) {
  long i = 0, r = 7;
  __asm__ volatile("1: lea 3(%1),%1\n inc %0\n cmp %2,%0\n jl 1b" : "+r"(i), "+r"(r) : "r"(n) : "cc");
  return r;
}
static long find(const unsigned char *p, int c) { // two exits: the jcc in the middle leaves
  const unsigned char *s = p;
  __asm__ volatile("1: cmpb %b1,(%0)\n je 2f\n inc %0\n cmpb $0,-1(%0)\n jne 1b\n xor %0,%0\n2:" : "+r"(p) : "q"(c) : "cc", "memory");
  return p ? p - s : -1;
}
static long carry(const uint64_t *v, long n) { // flags live round the loop: adc with dec, which keeps carry
  uint64_t s = 0;
  __asm__ volatile("clc\n1: adc (%1),%0\n lea 8(%1),%1\n dec %2\n jnz 1b\n adc $0,%0" : "+r"(s), "+r"(v), "+r"(n)::"cc", "memory");
  return (long)s;
}
int main(void) {
  struct sigaction a = { .sa_handler = h };
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = { { 0, 1000 }, { 0, 1000 } }, z = { 0 };
  setitimer(ITIMER_REAL, &t, NULL);
  unsigned char text[300];
  uint64_t v[300], model;
  long total = 0;
  for (int i = 0; i < 300; i++) {
    text[i] = (unsigned char)(1 + i % 200);
    v[i] = (uint64_t)i * 0x9e3779b97f4a7c15ull;
  }
  text[299] = 0;
  do
    for (int n = 1; n < 260; n++) {
      CHECK_EQ(down(n), n);
      CHECK_EQ(up(n), 7 + 3 * n);
      text[n] = 250;
      CHECK_EQ(find(text, 250), n);
      text[n] = (unsigned char)(1 + n % 200);
      CHECK_EQ(find(text + 200 - n % 90, 251), -1);
      model = 0;
      unsigned c = 0;
      for (int i = 0; i < n; i++) {
        unsigned __int128 w = (unsigned __int128)model + v[i] + c;
        model = (uint64_t)w;
        c = (unsigned)(w >> 64);
      }
      CHECK_EQ(carry(v, n), (long)(model + c));
      total += down(n * 100);
    }
  while (ticks < 20);
  CHECK_EQ(down(50000000), 50000000);
  setitimer(ITIMER_REAL, &z, NULL);
  printf("~%ld interruptions, %ld\n", ticks, total);
  puts("ok");
  return 0;
}
