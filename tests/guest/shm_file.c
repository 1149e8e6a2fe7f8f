// A regular file that programs map without having inherited it from one another, as databases do with their lock tables: the
// first one has it plain until the second one comes; both write, with locked operations and without.
#include "guest/t.h"
enum { SIZE = 16384, TURNS = 300 };

static volatile int *map(void) {
  int fd = open("shm_file.tmp", O_RDWR);
  CHECK(fd >= 0);
  volatile int *m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK((void *)m != MAP_FAILED);
  close(fd);
  return m;
}

static void turns(volatile int *m, int me) {
  for (int i = 0; i < TURNS; i++) {
    for (int n = 0; m[0] % 2 != me; n++)
      if (n > 300) { n = 0; usleep(20); }
    m[100 + i] += me + 1;
    __atomic_fetch_add(&m[1], 1, __ATOMIC_SEQ_CST);
    m[0]++;
  }
}

int main(int argc, char **argv) {
  if (argc > 1) {
    volatile int *m = map();
    CHECK_EQ(m[2000], 77);
    turns(m, 1);
    return 5;
  }
  int fd = open("shm_file.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2];
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(ftruncate(fd, SIZE), 0);
  close(fd);
  pid_t c = fork(); // before anything is mapped
  if (!c) {
    char t;
    close(p[1]);
    CHECK_EQ(read(p[0], &t, 1), 1);
    close(p[0]);
    execl("/proc/self/exe", argv[0], "second", NULL);
    _exit(1);
  }
  volatile int *m = map();
  m[2000] = 77;
  m[0] = 0;
  CHECK_EQ(write(p[1], "x", 1), 1);
  turns(m, 0);
  CHECK_EQ(t_wait(c), 5);
  CHECK_EQ(m[0], 2 * TURNS);
  CHECK_EQ(m[1], 2 * TURNS);
  for (int i = 0; i < TURNS; i++) CHECK_EQ(m[100 + i], 3);
  CHECK_EQ(munmap((void *)m, SIZE), 0);
  CHECK_EQ(unlink("shm_file.tmp"), 0);
  printf("done\n");
  return 0;
}
