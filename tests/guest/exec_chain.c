// A program that execs itself many times keeps its pid, descriptors and working directory.
#include "guest/t.h"
int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 0;
  long pid = argc > 2 ? atol(argv[2]) : getpid();
  CHECK_EQ(getpid(), pid);
  if (n == 0) {
    CHECK_EQ(mkdir("d", 0755), 0);
    CHECK_EQ(chdir("d"), 0);
    int fd = open("f", O_RDWR | O_CREAT, 0644);
    CHECK_EQ(dup2(fd, 50), 50);
  }
  CHECK_EQ(dprintf(50, "%d\n", n) > 0, 1);
  if (n == 20) {
    char b[200] = { 0 };
    CHECK(pread(50, b, 199, 0) > 0);
    printf("%s", b);
    return 0;
  }
  char a[16], p[16];
  sprintf(a, "%d", n + 1);
  sprintf(p, "%ld", pid);
  execl("/proc/self/exe", argv[0], a, p, (char *)NULL);
  return 1;
}
