// What guest tests share: checks that name their line, and system calls with junk in the registers they do not use.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// A failed check ends the whole program at once, also from a handler, a thread or a vfork child.
static inline void t_fail(const char *file, int line, const char *what, long a, long b) {
  char text[400];
  int n = snprintf(text, sizeof text, "%s:%d: %s (%ld, %ld; errno %d) pid %d\n", file, line, what, a, b, errno, (int)getpid());
  (void)!write(2, text, (size_t)n);
  _exit(99);
}
#define CHECK(c) \
  do { \
    if (!(c)) t_fail(__FILE__, __LINE__, #c, 0, 0); \
  } while (0)
#define CHECK_EQ(a, b) \
  do { \
    long t_a = (long)(a), t_b = (long)(b); \
    if (t_a != t_b) t_fail(__FILE__, __LINE__, #a " == " #b, t_a, t_b); \
  } while (0)
// CALL must give -1 and ERR.
#define CHECK_ERR(call, err) \
  do { \
    errno = 0; \
    long t_r = (long)(call); \
    if (t_r != -1 || errno != (err)) t_fail(__FILE__, __LINE__, #call " fails with " #err, t_r, errno); \
  } while (0)

// The raw call: -errno on failure. Arguments not given hold junk, which the kernel must not look at (SYS1..SYS6: how many it takes).
static inline long t_sys(long nr, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long r;
  __asm__ volatile("syscall" : "=a"(r), "+r"(r10), "+r"(r8), "+r"(r9) : "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}
#define T_JUNK 0x5aadbeef5a5a5a5al
#define SYS0(n) t_sys(n, T_JUNK, T_JUNK, T_JUNK, T_JUNK, T_JUNK, T_JUNK)
#define SYS1(n, a) t_sys(n, (long)(a), T_JUNK, T_JUNK, T_JUNK, T_JUNK, T_JUNK)
#define SYS2(n, a, b) t_sys(n, (long)(a), (long)(b), T_JUNK, T_JUNK, T_JUNK, T_JUNK)
#define SYS3(n, a, b, c) t_sys(n, (long)(a), (long)(b), (long)(c), T_JUNK, T_JUNK, T_JUNK)
#define SYS4(n, a, b, c, d) t_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), T_JUNK, T_JUNK)
#define SYS5(n, a, b, c, d, e) t_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), T_JUNK)
#define SYS6(n, a, b, c, d, e, f) t_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
// An int argument with junk in the upper half of its register.
#define J32(x) ((long)((unsigned long)(unsigned)(x) | 0xdeadbeef00000000ul))

static inline int t_wait(pid_t pid) { // waits for the child; its exit code, or 1000 + signal
  int st;
  pid_t r;
  do r = waitpid(pid, &st, 0);
  while (r < 0 && errno == EINTR);
  CHECK_EQ(r, pid);
  return WIFEXITED(st) ? WEXITSTATUS(st) : 1000 + WTERMSIG(st);
}
static inline uint64_t t_hash(const void *p, size_t n) {
  const unsigned char *b = p;
  uint64_t h = 1469598103934665603ull;
  for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 1099511628211ull;
  return h;
}
static inline double t_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static inline void t_write_file(const char *path, const void *p, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, p, n), n);
  close(fd);
}
// A program of several cases: all run in order, or those named by arguments (-l lists them).
struct t_case {
  const char *name;
  void (*run)(void);
};
static inline int t_cases(int argc, char **argv, const struct t_case *c, size_t n) {
  for (size_t i = 0; i < n; i++) {
    bool chosen = argc < 2;
    for (int k = 1; k < argc; k++) chosen |= !strcmp(argv[k], c[i].name);
    if (argc == 2 && !strcmp(argv[1], "-l")) puts(c[i].name);
    if (!chosen) continue;
    c[i].run();
    printf("%s ok\n", c[i].name);
    fflush(stdout);
  }
  return 0;
}
#define T_CASES(...) \
  int main(int argc, char **argv) { \
    static const struct t_case cases[] = { __VA_ARGS__ }; \
    return t_cases(argc, argv, cases, sizeof cases / sizeof *cases); \
  }
