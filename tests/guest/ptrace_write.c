// A tracer writes its stopped child's memory in all ways: PTRACE_POKEDATA, process_vm_writev, /proc/PID/mem (also into code and constants).
#include "guest/t.h"
#include <sys/ptrace.h>
#include <sys/uio.h>
static long words[4] = { 1, 2, 3, 4 };
static char text[5000];
static __attribute__((noipa)) int code(void) { return 41; }
static const char constant[16] = "constant";
static const char *volatile where = constant;
int main(void) {
  pid_t k = fork();
  if (!k) {
    CHECK_EQ(code(), 41);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    CHECK_EQ(words[1], 22);
    CHECK_EQ(words[2], 33);
    CHECK_EQ(words[3], 44);
    CHECK(!strcmp(text + 4000, "through a page"));
    CHECK_EQ(text[0], 'x');
    CHECK_EQ(text[2999], 'x');
    CHECK_EQ(text[3000], 0);
    CHECK_EQ(code(), 42);
    CHECK(!strcmp(where, "Constant"));
    _exit(words[0] == 1 ? 9 : 8);
  }
  int st;
  CHECK_EQ(waitpid(k, &st, 0), k);
  CHECK(WIFSTOPPED(st));
  CHECK_EQ(ptrace(PTRACE_POKEDATA, k, &words[1], 22), 0);
  static char x[3000];
  memset(x, 'x', sizeof x);
  long v[2] = { 33, 44 };
  struct iovec from[3] = { { v, 8 }, { v + 1, 8 }, { x, sizeof x } }, to[2] = { { &words[2], 16 }, { text, sizeof x } };
  CHECK_EQ(process_vm_writev(k, from, 3, to, 2, 0), 3016);
  struct iovec bad = { (void *)16, 8 };
  CHECK_ERR(process_vm_writev(k, from, 1, &bad, 1, 0), EFAULT);
  long back[4];
  struct iovec in = { back, sizeof back }, out = { words, sizeof words };
  CHECK_EQ(process_vm_readv(k, &in, 1, &out, 1, 0), sizeof back);
  CHECK_EQ(back[3], 44);
  char name[40];
  snprintf(name, sizeof name, "/proc/%d/mem", (int)k);
  int fd = open(name, O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(pwrite(fd, "through a page", 15, (off_t)(text + 4000)), 15);
  CHECK_EQ(pwrite(fd, "C", 1, (off_t)constant), 1);
  unsigned char *c = (unsigned char *)code;
  for (int i = 0; i < 16; i++)
    if (c[i] == 41) {
      CHECK_EQ(pwrite(fd, "\x2a", 1, (off_t)(c + i)), 1);
      break;
    }
  CHECK_EQ(pwrite(fd, "C", 1, 16), -1);
  close(fd);
  CHECK_EQ(ptrace(PTRACE_CONT, k, 0, 0), 0);
  CHECK_EQ(t_wait(k), 9);
  CHECK_EQ(words[1], 2);
  puts("ok");
  return 0;
}
