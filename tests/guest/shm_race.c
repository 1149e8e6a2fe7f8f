// Memory that four processes write at once: locked and unlocked counters of every width, exchanges, compare loops. What is lost
// in a race is lost on replay too (lines with ~ tell the values that each process saw).
#include "guest/t.h"
struct shared {
  _Atomic int start;
  int pad0[15];
  uint64_t locked, plain;
  uint32_t locked4, plain4;
  uint16_t locked2, plain2;
  uint8_t locked1, plain1;
  uint64_t bits, exchange, cas, seen;
  unsigned __int128 wide __attribute__((aligned(16)));
  float real;
  double sum;
};
enum { PROCESSES = 4, ROUNDS = 400 };

static void wide_add(unsigned __int128 *p, uint64_t v) {
  uint64_t lo = ((uint64_t *)p)[0], hi = ((uint64_t *)p)[1];
  for (bool ok = false; !ok;) {
    uint64_t nl = lo + v, nh = hi + 3 * v;
    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(ok), "+m"(*p), "+a"(lo), "+d"(hi) : "b"(nl), "c"(nh) : "memory");
  }
}

static uint64_t work(volatile struct shared *s, int me) {
  uint64_t h = 0;
  while (s->start < PROCESSES) __asm__ volatile("pause");
  for (int i = 0; i < ROUNDS; i++) {
    __atomic_fetch_add(&s->locked, 1, __ATOMIC_SEQ_CST);
    __asm__ volatile("lock incl %0" : "+m"(s->locked4));
    __asm__ volatile("lock addw $1, %0" : "+m"(s->locked2));
    __asm__ volatile("lock subb $-1, %0" : "+m"(s->locked1));
    __asm__ volatile("incq %0" : "+m"(s->plain));
    s->plain4++;
    __asm__ volatile("addw $1, %0" : "+m"(s->plain2));
    __asm__ volatile("addb $1, %0" : "+m"(s->plain1));
    bool was;
    __asm__ volatile("lock btsq %2, %1" : "=@ccc"(was), "+m"(s->bits) : "r"((uint64_t)(me * 16 + i % 16)));
    __asm__ volatile("lock btrq %2, %1" : "=@ccc"(was), "+m"(s->bits) : "r"((uint64_t)(me * 16 + i % 16)));
    CHECK(was);
    uint64_t x = (uint64_t)(me * 1000 + i);
    __asm__ volatile("xchgq %0, %1" : "+r"(x), "+m"(s->exchange));
    h = h * 31 + x;
    uint64_t old = s->cas;
    while (!__atomic_compare_exchange_n(&s->cas, &old, old + 2, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) h++;
    wide_add((unsigned __int128 *)&s->wide, 1);
    s->real += 1;
    s->sum += 1;
    h = h * 31 + s->plain + s->plain4 + s->plain2 + s->plain1 + s->seen + (uint64_t)s->real + (uint64_t)s->sum;
    s->seen = h;
  }
  return h;
}

int main(void) {
  struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(s != MAP_FAILED);
  pid_t c[PROCESSES];
  for (int i = 0; i < PROCESSES; i++)
    if (!(c[i] = fork())) {
      s->start++;
      char line[80];
      int n = snprintf(line, sizeof line, "~ process %d saw %016lx\n", i, (unsigned long)work(s, i));
      CHECK_EQ(write(1, line, (size_t)n), n);
      _exit(0);
    }
  for (int i = 0; i < PROCESSES; i++) CHECK_EQ(t_wait(c[i]), 0);
  CHECK_EQ(s->locked, PROCESSES * ROUNDS);
  CHECK_EQ(s->locked4, PROCESSES * ROUNDS);
  CHECK_EQ(s->locked2, PROCESSES * ROUNDS);
  CHECK_EQ(s->locked1, (uint8_t)(PROCESSES * ROUNDS));
  CHECK_EQ(s->cas, PROCESSES * ROUNDS * 2);
  CHECK_EQ(s->bits, 0);
  CHECK_EQ((uint64_t)s->wide, PROCESSES * ROUNDS);
  CHECK_EQ((uint64_t)(s->wide >> 64), 3 * PROCESSES * ROUNDS);
  printf("~ plain %lu %u %u %u, %g %g\n", (unsigned long)s->plain, s->plain4, s->plain2, s->plain1, (double)s->real, s->sum);
  printf("done\n");
  return 0;
}
