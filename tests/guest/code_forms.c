// Code that is made, changed, moved and dropped: JITs with RWX pages, W^X flips, two views of one object, code that changes the instruction
// behind itself, across pages, from another thread, by system calls; code that is unmapped, moved, mapped over; indirect functions.
// rr-test: timeout=60
#include "guest/t.h"
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define P 4096
typedef int (*fn)(void);
// mov eax, value; ret
static void put(unsigned char *at, int value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}
static int call(void *at) { return ((fn)at)(); }
static unsigned char *area(int prot, long pages) {
  unsigned char *p = mmap(NULL, (size_t)(pages * P), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  return p;
}

static void rwx(void) {
  unsigned char *p = area(RW | PROT_EXEC, 2);
  long sum = 0;
  for (int i = 0; i < 2000; i++) {
    put(p, i);
    sum += call(p);
  }
  CHECK_EQ(sum, 1999000);
  for (int i = 0; i < 300; i++) { // one byte of an immediate, many functions on the page
    put(p + 64 * (i % 40), i);
    CHECK_EQ(call(p + 64 * (i % 40)), i);
    p[64 * (i % 40) + 1] ^= 1;
    CHECK_EQ(call(p + 64 * (i % 40)), i ^ 1);
  }
  put(p + P - 3, 77); // across the page's end
  CHECK_EQ(call(p + P - 3), 77);
  p[P] = 1; // the immediate's third byte
  CHECK_EQ(call(p + P - 3), 77 | 1 << 16);
  p[P - 2] = 5;
  CHECK_EQ(call(p + P - 3), 5 | 1 << 16);
}

static void flips(void) {
  unsigned char *p = area(RW, 1);
  for (int i = 0; i < 300; i++) {
    CHECK_EQ(mprotect(p, P, RW), 0);
    put(p, i);
    put(p + 128, i * 3);
    CHECK_EQ(mprotect(p, P, RX), 0);
    CHECK_EQ(call(p) + call(p + 128), i * 4);
  }
}

static void views(void) {
  int fd = memfd_create("code", 0);
  CHECK_EQ(ftruncate(fd, P), 0);
  unsigned char *w = mmap(NULL, P, RW, MAP_SHARED, fd, 0), *x = mmap(NULL, P, RX, MAP_SHARED, fd, 0);
  CHECK(w != MAP_FAILED && x != MAP_FAILED);
  for (int i = 0; i < 300; i++) {
    put(w + 16, i);
    CHECK_EQ(call(x + 16), i);
  }
  unsigned char code[6];
  put(code, 4242);
  CHECK_EQ(pwrite(fd, code, 6, 16), 6);
  CHECK_EQ(call(x + 16), 4242);
  munmap(w, P);
  CHECK_EQ(call(x + 16), 4242);
}

// The next instruction is changed by the one before it.
static void next_insn(void) {
  unsigned char *p = area(RW | PROT_EXEC, 1);
  for (int i = 0; i < 200; i++) {
    // movb $i, [rip+1]; mov eax, imm32; ret     (the store goes into the immediate)
    unsigned char c[] = { 0xc6, 0x05, 0x01, 0, 0, 0, (unsigned char)i, 0xb8, 0xff, 0, 0, 0, 0xc3 };
    if (!i) memcpy(p, c, sizeof c);
    else p[6] = (unsigned char)i;
    CHECK_EQ(call(p), i);
  }
  // a loop that rewrites its own body: each turn adds another constant
  unsigned char l[] = { 0x31, 0xc0, 0xb9, 10, 0, 0, 0, /* 7: add eax, imm8 */ 0x83, 0xc0, 1, /* inc byte [rip-7] */ 0xfe, 0x05, 0xf9, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x75, 0xf3, 0xc3 };
  memcpy(p + 512, l, sizeof l);
  CHECK_EQ(call(p + 512), 55);
}

static void by_calls(void) { // written by the kernel, not by stores
  unsigned char *p = area(RW | PROT_EXEC, 1), c[6];
  int q[2];
  CHECK_EQ(pipe(q), 0);
  for (int i = 0; i < 50; i++) {
    put(c, i);
    CHECK_EQ(write(q[1], c, 6), 6);
    CHECK_EQ(read(q[0], p, 6), 6);
    CHECK_EQ(call(p), i);
  }
  int fd = open("code", O_RDWR | O_CREAT | O_TRUNC, 0600);
  put(c, 900);
  CHECK_EQ(write(fd, c, 6), 6);
  unsigned char *m = mmap(NULL, P, RX, MAP_SHARED, fd, 0);
  CHECK_EQ(call(m), 900);
  put(c, 901);
  CHECK_EQ(pwrite(fd, c, 6, 0), 6);
  CHECK_EQ(call(m), 901);
  unsigned char *v = mmap(NULL, P, RX, MAP_PRIVATE, fd, 0);
  CHECK_EQ(call(v), 901);
  munmap(m, P);
  memset(c, 0xcc, 6);
  unsigned char *z = mmap(v, P, RX, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0); // mapped over
  CHECK(z == v);
  CHECK_EQ(z[0], 0);
}

static sigjmp_buf jump;
static void on_fault(int s) { siglongjmp(jump, s); }
static void gone(void) {
  signal(SIGSEGV, on_fault);
  for (int i = 0; i < 20; i++) {
    unsigned char *p = area(RW | PROT_EXEC, 1);
    put(p, i);
    CHECK_EQ(call(p), i);
    if (i & 1) CHECK_EQ(munmap(p, P), 0);
    else CHECK_EQ(mprotect(p, P, RW), 0);
    int s = sigsetjmp(jump, 1);
    if (!s) {
      call(p);
      CHECK(!"reached");
    }
    CHECK_EQ(s, SIGSEGV);
    if (!(i & 1)) {
      CHECK_EQ(mprotect(p, P, RX), 0);
      CHECK_EQ(call(p), i);
      unsigned char *to = mremap(p, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, area(RW, 1));
      CHECK(to != MAP_FAILED);
      CHECK_EQ(call(to), i);
      CHECK_EQ(madvise(to, P, MADV_DONTNEED), 0);
      CHECK_EQ(to[0], 0);
    }
  }
}

static unsigned char *shared_code;
static volatile int stop_it, turn;
static void *changer(void *a) {
  (void)a;
  for (int i = 1; i <= 200; i++) {
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * i - 1) sched_yield();
    put(shared_code, i);
    __atomic_store_n(&turn, 2 * i, __ATOMIC_RELEASE);
  }
  return NULL;
}
static void threads(void) {
  shared_code = area(RW | PROT_EXEC, 1);
  put(shared_code, 0);
  pthread_t t;
  turn = 0;
  CHECK_EQ(pthread_create(&t, NULL, changer, NULL), 0);
  for (int i = 0; i < 200; i++) {
    CHECK_EQ(call(shared_code), i);
    __atomic_store_n(&turn, 2 * i + 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2 * i + 2) sched_yield();
  }
  pthread_join(t, NULL);
}

// A handler repairs the code that faulted.
static void repair(int s, siginfo_t *i, void *u) {
  (void)i, (void)s;
  unsigned char *ip = (unsigned char *)((ucontext_t *)u)->uc_mcontext.gregs[REG_RIP];
  CHECK_EQ(ip[0], 0x0f);
  put(ip, 321);
}
static void patched_by_handler(void) {
  struct sigaction a = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };
  sigaction(SIGILL, &a, NULL);
  unsigned char *p = area(RW | PROT_EXEC, 1);
  for (int i = 0; i < 20; i++) {
    p[0] = 0x0f;
    p[1] = 0x0b;
    CHECK_EQ(call(p), 321);
  }
}

static void forked(void) { // code changed in the child is the child's
  unsigned char *p = area(RW | PROT_EXEC, 1);
  put(p, 1);
  CHECK_EQ(call(p), 1);
  pid_t k = fork();
  if (!k) {
    CHECK_EQ(call(p), 1);
    put(p, 2);
    _exit(call(p));
  }
  CHECK_EQ(t_wait(k), 2);
  CHECK_EQ(call(p), 1);
  put(p, 3);
  CHECK_EQ(call(p), 3);
}

static void many_sizes(void) { // a JIT that fills and recycles a large region
  unsigned char *p = area(RW | PROT_EXEC, 64);
  long sum = 0;
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 64 * P - 16; i += 37) put(p + i, i + round);
    for (int i = 0; i < 64 * P - 16; i += 37 * 5) sum += call(p + i) - i;
  }
  CHECK_EQ(sum, 6l * ((64 * P - 16 + 184) / 185));
}

static void libraries(void) {
  for (int i = 0; i < 15; i++) {
    void *h = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL), *z = dlopen("libresolv.so.2", RTLD_LAZY);
    CHECK(h);
    double (*f)(double) = (double (*)(double))dlsym(h, "cos");
    CHECK(f && f(0) == 1.0);
    CHECK(!dlsym(h, "no such thing"));
    CHECK_EQ(dlclose(h), 0);
    if (z) dlclose(z);
  }
  CHECK(!dlopen("libnone.so", RTLD_NOW));
}
static int one_way(int x) { return x + 1; }
static int other_way(int x) { return x + 2; }
typedef int way(int);
int chosen(int x) __attribute__((ifunc("choose_at_start")));
way *choose_at_start(void);
way *choose_at_start(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse2") ? one_way : other_way;
}
static void ifuncs(void) {
  CHECK_EQ(chosen(41), 42);
  char a[300], b[300];
  for (int n = 0; n < 300; n += 13) {
    memset(a, n, sizeof a);
    memcpy(b, a, sizeof b);
    CHECK(!memcmp(a, b, (size_t)n));
    a[n] = 0;
    CHECK(strlen(a) <= (size_t)n);
  }
}

T_CASES({ "rwx", rwx }, { "flips", flips }, { "views", views }, { "next_insn", next_insn }, { "by_calls", by_calls }, { "gone", gone }, { "threads", threads },
  { "patched_by_handler", patched_by_handler }, { "forked", forked }, { "many_sizes", many_sizes }, { "libraries", libraries }, { "ifuncs", ifuncs })
