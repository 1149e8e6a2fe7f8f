// rr record, replay -a, dump, ps with a fake engine (fake_engine.c): endings of all kinds, damage, full disks, many processes.
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "tests/unit/unit.h"

static char rr[4096], output[1 << 20];

// Runs rr; returns its wait status, output (both streams) in output[].
static int run_rr(const char *arguments) {
  char command[8192];
  snprintf(command, sizeof command, "exec %s %s >out 2>&1", rr, arguments);
  pid_t pid = fork();
  if (!pid) {
    execl("/bin/sh", "sh", "-c", command, NULL);
    _exit(127);
  }
  int status, fd;
  expect(waitpid(pid, &status, 0) == pid && (fd = open("out", O_RDONLY)) >= 0);
  ssize_t n = read(fd, output, sizeof output - 1);
  output[n > 0 ? n : 0] = 0;
  close(fd);
  return status;
}

#define expect_exit(arguments, code) \
  do { \
    int s = run_rr(arguments); \
    if (WIFEXITED(s) && WEXITSTATUS(s) == (code)) break; \
    fprintf(stderr, "%s:%d: rr %s: status 0x%x instead of exit %d\n%s", __FILE__, __LINE__, arguments, s, code, output); \
    abort(); \
  } while (0)
#define expect_signal(arguments, signo) \
  do { \
    int s = run_rr(arguments); \
    if (WIFSIGNALED(s) && WTERMSIG(s) == (signo)) break; \
    fprintf(stderr, "%s:%d: rr %s: status 0x%x instead of signal %d\n%s", __FILE__, __LINE__, arguments, s, signo, output); \
    abort(); \
  } while (0)

static void remove_trace(const char *name) {
  char command[256];
  snprintf(command, sizeof command, "rm %s", name);
  expect_exit(command, 0);
}

static bool there(const char *path) { return access(path, F_OK) == 0; }

static void endings(void) {
  expect_exit("record /bin/true events=10", 0);
  expect(there("trace_0/frames") && !*output);
  expect_exit("replay -a trace_0", 0);
  expect_exit("record /bin/true events=3000 status=7", 7);
  expect_exit("replay -a trace_1", 7);
  expect_signal("record /bin/true signal=6", 6);
  expect_signal("replay -a trace_2", 6);
  expect_signal("record /bin/true events=2000 ticks=500 kill", 9);
  expect_signal("replay -a trace_3", 9);
  expect_exit("dump trace_3 2002", 0);
  expect(strstr(output, "0:2002 ") && strstr(output, "ticks 20510 ") && strstr(output, "SIGKILL"));
  expect_exit("dump trace_0 1-3", 0);
  expect(strstr(output, "0:1 ") && strstr(output, "0:3 ") && !strstr(output, "0:4 ") && strstr(output, "write(0, 0, 0) = 0"));
  expect_exit("dump --json trace_0", 0);
  expect(strstr(output, "\"type\":\"syscall\""));
  for (int i = 0; i < 4; i++) remove_trace((const char *[]){ "trace_0", "trace_1", "trace_2", "trace_3" }[i]);
}

static void no_start(void) {
  static const char *const lines[] = { "record nowhere", "record ./nowhere", "record /", "record -o /nowhere/at/all /bin/true", "record /etc/passwd", "record text", "record /bin/true panic=1" };
  FILE *f = fopen("text", "w");
  fputs("no program\n", f);
  fclose(f);
  expect(chmod("text", 0755) == 0);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) expect_exit(lines[i], 69);
  expect(!there("trace_0"));
  expect_exit("record", 2);
  expect_exit("record --nonsense /bin/true", 2);
  expect_exit("replay -a nowhere", 65);
  expect_exit("traceinfo /dev/null", 65);
}

static void trees(void) {
  expect_exit("record -o tree /bin/true forks=40 status=3", 3);
  expect_exit("replay -a tree", 3);
  expect_exit("ps tree", 0);
  expect(strstr(output, "PID\tPPID\tEXIT\tCMD\n") == output && strstr(output, "\t--\t3\t/bin/true 'forks=40'") == NULL);
  int lines = 0;
  for (char *p = output; (p = strchr(p, '\n')); p++) lines++;
  expect(lines == 42);
  expect_exit("record -o orphan /bin/true forks=3 orphan", 0);
  expect_exit("replay -a orphan", 0);
  expect_exit("traceinfo orphan", 0);
  expect(strstr(output, "\"complete\": true") && strstr(output, "\"streams\": 4"));
  expect_exit("mv orphan tree2", 0);
  expect_exit("pack tree2", 0);
  expect_exit("rm tree tree2", 0);
}

static void options(void) {
  expect_exit("record -v FOO=bar -o env /bin/true env", 0);
  expect_exit("dump env 2", 0);
  expect(strstr(output, "= 1\n"));
  expect_exit("record -o notes /bin/true notes=9", 0);
  char *first = strstr(output, "[WARN] rr take note\n");
  expect(first && !strstr(first + 20, "take note"));
  expect_exit("record -p 1 -o printed /bin/true", 0);
  expect(strstr(output, "/printed\n"));
  expect_exit("record -o kept /bin/true keep=/bin/true", 0);
  expect(there("kept/file_1"));
  expect_exit("replay -a kept", 0);
  expect(setenv("_RR_TRACE_DIR", "folder", 1) == 0);
  expect_exit("record /bin/true", 0);
  expect(there("folder/trace_0/frames") && there("folder/latest-trace/frames"));
  expect_exit("replay -a", 0);
  expect_exit("replay -a trace_0", 0);
  expect_exit("ls", 0);
  expect(!strcmp(output, "trace_0\n"));
  unsetenv("_RR_TRACE_DIR");
  expect_exit("rm env notes printed kept folder/trace_0", 0);
}

static void gone_wild(void) {
  static const char *const what[] = { "size", "used", "stream", "number", "list" };
  for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
    char line[128];
    snprintf(line, sizeof line, "record -o wild /bin/true events=1000 corrupt=%s", what[i]);
    expect_exit(line, 1);
    expect(strstr(output, "damaged"));
    if (!there("wild")) continue; // nothing had been drained
    int s = run_rr("replay -a wild"); // incomplete, perhaps without a whole frame
    expect(WIFEXITED(s) && WEXITSTATUS(s) == 65);
    remove_trace("wild");
  }
  expect_exit("record -o panicked /bin/true events=50 panic=71", 69);
  expect(strstr(output, "fake reason"));
  expect_signal("replay -a panicked", 9);
  expect_exit("record -o bug /bin/true events=50 panic=72", 1);
  expect(strstr(output, "bug"));
  expect_exit("rm panicked bug", 0);
}

// SIGTERM ends the recording, cleanly; so does the recorder's own death, less cleanly.
static void terminated(void) {
  char *argv[] = { rr, "record", "-o", "term", "/bin/true", "events=100", "hang", NULL };
  for (int hard = 0; hard < 2; hard++) {
    pid_t pid = fork();
    if (!pid) {
      execv(rr, argv);
      _exit(127);
    }
    usleep(700000);
    int status;
    expect(kill(pid, hard ? SIGKILL : SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == (hard ? SIGKILL : SIGTERM));
    usleep(100000);
    if (hard) expect_exit("dump term", 65);
    else expect_signal("replay -a term", SIGTERM);
    if (!hard) expect_exit("dump term", 0);
    expect(strstr(output, "0:101 ") || hard);
    remove_trace("term");
  }
}

static void damage(void) {
  expect_exit("record -o hurt /bin/true events=5000", 0);
  FILE *f = fopen("hurt/frames", "r+");
  expect(f && fseek(f, 1000, SEEK_SET) == 0 && fputs("xxxx", f) >= 0);
  fclose(f);
  expect_exit("replay -a hurt", 65);
  expect_exit("dump hurt", 65);
  expect(truncate("hurt/frames", 500) == 0);
  expect_exit("replay -a hurt", 65);
  remove_trace("hurt");
}

static void full_disk(void) {
  expect(mkdir("small", 0777) == 0);
  if (mount("tmpfs", "small", "tmpfs", 0, "size=256k") < 0) {
    fprintf(stderr, "full disk: skipped, no right to mount\n");
    return;
  }
  int s = run_rr("record -o small/trace /bin/true events=3000000");
  bool good = WIFEXITED(s) && WEXITSTATUS(s) == 1 && strstr(output, "No space left");
  int r = run_rr("replay -a small/trace");
  good = good && WIFEXITED(r) && WEXITSTATUS(r) == 65 && strstr(output, "as far as it goes");
  umount("small");
  if (!good) fprintf(stderr, "0x%x 0x%x %s", s, r, output);
  expect(good);
}

int main(void) {
  ssize_t n = readlink("/proc/self/exe", rr, sizeof rr - 16);
  expect(n > 0);
  strcpy(strrchr(rr, '/'), "/rr");
  unit_begin();
  setenv("XDG_CACHE_HOME", unit_dir, 1);
  unsetenv("_RR_TRACE_DIR");
  endings();
  no_start();
  trees();
  options();
  gone_wild();
  terminated();
  damage();
  full_disk();
  return 0;
}
