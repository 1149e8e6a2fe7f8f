// Shared memory that is written by one process and mapped for reading only by another, by a read-only descriptor, long after its
// last time stamp: what is read changes under the reader.
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include "guest/t.h"
struct page { atomic_int go, seen, value; };
int main(void) {
  char path[64];
  int fd = (int)syscall(SYS_memfd_create, "page", 0), ready[2];
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, 4096), 0);
  CHECK_EQ(pipe(ready), 0);
  usleep(2100000); // longer than the clock of a time stamp is distrusted
  snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), fd);
  pid_t child = fork();
  if (!child) {
    int ro = open(path, O_RDONLY);
    CHECK(ro >= 0);
    struct page *p = mmap(NULL, sizeof *p, PROT_READ, MAP_SHARED, ro, 0);
    CHECK(p != MAP_FAILED);
    CHECK_EQ(p->go, 0);
    CHECK_EQ(write(ready[1], "x", 1), 1);
    long turns = 0;
    while (!p->go) { turns++; sched_yield(); }
    CHECK_EQ(p->value, 42);
    _exit(turns >= 0 ? 7 : 8);
  }
  struct page *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(p != MAP_FAILED);
  char x;
  CHECK_EQ(read(ready[0], &x, 1), 1);
  p->value = 42;
  p->go = 1;
  CHECK_EQ(t_wait(child), 7);
  puts("read");
  return 0;
}
