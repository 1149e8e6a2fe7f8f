// /proc/self shows the guest, not the recorder: exe, cmdline, comm, maps, status, fd, stat, auxv, environ, task, thread names.
// rr-test: args="some args"
#include "guest/t.h"
#include <sys/prctl.h>
#include <dirent.h>
#include <elf.h>
static char b[1 << 20];
static ssize_t slurp(const char *p) {
  int fd = open(p, O_RDONLY);
  CHECK(fd >= 0);
  ssize_t n, t = 0;
  while ((n = read(fd, b + t, sizeof b - 1 - (size_t)t)) > 0) t += n;
  b[t] = 0;
  close(fd);
  return t;
}
int main(int argc, char **argv) {
  ssize_t n = readlink("/proc/self/exe", b, sizeof b - 1);
  CHECK(n > 0);
  b[n] = 0;
  char *r = realpath(argv[0], NULL);
  CHECK(r && !strcmp(b, r));
  struct stat s1, s2;
  CHECK_EQ(stat("/proc/self/exe", &s1), 0);
  CHECK_EQ(stat(argv[0], &s2), 0);
  CHECK_EQ(s1.st_ino, s2.st_ino);
  int fd = open("/proc/self/exe", O_RDONLY);
  CHECK(fd >= 0);
  CHECK_EQ(read(fd, b, 4), 4);
  CHECK(!memcmp(b, "\177ELF", 4));
  close(fd);
  n = slurp("/proc/self/cmdline");
  CHECK_EQ(n, strlen(argv[0]) + 1 + strlen(argv[1]) + 1 + (argc > 2 ? strlen(argv[2]) + 1 : 0));
  CHECK(!strcmp(b, argv[0]));
  CHECK(!strcmp(b + strlen(b) + 1, argv[1]));
  slurp("/proc/self/comm");
  const char *base = strrchr(argv[0], '/') + 1;
  CHECK(!strncmp(b, base, strlen(base) < 15 ? strlen(base) : 15));
  CHECK_EQ(prctl(PR_SET_NAME, "renamed"), 0);
  slurp("/proc/self/comm");
  CHECK(!strcmp(b, "renamed\n"));
  char nm[16];
  CHECK_EQ(prctl(PR_GET_NAME, nm), 0);
  CHECK(!strcmp(nm, "renamed"));
  slurp("/proc/self/maps");
  CHECK(strstr(b, r));
  CHECK(strstr(b, "[stack]"));
  CHECK(strstr(b, "libc"));
  CHECK(!strstr(b, "rr-engine"));
  unsigned long lo, hi, prev = 0;
  int in_stack = 0, in_text = 0;
  for (char *l = strtok(b, "\n"); l; l = strtok(NULL, "\n")) {
    char perm[8];
    CHECK_EQ(sscanf(l, "%lx-%lx %7s", &lo, &hi, perm), 3);
    CHECK(lo < hi && lo >= prev);
    prev = hi;
    if ((unsigned long)&argc >= lo && (unsigned long)&argc < hi) {
      in_stack = 1;
      CHECK(strstr(l, "[stack]"));
      CHECK(!strncmp(perm, "rw", 2));
    }
    if ((unsigned long)main >= lo && (unsigned long)main < hi) {
      in_text = 1;
      CHECK(!strncmp(perm, "r-xp", 4));
      CHECK(strstr(l, r));
    }
  }
  CHECK(in_stack && in_text);
  slurp("/proc/self/status");
  char *p = strstr(b, "\nPid:");
  CHECK(p && atoi(p + 5) == getpid());
  p = strstr(b, "\nPPid:");
  CHECK(p && atoi(p + 6) == getppid());
  p = strstr(b, "\nTracerPid:");
  CHECK(p && atoi(p + 11) == 0);
  p = strstr(b, "\nThreads:");
  CHECK(p && atoi(p + 9) == 1);
  CHECK(!strncmp(b, "Name:\trenamed", 13));
  slurp("/proc/self/stat");
  CHECK_EQ(atoi(b), getpid());
  n = slurp("/proc/self/environ");
  CHECK(n > 5);
  CHECK(memmem(b, (size_t)n, "TESTS=", 6));
  CHECK(!memmem(b, (size_t)n, "RR_ENGINE", 9));
  n = slurp("/proc/self/auxv");
  Elf64_auxv_t *a = (void *)b;
  int seen = 0;
  for (; (char *)a < b + n && a->a_type; a++)
    if (a->a_type == AT_PHDR) seen = ((Elf64_Phdr *)a->a_un.a_val)->p_type != 0;
  CHECK(seen);
  DIR *d = opendir("/proc/self/task");
  int tasks = 0;
  struct dirent *e;
  while ((e = readdir(d)))
    if (e->d_name[0] != '.') {
      CHECK_EQ(atoi(e->d_name), getpid());
      tasks++;
    }
  closedir(d);
  CHECK_EQ(tasks, 1);
  sprintf(nm, "/proc/%d/exe", getpid());
  n = readlink(nm, b, sizeof b - 1);
  CHECK(n > 0);
  b[n] = 0;
  CHECK(!strcmp(b, r));
  CHECK_EQ(readlink("/proc/self", b, 100) > 0, 1);
  CHECK_EQ(atoi(b), getpid());
  n = readlink("/proc/self/cwd", b, sizeof b);
  CHECK(n > 0);
  n = readlink("/proc/self/fd/0", b, sizeof b);
  CHECK(n > 0);
  b[n] = 0;
  puts(b);
  fd = open("/proc/self/mem", O_RDONLY);
  if (fd >= 0) {
    long v = 0x1122334455667788, w = 0;
    CHECK_EQ(pread(fd, &w, 8, (off_t)(uintptr_t)&v), 8);
    CHECK_EQ(w, v);
    close(fd);
  }
  puts("ok");
  return 0;
}
