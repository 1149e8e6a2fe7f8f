// exec that fails leaves the program as it was, with Linux's error; exec of scripts, with argument, nested, by descriptor; close-on-exec.
#include "guest/t.h"
#include <sys/resource.h>
extern char **environ;
static int ex(const char *path) {
  char *v[] = { (char *)path, "a", "b c", NULL };
  execve(path, v, environ);
  return errno;
}
static int in_child(const char *path, char **v, char **e) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    execve(path, v, e);
    _exit(200 + (errno == ENOENT));
  }
  return t_wait(c);
}
int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "fds")) {
    int open_fds = 0;
    for (int i = 3; i < 100; i++) open_fds += fcntl(i, F_GETFD) >= 0;
    printf("exec'd: %d open, arg %s, env %s\n", open_fds, argv[2], getenv("ONLY") ? getenv("ONLY") : "?");
    return 11;
  }
  CHECK_EQ(ex("/no/such/program"), ENOENT);
  CHECK_EQ(ex(""), ENOENT);
  CHECK_EQ(ex("/tmp"), EACCES);
  CHECK_EQ(ex("/etc/passwd/x"), ENOTDIR);
  t_write_file("noexec", "#!/bin/sh\necho no\n", 18);
  CHECK_EQ(chmod("noexec", 0644), 0);
  CHECK_EQ(ex("./noexec"), EACCES);
  t_write_file("garbage", "\1\2\3\4 garbage", 12);
  chmod("garbage", 0755);
  CHECK_EQ(ex("./garbage"), ENOEXEC);
  t_write_file("empty", "", 0);
  chmod("empty", 0755);
  CHECK_EQ(ex("./empty"), ENOEXEC);
  t_write_file("short", "\177ELF", 4);
  chmod("short", 0755);
  CHECK_EQ(ex("./short"), ENOEXEC);
  t_write_file("nointerp", "#!/no/such/interpreter\n", 23);
  chmod("nointerp", 0755);
  CHECK_EQ(ex("./nointerp"), ENOENT);
  t_write_file("loop1", "#!./loop1\n", 10);
  chmod("loop1", 0755);
  CHECK_EQ(ex("./loop1"), ELOOP);
  t_write_file("blank", "#!   \n", 6);
  chmod("blank", 0755);
  CHECK_EQ(ex("./blank"), ENOEXEC);
  char longname[5000];
  memset(longname, 'x', 4999);
  longname[4999] = 0;
  CHECK_EQ(ex(longname), ENAMETOOLONG);
  CHECK_EQ(SYS3(SYS_execve, "/bin/true", 8, 0), -EFAULT);
  CHECK_EQ(SYS3(SYS_execve, 16, 0, 0), -EFAULT);
  static char huge[140000];
  memset(huge, 'y', sizeof huge - 1);
  char *hv[] = { "true", huge, NULL };
  execve("/bin/true", hv, environ);
  CHECK_EQ(errno, E2BIG); // one string over 128 KiB
  int w = open("busy", O_RDWR | O_CREAT, 0755);
  {
    int r = open("/bin/true", O_RDONLY);
    char b[65536];
    ssize_t n;
    while ((n = read(r, b, sizeof b)) > 0) CHECK_EQ(write(w, b, (size_t)n), n);
    close(r);
  }
  CHECK_EQ(ex("./busy"), ETXTBSY);
  close(w);
  char *tv[] = { "busy", NULL };
  CHECK_EQ(in_child("./busy", tv, environ), 0);
  // scripts
  t_write_file("script", "#!/bin/sh -e\necho \"$0 $# $1|$2\"\nexit 9\n", 40);
  chmod("script", 0755);
  char *sv[] = { "ignored", "one", "two words", NULL };
  CHECK_EQ(in_child("./script", sv, environ), 9);
  t_write_file("outer", "#!./script with more\n", 21);
  chmod("outer", 0755);
  CHECK_EQ(in_child("./outer", sv, environ), 9);
  // the environment is exactly what was given; descriptors with close-on-exec are closed, others stay
  for (int i = 3; i < 60; i++) close(i);
  int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY | O_CLOEXEC), c = open("/dev/null", O_RDONLY);
  CHECK(a == 3 && b == 4 && c == 5);
  fcntl(c, F_SETFD, FD_CLOEXEC);
  char *fv[] = { argv[0], "fds", "", NULL }, *fe[] = { "ONLY=this", NULL };
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  CHECK(n > 0);
  self[n] = 0;
  CHECK_EQ(in_child(self, fv, fe), 11);
  int xfd = open(self, O_RDONLY | O_CLOEXEC);
  fflush(stdout);
  pid_t p = fork();
  if (p == 0) {
    fexecve(xfd, fv, fe);
    _exit(77);
  }
  CHECK_EQ(t_wait(p), 11);
  p = fork();
  if (p == 0) {
    syscall(SYS_execveat, xfd, "", fv, fe, AT_EMPTY_PATH);
    _exit(77);
  }
  CHECK_EQ(t_wait(p), 11);
  // ignored signals stay ignored, handled ones become default, the mask and the pending set stay
  signal(SIGUSR1, SIG_IGN);
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGUSR2);
  sigprocmask(SIG_BLOCK, &m, NULL);
  char *gv[] = { "sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status", NULL };
  CHECK_EQ(in_child("/bin/sh", gv, environ), 0);
  // finally exec for real, with no arguments at all but argv[0]
  fflush(stdout);
  char *last[] = { "echo", "the end", NULL };
  execve("/bin/echo", last, (char *[]){ NULL });
  return 1;
}
