// Mappings of shared objects, all of which another process writes: by name, by descriptor, System V segments, files; seen twice,
// parts of them unmapped, protected, moved, punched out; an end that lies before the mapping's; what exec and fork keep.
#include "guest/t.h"
#include <sched.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PAGE = 4096, SIZE = 8 * PAGE };
typedef volatile unsigned char *bytes;

// The other process: writes n at every page's start + off of the object behind fd, and says so.
static pid_t writer(int fd, int to[2], int from[2]) {
  CHECK_EQ(pipe(to), 0);
  CHECK_EQ(pipe(from), 0);
  pid_t c = fork();
  if (c) { close(to[0]); close(from[1]); return c; }
  close(to[1]);
  close(from[0]);
  bytes m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK((void *)m != MAP_FAILED);
  unsigned char n;
  while (read(to[0], &n, 1) == 1) {
    for (int k = 0; k < SIZE; k += PAGE) m[k + n] = n;
    CHECK_EQ(write(from[1], &n, 1), 1);
  }
  _exit(0);
}
static int to[2], from[2];
static void tell(unsigned char n) {
  CHECK_EQ(write(to[1], &n, 1), 1);
  CHECK_EQ(read(from[0], &n, 1), 1);
}

static void views(int fd) {
  bytes a = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  bytes b = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  bytes ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
  CHECK((void *)a != MAP_FAILED && (void *)b != MAP_FAILED && (void *)ro != MAP_FAILED);
  tell(1);
  for (int k = 0; k < SIZE; k += PAGE) CHECK(a[k + 1] == 1 && b[k + 1] == 1);
  CHECK_EQ(ro[1], 1);
  a[1] = 2;
  CHECK_EQ(b[1], 2);
  tell(1);
  CHECK_EQ(b[1], 1);
  CHECK_EQ(a[1], 1);
  b[2 * PAGE + 100] = 9;
  CHECK_EQ(a[2 * PAGE + 100], 9);
  // parts
  CHECK_EQ(munmap((void *)(a + 2 * PAGE), PAGE), 0);
  CHECK_EQ(mprotect((void *)(a + 4 * PAGE), 2 * PAGE, PROT_READ), 0);
  tell(3);
  CHECK_EQ(a[4 * PAGE + 3], 3);
  CHECK_EQ(a[PAGE + 3], 3);
  CHECK_EQ(a[3 * PAGE + 3], 3);
  CHECK_EQ(mprotect((void *)(a + 4 * PAGE), PAGE, PROT_NONE), 0);
  tell(4);
  CHECK_EQ(mprotect((void *)(a + 4 * PAGE), PAGE, PROT_READ | PROT_WRITE), 0);
  CHECK_EQ(a[4 * PAGE + 4], 4);
  a[4 * PAGE + 4]++;
  CHECK_EQ(b[4 * PAGE + 4], 5);
  // a private page in the hole
  bytes hole = mmap((void *)(a + 2 * PAGE), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK((void *)hole == (void *)(a + 2 * PAGE));
  hole[3] = 77;
  memset((void *)(a + PAGE), 6, 3 * PAGE);
  CHECK_EQ(hole[PAGE - 1], 6);
  CHECK_EQ(b[PAGE + 5], 6);
  CHECK_EQ(b[3 * PAGE + 5], 6);
  CHECK_EQ(b[2 * PAGE + 5], 0);
  // moved, shrunk, grown
  bytes moved = mremap((void *)b, SIZE, SIZE / 2, 0);
  CHECK((void *)moved == (void *)b);
  moved = mremap((void *)b, SIZE / 2, SIZE, MREMAP_MAYMOVE);
  CHECK((void *)moved != MAP_FAILED);
  tell(7);
  for (int k = 0; k < SIZE; k += PAGE) CHECK_EQ(moved[k + 7], 7);
  moved[7 * PAGE + 9] = 9;
  CHECK_EQ(a[7 * PAGE + 9], 9);
  CHECK_EQ(a[6 * PAGE + 7], 7);
  CHECK_EQ(msync((void *)a, PAGE, MS_SYNC), 0);
  CHECK_EQ(madvise((void *)a, PAGE, MADV_DONTNEED), 0);
  CHECK_EQ(a[7], 7);
  CHECK_EQ(madvise((void *)(moved + 5 * PAGE), PAGE, MADV_REMOVE), 0);
  CHECK_EQ(a[5 * PAGE + 7], 0);
  tell(8);
  CHECK_EQ(moved[5 * PAGE + 8], 8);
  CHECK_EQ(moved[5 * PAGE + 7], 0);
  // system calls
  unsigned char got[16];
  CHECK_EQ(pwrite(fd, "hello", 5, 6 * PAGE + 50), 5);
  CHECK_EQ(memcmp((void *)(moved + 6 * PAGE + 50), "hello", 5), 0);
  moved[6 * PAGE + 50] = 'H';
  CHECK_EQ(pread(fd, got, 5, 6 * PAGE + 50), 5);
  CHECK_EQ(memcmp(got, "Hello", 5), 0);
  CHECK_EQ(munmap((void *)a, SIZE), 0);
  CHECK_EQ(munmap((void *)moved, SIZE), 0);
  CHECK_EQ(munmap((void *)ro, PAGE), 0);
}

static volatile int buses;
static void *volatile bus_page;
static void on_bus(int sig, siginfo_t *i, void *u) {
  (void)u;
  CHECK_EQ(sig, SIGBUS);
  CHECK((void *)((unsigned long)i->si_addr & -4096ul) == bus_page);
  buses++;
  mmap(bus_page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
// The object ends in the middle of the mapping.
static void beyond(int fd) {
  struct sigaction a = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
  sigaction(SIGBUS, &a, NULL);
  bytes m = mmap(NULL, 12 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  m[7 * PAGE] = 1;
  bus_page = (void *)(m + 8 * PAGE);
  m[8 * PAGE + 5] = 3;
  bus_page = (void *)(m + 9 * PAGE);
  (void)m[9 * PAGE + 5];
  bus_page = (void *)(m + 10 * PAGE);
  __atomic_fetch_add((int *)(m + 10 * PAGE), 1, __ATOMIC_SEQ_CST);
  CHECK_EQ(buses, 3);
  CHECK_EQ(m[8 * PAGE + 5], 3);
  CHECK_EQ(munmap((void *)m, 12 * PAGE), 0);
  signal(SIGBUS, SIG_DFL);
}

// Another process makes it longer than it was when it was mapped.
static void grown(int fd) {
  CHECK_EQ(ftruncate(fd, PAGE), 0);
  bytes m = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), ro = mmap(NULL, 32 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  m[5] = 5;
  pid_t c = fork();
  if (!c) {
    CHECK_EQ(ftruncate(fd, 20 * PAGE), 0);
    bytes n = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    n[4 * PAGE + 100] = 7;
    n[17 * PAGE + 100] = 8;
    CHECK_EQ(n[5], 5);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  CHECK_EQ(m[3 * PAGE + 9], 0);
  CHECK_EQ(m[4 * PAGE + 100], 7);
  CHECK_EQ(ro[5 * PAGE], 0);
  m[6 * PAGE] = 6;
  CHECK_EQ(__atomic_fetch_add((int *)(m + 7 * PAGE), 7, __ATOMIC_SEQ_CST), 0);
  memset((void *)(m + 8 * PAGE), 8, 2 * PAGE);
  CHECK_EQ(pread(fd, (void *)(m + 11 * PAGE + 3), 50, 4 * PAGE + 90), 50);
  CHECK_EQ(m[11 * PAGE + 13], 7);
  CHECK(ro[6 * PAGE] == 6 && ro[7 * PAGE] == 7 && ro[9 * PAGE + 4095] == 8 && ro[11 * PAGE + 13] == 7);
  CHECK_EQ(mprotect((void *)(m + 12 * PAGE), 20 * PAGE, PROT_READ), 0);
  CHECK_EQ(m[17 * PAGE + 100], 8);
  CHECK_EQ(m[19 * PAGE], 0);
  CHECK_EQ(ftruncate(fd, SIZE), 0);
  CHECK_EQ(munmap((void *)m, 32 * PAGE), 0);
  CHECK_EQ(munmap((void *)ro, 32 * PAGE), 0);
}

// And shorter.
static void shrunk(int fd) {
  struct sigaction a = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
  sigaction(SIGBUS, &a, NULL);
  CHECK_EQ(ftruncate(fd, 8 * PAGE), 0);
  bytes m = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memset((void *)m, 1, 8 * PAGE);
  pid_t c = fork();
  if (!c) {
    CHECK_EQ(ftruncate(fd, 3 * PAGE), 0);
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  buses = 0;
  for (int k = 3; k < 7; k++) {
    bus_page = (void *)(m + k * PAGE);
    if (k == 3) CHECK_EQ(m[k * PAGE + 7], 0);
    if (k == 4) m[k * PAGE + 8] = 3;
    if (k == 5) __atomic_fetch_add((int *)(m + k * PAGE), 1, __ATOMIC_SEQ_CST);
    if (k == 6) { void *d = (void *)(m + PAGE), *q = (void *)(m + k * PAGE - 10); long n = 100; __asm__ volatile("rep movsb" : "+D"(d), "+S"(q), "+c"(n) : : "memory"); }
  }
  CHECK_EQ(buses, 4);
  CHECK_EQ(m[PAGE + 50], 0);
  CHECK_EQ(m[2 * PAGE + 9], 1);
  CHECK_EQ(ftruncate(fd, SIZE), 0);
  CHECK_EQ(m[7 * PAGE + 9], 0);
  CHECK_EQ(munmap((void *)m, 8 * PAGE), 0);
  signal(SIGBUS, SIG_DFL);
}

static void system_v(void) {
  int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
  CHECK(id >= 0);
  bytes m = shmat(id, NULL, 0);
  CHECK((void *)m != (void *)-1);
  int p[2], q[2];
  char t;
  CHECK_EQ(pipe(p), 0);
  CHECK_EQ(pipe(q), 0);
  pid_t c = fork();
  if (!c) {
    bytes n = shmat(id, NULL, 0);
    for (int i = 1; i < 20; i++) {
      while (m[0] != i) sched_yield();
      n[1] = (unsigned char)i;
      CHECK_EQ(write(p[1], "x", 1), 1);
      CHECK_EQ(read(q[0], &t, 1), 1);
    }
    CHECK_EQ(shmdt((void *)n), 0);
    _exit(0);
  }
  struct shmid_ds ds;
  for (int i = 1; i < 20; i++) {
    m[0] = (unsigned char)i;
    CHECK_EQ(read(p[0], &t, 1), 1);
    CHECK_EQ(m[1], i);
    if (i == 10) { CHECK_EQ(shmctl(id, IPC_STAT, &ds), 0); CHECK_EQ(ds.shm_nattch, 3); }
    CHECK_EQ(write(q[1], "y", 1), 1);
  }
  CHECK_EQ(t_wait(c), 0);
  CHECK_EQ(shmctl(id, IPC_RMID, &ds), 0);
  CHECK_EQ(shmdt((void *)m), 0);
}

int main(int argc, char **argv) {
  char name[64];
  if (argc > 1) { // after exec: the object is reached by its descriptor only
    bytes m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[1]), 0);
    while (m[10] != 1) sched_yield();
    m[11] = 2;
    return 7;
  }
  snprintf(name, sizeof name, "/rr-shm_map.%d", (int)getpid());
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0);
  CHECK_EQ(shm_unlink(name), 0);
  CHECK_EQ(ftruncate(fd, SIZE), 0);
  int mem = memfd_create("test", 0);
  CHECK_EQ(ftruncate(mem, SIZE), 0);
  char file[] = "shm_map.tmp";
  int reg = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(ftruncate(reg, SIZE), 0);
  unlink(file);
  int fds[2] = { fd, mem };
  for (int i = 0; i < 2; i++) {
    pid_t c = writer(fds[i], to, from);
    views(fds[i]);
    close(to[1]);
    CHECK_EQ(t_wait(c), 0);
    close(from[0]);
    beyond(fds[i]);
    buses = 0;
    grown(fds[i]);
    shrunk(fds[i]);
    buses = 0;
  }
  // a regular file, mapped before the fork
  bytes m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, reg, 0);
  m[5] = 5;
  pid_t c = fork();
  if (!c) {
    while (m[6] != 6) sched_yield();
    m[5]++;
    m[7] = 7;
    _exit(0);
  }
  m[6] = 6;
  while (m[7] != 7) sched_yield();
  CHECK_EQ(m[5], 6);
  CHECK_EQ(t_wait(c), 0);
  system_v();
  m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
  c = fork();
  if (!c) {
    char n[16];
    snprintf(n, sizeof n, "%d", mem);
    execl("/proc/self/exe", argv[0], n, NULL);
    _exit(1);
  }
  m[10] = 1;
  while (m[11] != 2) sched_yield();
  CHECK_EQ(t_wait(c), 7);
  printf("done\n");
  return 0;
}
