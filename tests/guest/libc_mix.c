// What libc builds on the calls: contexts, spawn, popen, name services, walking trees, asynchronous I/O by threads, back traces, locales.
// rr-test: timeout=40 cflags="-lrt -ldl"
#include "guest/t.h"
#include <aio.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <ifaddrs.h>
#include <link.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <search.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <ucontext.h>
#include <wordexp.h>
static ucontext_t a, b;
static int order;
static void other(int x) {
  CHECK_EQ(order++, 1);
  CHECK_EQ(x, 77);
  swapcontext(&b, &a);
  CHECK_EQ(order++, 3);
}
static void contexts(void) {
  static char stack[65536];
  order = 0;
  CHECK_EQ(getcontext(&b), 0);
  b.uc_stack.ss_sp = stack;
  b.uc_stack.ss_size = sizeof stack;
  b.uc_link = &a;
  makecontext(&b, (void (*)(void))other, 1, 77);
  CHECK_EQ(order++, 0);
  swapcontext(&a, &b);
  CHECK_EQ(order++, 2);
  swapcontext(&a, &b);
  CHECK_EQ(order, 4);
}
static void spawns(void) {
  posix_spawn_file_actions_t fa;
  posix_spawnattr_t at;
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addopen(&fa, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&fa, 1, 2);
  posix_spawnattr_init(&at);
  posix_spawnattr_setflags(&at, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  char *argv[] = { "sh", "-c", "echo spawned; exit 9", NULL }, *envp[] = { "X=1", NULL };
  pid_t k;
  CHECK_EQ(posix_spawn(&k, "/bin/sh", &fa, &at, argv, envp), 0);
  CHECK_EQ(t_wait(k), 9);
  char t[32] = { 0 };
  CHECK_EQ(read(open("out", O_RDONLY), t, 32), 8);
  CHECK(!strcmp(t, "spawned\n"));
  CHECK_EQ(posix_spawn(&k, "/none/there", NULL, NULL, argv, envp), ENOENT);
  FILE *p = popen("cat; echo end", "w");
  fputs("through a pipe\n", p);
  CHECK_EQ(pclose(p), 0);
  p = popen("echo from; exit 3", "r");
  CHECK(fgets(t, 32, p) && !strcmp(t, "from\n"));
  CHECK_EQ(WEXITSTATUS(pclose(p)), 3);
  CHECK_EQ(WEXITSTATUS(system("exit 5")), 5);
}
static void names(void) {
  CHECK(getpwuid(0) && !strcmp(getpwuid(0)->pw_name, "root"));
  CHECK(getgrgid(0));
  CHECK(!getpwnam("no such user"));
  struct addrinfo *ai, hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
  CHECK_EQ(getaddrinfo("127.0.0.1", "80", &hints, &ai), 0);
  freeaddrinfo(ai);
  int r = getaddrinfo("localhost", NULL, &hints, &ai);
  printf("~%d\n", r);
  struct ifaddrs *ifa;
  CHECK_EQ(getifaddrs(&ifa), 0);
  freeifaddrs(ifa);
  char host[256];
  CHECK_EQ(gethostname(host, sizeof host), 0);
  CHECK(getservbyname("http", "tcp") || 1);
  CHECK(sysconf(_SC_NPROCESSORS_CONF) > 0);
  CHECK(sysconf(_SC_PHYS_PAGES) > 0);
  CHECK(sysconf(_SC_OPEN_MAX) > 0);
  CHECK(getauxval(AT_PAGESZ) == 4096);
  double load[3];
  CHECK_EQ(getloadavg(load, 3), 3);
}
static int seen;
static int visit(const char *p, const struct stat *s, int f, struct FTW *w) {
  (void)p, (void)s, (void)f, (void)w;
  seen++;
  return 0;
}
static void trees(void) {
  mkdir("tree", 0755);
  mkdir("tree/a", 0755);
  t_write_file("tree/a/x.txt", "x", 1);
  t_write_file("tree/y.txt", "y", 1);
  seen = 0;
  CHECK_EQ(nftw("tree", visit, 5, FTW_PHYS), 0);
  CHECK_EQ(seen, 4);
  glob_t g;
  CHECK_EQ(glob("tree/*.txt", 0, NULL, &g), 0);
  CHECK_EQ(g.gl_pathc, 1);
  globfree(&g);
  wordexp_t w;
  CHECK_EQ(wordexp("$HOME/x a{b,c} ~", &w, WRDE_NOCMD) >= 0, 1);
  char real[4096];
  CHECK(realpath("tree/../tree/a", real));
  char tmp[] = "fileXXXXXX", dir[] = "dirXXXXXX";
  CHECK(mkstemp(tmp) >= 0);
  CHECK(mkdtemp(dir));
  FILE *f = tmpfile();
  CHECK(f);
  fprintf(f, "%s", "temporary");
  rewind(f);
  CHECK(fgets(real, 100, f) && !strcmp(real, "temporary"));
}
static void async(void) {
  int fd = open("as", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char w[] = "asynchronous", r[20] = { 0 };
  struct aiocb q = { .aio_fildes = fd, .aio_buf = w, .aio_nbytes = 12 }, p = { .aio_fildes = fd, .aio_buf = r, .aio_nbytes = 12 };
  CHECK_EQ(aio_write(&q), 0);
  const struct aiocb *list[] = { &q };
  CHECK_EQ(aio_suspend(list, 1, NULL), 0);
  CHECK_EQ(aio_return(&q), 12);
  CHECK_EQ(aio_read(&p), 0);
  while (aio_error(&p) == EINPROGRESS) usleep(100);
  CHECK_EQ(aio_return(&p), 12);
  CHECK(!strcmp(r, w));
}
static int count_objects(struct dl_phdr_info *i, size_t n, void *v) {
  (void)i, (void)n;
  ++*(int *)v;
  return 0;
}
static void traces(void) {
  void *at[20];
  int n = backtrace(at, 20), objects = 0;
  CHECK(n >= 2);
  dl_iterate_phdr(count_objects, &objects);
  CHECK(objects >= 2);
  Dl_info i;
  CHECK(dladdr((void *)printf, &i) && i.dli_fname);
}
static void texts(void) {
  setlocale(LC_ALL, "C.UTF-8");
  printf("%ls %.3f %'d %a\n", L"wide \u00e4", 2.5, 1234567, 0.1);
  iconv_t c = iconv_open("UTF-16LE", "UTF-8");
  char in[] = "abc", out[10], *ip = in, *op = out;
  size_t il = 3, ol = 10;
  if (c != (iconv_t)-1) CHECK_EQ(iconv(c, &ip, &il, &op, &ol), 0);
  regex_t re;
  CHECK_EQ(regcomp(&re, "^a(b+)c$", REG_EXTENDED), 0);
  CHECK_EQ(regexec(&re, "abbbc", 0, NULL, 0), 0);
  regfree(&re);
  struct tm tm;
  time_t t = 1000000000;
  setenv("TZ", "Europe/Berlin", 1);
  tzset();
  CHECK(localtime_r(&t, &tm));
  char s[64];
  strftime(s, sizeof s, "%c", &tm);
  puts(s);
}
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int onced;
static void do_once(void) { onced++; }
static void *sem_thread(void *s) {
  pthread_once(&once, do_once);
  sem_post(s);
  return NULL;
}
static void threads(void) {
  sem_t s;
  sem_init(&s, 0, 0);
  pthread_t t[3];
  for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, sem_thread, &s);
  for (int i = 0; i < 3; i++) sem_wait(&s);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  CHECK_EQ(onced, 1);
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  ts.tv_nsec = (ts.tv_nsec + 2000000) % 1000000000;
  CHECK_EQ(sem_timedwait(&s, &ts), -1);
}
T_CASES({ "contexts", contexts }, { "spawns", spawns }, { "names", names }, { "trees", trees }, { "async", async }, { "traces", traces }, { "texts", texts }, { "threads", threads })
