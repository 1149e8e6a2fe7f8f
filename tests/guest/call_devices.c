// Terminals and devices: requests of pseudo terminals, consoles, block devices, loop, random, tun, fuse; what is not there is left out.
// rr-test: nondet
#include "guest/t.h"
#include <dirent.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/kd.h>
#include <linux/loop.h>
#include <linux/random.h>
#include <linux/vt.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

static void pseudo(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(m >= 0);
  CHECK_EQ(grantpt(m), 0);
  unsigned n = 99;
  int lock = -1, v = 0;
  CHECK_EQ(ioctl(m, TIOCGPTN, &n), 0);
  CHECK_EQ(ioctl(m, TIOCGPTLCK, &lock), 0);
  CHECK_EQ(lock, 1);
  CHECK_EQ(unlockpt(m), 0);
  int s = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  CHECK(s >= 0);
  char name[64];
  CHECK_EQ(ptsname_r(m, name, sizeof name), 0);
  int s2 = open(name, O_RDWR | O_NOCTTY);
  CHECK(s2 >= 0);
  CHECK(isatty(s));
  char tn[64];
  CHECK_EQ(ttyname_r(s2, tn, sizeof tn), 0);
  CHECK(!strcmp(tn, name));
  struct termios t;
  CHECK_EQ(tcgetattr(s, &t), 0);
  cfmakeraw(&t);
  CHECK_EQ(tcsetattr(s, TCSANOW, &t), 0);
  CHECK_EQ(tcsetattr(s, TCSADRAIN, &t), 0);
  CHECK_EQ(tcsetattr(s, TCSAFLUSH, &t), 0);
  struct winsize w = { 30, 100, 0, 0 }, g;
  CHECK_EQ(ioctl(m, TIOCSWINSZ, &w), 0);
  CHECK_EQ(ioctl(s, TIOCGWINSZ, &g), 0);
  CHECK_EQ(g.ws_col, 100);
  CHECK_EQ(write(m, "typed", 5), 5);
  CHECK_EQ(ioctl(s, FIONREAD, &v), 0);
  printf("%d\n", v);
  char b[32];
  CHECK_EQ(read(s, b, 32), 5);
  CHECK_EQ(write(s, "said", 4), 4);
  struct pollfd p = { m, POLLIN, 0 };
  CHECK_EQ(poll(&p, 1, 5000), 1);
  CHECK_EQ(ioctl(m, FIONREAD, &v), 0);
  CHECK_EQ(v, 4);
  CHECK_EQ(ioctl(s, TIOCOUTQ, &v), 0);
  v = 1;
  CHECK_EQ(ioctl(m, TIOCPKT, &v), 0);
  CHECK_EQ(ioctl(m, TIOCGPKT, &v), 0);
  CHECK_EQ(v, 1);
  CHECK_EQ(read(m, b, 32), 5);
  CHECK_EQ(b[0], 0);
  CHECK_EQ(tcflush(s, TCIOFLUSH), 0);
  CHECK_EQ(tcflow(s, TCOOFF), 0);
  CHECK_EQ(tcflow(s, TCOON), 0);
  CHECK_EQ(tcsendbreak(s, 0), 0);
  CHECK_EQ(tcdrain(s), 0);
  CHECK_EQ(ioctl(s, TIOCEXCL), 0);
  CHECK_EQ(ioctl(s, 0x80045440 /* TIOCGEXCL */, &v), 0);
  CHECK_EQ(v, 1);
  CHECK_EQ(ioctl(s, TIOCNXCL), 0);
  CHECK_EQ(ioctl(s, TIOCGETD, &v), 0);
  CHECK_EQ(v, 0);
  CHECK_EQ(ioctl(s, TIOCGSOFTCAR, &v), 0);
  unsigned dev = 0;
  int r = ioctl(s, TIOCGDEV, &dev);
  printf("%d %x\n", r, r ? 0 : major(dev));
  char big[128];
  static const unsigned odd[] = { TIOCMGET, TIOCGSERIAL, TIOCGICOUNT, TIOCGLCKTRMIOS, TIOCGSID, TIOCGPGRP, TIOCSTI, TCGETA, TIOCSBRK, TIOCCBRK, TIOCGRS485 };
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    memset(big, 0, sizeof big);
    r = ioctl(s, odd[i], big);
    printf("%x %d %d %016lx\n", odd[i], r, r ? errno : 0, (unsigned long)t_hash(big, sizeof big));
  }
  struct { unsigned c[4]; unsigned char rest[28]; } t2;
  memset(&t2, 0, sizeof t2);
  CHECK_EQ(ioctl(s, 0x802c542a /* TCGETS2 */, &t2), 0);
  CHECK_EQ(ioctl(s, 0x402c542b, &t2), 0);
  CHECK_EQ(SYS3(SYS_ioctl, s, TCGETS, 8), -EFAULT);
  pid_t k = fork();
  if (!k) { // a session of its own, with the terminal
    CHECK(setsid() > 0);
    CHECK_EQ(ioctl(s, TIOCSCTTY, 0), 0);
    CHECK_EQ(tcgetpgrp(s), getpid());
    CHECK_EQ(tcsetpgrp(s, getpid()), 0);
    CHECK_EQ(tcgetsid(s), getpid());
    int tty = open("/dev/tty", O_RDWR);
    CHECK(tty >= 0);
    signal(SIGHUP, SIG_IGN);
    CHECK_EQ(ioctl(tty, TIOCNOTTY), 0);
    CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
    _exit(7);
  }
  CHECK_EQ(t_wait(k), 7);
  close(s);
  close(s2);
  CHECK_EQ(poll(&p, 1, 5000), 1);
  CHECK(p.revents & POLLHUP);
  long left;
  do left = read(m, b, 32);
  while (left > 0);
  CHECK_EQ(errno, EIO);
}

// Asks every device that is there a few things of its kind; none is changed.
static void ask(int fd, const char *name, const unsigned *requests, size_t n) {
  static char arg[512];
  for (size_t i = 0; i < n; i++) {
    memset(arg, 0, sizeof arg);
    int r = ioctl(fd, requests[i], arg);
    printf("%s %x %d %d %016lx\n", name, requests[i], r, r < 0 ? errno : 0, (unsigned long)t_hash(arg, sizeof arg));
  }
}
#define ASK(fd, name, ...) ask(fd, name, (const unsigned[]){ __VA_ARGS__ }, sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))
static void devices(void) {
  DIR *d = opendir("/dev");
  struct dirent *e;
  char path[300];
  while ((e = readdir(d))) {
    struct stat st;
    snprintf(path, sizeof path, "/dev/%s", e->d_name);
    if (stat(path, &st) || !strcmp(e->d_name, "ptmx") || !strncmp(e->d_name, "watchdog", 8) || !strcmp(e->d_name, "stdin") || !strcmp(e->d_name, "tty")) continue;
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) continue;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    printf("%s %d\n", e->d_name, fd < 0 ? -errno : 0);
    if (fd < 0) continue;
    unsigned maj = major(st.st_rdev);
    struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
    printf("%d %x\n", poll(&p, 1, 0), p.revents);
    if (S_ISBLK(st.st_mode))
      ASK(fd, e->d_name, BLKGETSIZE, BLKGETSIZE64, BLKSSZGET, BLKROGET, BLKRAGET, BLKSECTGET, BLKBSZGET, BLKIOMIN, BLKIOOPT, BLKALIGNOFF, BLKPBSZGET, BLKROTATIONAL, HDIO_GETGEO,
        CDROM_DRIVE_STATUS, LOOP_GET_STATUS64);
    else if (maj == 4 || maj == 5) ASK(fd, e->d_name, TCGETS, TIOCGWINSZ, KDGETMODE, KDGKBTYPE, KDGKBMODE, KDGETLED, KDGKBLED, KDGKBMETA, VT_GETSTATE, VT_GETMODE, VT_OPENQRY, TIOCMGET);
    else if (maj == 1) ASK(fd, e->d_name, RNDGETENTCNT);
    else ASK(fd, e->d_name, _IOR('~', 1, int), _IOWR('~', 2, char[64]), TCGETS);
    if (maj != 4 && maj != 5 && maj != 7) { // no terminals
      char b[64];
      long r = read(fd, b, sizeof b);
      printf("%ld %016lx\n", r, (unsigned long)t_hash(b, r > 0 ? (size_t)r : 0));
    }
    close(fd);
  }
  closedir(d);
  int lc = open("/dev/loop-control", O_RDWR);
  if (lc >= 0) printf("%d\n", ioctl(lc, LOOP_CTL_GET_FREE));
}
T_CASES({ "pseudo", pseudo }, { "devices", devices })
