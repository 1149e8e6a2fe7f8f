// meas: run one command, report wall seconds, CPU seconds, peak RSS and exit state.
//   meas [-t SECS] [-o STDOUT] [-e STDERR] [-i STDIN] [-r RESULT] -- CMD ARGS...
// RESULT gets one line: wall_s cpu_s maxrss_kb status   (status: exit code, 128+sig, or 'timeout')
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static volatile sig_atomic_t timed_out;
static void on_alarm(int s) {
  (void)s;
  timed_out++;
  kill(-child, timed_out > 1 ? SIGKILL : SIGTERM);
  alarm(3);
}

int main(int argc, char **argv) {
  int tmo = 0, o;
  const char *out = "/dev/null", *err = "/dev/null", *res = NULL, *in = "/dev/null";
  while ((o = getopt(argc, argv, "+t:o:e:r:i:")) != -1) {
    if (o == 't') tmo = atoi(optarg);
    else if (o == 'o') out = optarg;
    else if (o == 'e') err = optarg;
    else if (o == 'r') res = optarg;
    else if (o == 'i') in = optarg;
    else return 2;
  }
  if (optind >= argc) return 2;
  // Orphans of a killed command come to us, so that they can be reaped and ended.
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  child = fork();
  if (child < 0) {
    perror("fork");
    return 2;
  }
  if (child == 0) {
    setpgid(0, 0);
    int n = open(in, O_RDONLY);
    int fo = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int fe = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (n < 0 || fo < 0 || fe < 0) _exit(126);
    dup2(n, 0);
    dup2(fo, 1);
    dup2(fe, 2);
    close(n);
    close(fo);
    close(fe);
    execvp(argv[optind], argv + optind);
    _exit(127);
  }
  setpgid(child, child);
  if (tmo) {
    signal(SIGALRM, on_alarm);
    alarm(tmo);
  }
  int st = 0, s;
  for (;;) {
    pid_t p = waitpid(-1, &s, 0);
    if (p == child) {
      st = s;
      break;
    }
    if (p < 0 && errno != EINTR) break;
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  alarm(0);
  while (waitpid(-1, &s, WNOHANG) > 0) {}
  struct rusage ru;
  getrusage(RUSAGE_CHILDREN, &ru);
  double w = (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9;
  double c = ru.ru_utime.tv_sec + ru.ru_stime.tv_sec + (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
  char stat[32];
  if (timed_out) strcpy(stat, "timeout");
  else snprintf(stat, sizeof stat, "%d", WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
  FILE *f = res ? fopen(res, "w") : stdout;
  if (!f) {
    perror(res);
    return 2;
  }
  fprintf(f, "%.6f %.6f %ld %s\n", w, c, ru.ru_maxrss, stat);
  return 0;
}
