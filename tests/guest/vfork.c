// vfork: the child runs first, shares memory, execs or exits; nested; its signal dispositions are its own.
#include "guest/t.h"
#include <spawn.h>
extern char **environ;
static volatile int shared;
static void h(int s) {
  (void)s;
  shared += 100;
}
int main(int argc, char **argv) {
  if (argc > 1) {
    signal(SIGUSR1, SIG_DFL);
    printf("exec'd %s %d\n", argv[1], argc);
    return atoi(argv[1]);
  }
  signal(SIGUSR1, h);
  for (int i = 0; i < 10; i++) {
    shared = 0;
    pid_t c = vfork();
    if (c == 0) {
      shared = 5 + i;
      signal(SIGUSR1, SIG_IGN);
      _exit(i);
    }
    CHECK_EQ(shared, 5 + i);
    CHECK_EQ(t_wait(c), i);
  }
  shared = 0;
  raise(SIGUSR1);
  CHECK_EQ(shared, 100); // still the parent's handler
  for (int i = 0; i < 5; i++) {
    char n[8];
    sprintf(n, "%d", i);
    char *v[] = { argv[0], n, NULL };
    pid_t c = vfork();
    if (c == 0) {
      execve("/proc/self/exe", v, environ);
      _exit(99);
    }
    CHECK_EQ(t_wait(c), i);
  }
  pid_t c = vfork();
  if (c == 0) {
    execve("/no/such/file", argv, environ);
    shared = errno;
    _exit(3);
  }
  CHECK_EQ(t_wait(c), 3);
  CHECK_EQ(shared, ENOENT);
  fflush(stdout);
  posix_spawn_file_actions_t fa;
  posix_spawnattr_t at;
  posix_spawn_file_actions_init(&fa);
  posix_spawnattr_init(&at);
  posix_spawn_file_actions_addopen(&fa, 1, "spawned", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  sigset_t d;
  sigemptyset(&d);
  sigaddset(&d, SIGUSR1);
  posix_spawnattr_setsigdefault(&at, &d);
  posix_spawnattr_setpgroup(&at, 0);
  posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  char *v[] = { "sh", "-c", "echo from spawn; ps -o pgid= -p $$ > /dev/null 2>&1; exit 6", NULL };
  CHECK_EQ(posix_spawn(&c, "/bin/sh", &fa, &at, v, environ), 0);
  CHECK_EQ(t_wait(c), 6);
  char b[64] = { 0 };
  int fd = open("spawned", O_RDONLY);
  CHECK(read(fd, b, 63) > 0);
  printf("%s", b);
  CHECK_EQ(posix_spawnp(&c, "no-such-program-at-all", NULL, NULL, v, environ), ENOENT);
  CHECK_EQ(posix_spawnp(&c, "true", NULL, NULL, (char *[]){ "true", NULL }, environ), 0);
  CHECK_EQ(t_wait(c), 0);
  return 0;
}
