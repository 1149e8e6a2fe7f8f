// Memory that changes, by every way that memory can change.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

volatile int counter;
volatile int quiet;
char buffer[64];
char big[8192];
volatile uint64_t read_me = 42;
volatile int sink;

static void write_same(void) { quiet = 0; }
static void write_counter(int v) { counter = v; }
static void by_string(void) { __builtin_memset(buffer, 'x', 16); }
static void by_rep(void) {
  void *d = buffer; size_t n = 32;
  __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"('r') : "memory");
}
static void by_kernel(void) {
  int p[2];
  if (pipe(p) || write(p[1], "from a pipe", 11) != 11 || read(p[0], buffer, 11) != 11) _exit(9);
}
static void by_push(void) {
  uint64_t old;
  __asm__ volatile("mov %%rsp, %0; lea big_end(%%rip), %%rsp; push $77; mov %0, %%rsp" : "=&r"(old) : : "memory");
}
__asm__(".globl big_end\n.set big_end, big + 8192");
static int reader(void) { return (int)read_me; }
static void *thread(void *arg) { counter = 100; return arg; }

int main(void) {
  pthread_t t;
  int local = 1;
  write_same();
  for (int i = 1; i <= 3; i++) write_counter(i);
  by_string();
  by_rep();
  by_kernel();
  by_push();
  sink = reader();
  pthread_create(&t, NULL, thread, NULL);
  pthread_join(t, NULL);
  local += counter;
  printf("counter %d local %d\n", counter, local);
  return 0;
}
