// Every system call with arguments that make little sense: pointers to memory that can be written, that can't, that ends at nothing, to
// nothing; small and large numbers, descriptors of several kinds. What it answers and leaves in memory differs from machine to machine and
// must be the same on replay. (Calls that end, stop or change the process for good are left out.)
// rr-test: timeout=60 nondet modes=native,plain,tinyring
#include "guest/t.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#define SYSCALL(number, name, nargs, ...) { number, nargs, #name },
#define FD(i) 0
static const struct call { short number; char nargs; const char *name; } calls[] = {
#include "../abi/syscalls.def"
};
// Not here: they end, stop, block for long, replace or take away what the test stands on, or change the machine.
static const char left_out[] = " exit exit_group execve execveat fork vfork clone clone3 pause rt_sigsuspend rt_sigreturn kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"
  " pidfd_send_signal rt_sigtimedwait munmap mremap mmap mprotect pkey_mprotect brk shmat shmdt madvise process_madvise ptrace seccomp reboot vhangup sync syncfs setsid setpgid chroot"
  " pivot_root umount2 mount swapon swapoff sethostname setdomainname settimeofday clock_settime adjtimex clock_adjtime init_module finit_module delete_module kexec_load"
  " kexec_file_load setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset unshare setns landlock_restrict_self alarm setitimer iopl ioperm"
  " rt_sigprocmask rt_sigaction sigaltstack set_robust_list set_tid_address arch_prctl modify_ldt personality futex futex_waitv futex_wait prctl setrlimit prlimit64 close close_range dup2 dup3"
  " sched_setaffinity sched_setparam sched_setscheduler sched_setattr setpriority ioprio_set restart_syscall waitid wait4 syslog chdir fchdir unlink rmdir rename acct quotactl"
  " keyctl add_key request_key mlockall memfd_secret mseal process_mrelease move_mount open_tree fsopen fsmount fsconfig fspick mount_setattr open_tree_attr getrandom"
  " mlock mlock2 mbind set_mempolicy migrate_pages move_pages set_mempolicy_home_node timer_create timer_settime rseq semop semtimedop msgrcv msgsnd flock fcntl "
  " shmctl semctl msgctl epoll_wait epoll_pwait epoll_pwait2 poll select ppoll pselect6 nanosleep clock_nanosleep lsm_set_self_attr umask io_uring_enter membarrier uretprobe uprobe fanotify_init fanotify_mark inotify_add_watch fallocate process_vm_writev"
  " fchmod fchown fchownat fchmodat fchmodat2 fsetxattr fremovexattr setxattrat removexattrat utimensat futimesat ";
#define SIZE 8192
static FILE *out;
static unsigned char *good, *readonly, *ending;
static void fill(void) {
  for (int i = 0; i < SIZE; i++) good[i] = (unsigned char)(i & 63 ? 0 : i >> 6);
  strcpy((char *)good + 512, "file");
  memset(ending, 0x11, 4096);
}
static void run(const struct call *c, const long *a) {
  fill();
  long r = t_sys(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  fprintf(out, "%s(%lx %lx %lx %lx) = %ld %016lx %016lx\n", c->name, a[0], a[1], a[2], a[3], r, (unsigned long)t_hash(good, SIZE), (unsigned long)t_hash(ending, 4096));
}
int main(void) {
  good = mmap(NULL, SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  readonly = mmap(NULL, SIZE, 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ending = mmap(NULL, SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(ending + 4096, 4096, PROT_NONE);
  t_write_file("file", "some text in a file\n", 20);
  out = fdopen(fcntl(1, F_DUPFD, 200), "w");
  for (int i = 0; i < 3; i++) {
    close(i);
    CHECK_EQ(open("/dev/null", O_RDWR), i);
  }
  int fds[6] = { open("file", O_RDWR), socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), eventfd(1, EFD_NONBLOCK), epoll_create1(0), open(".", O_RDONLY), open("/dev/null", O_RDWR) };
  static char name[80];
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    const struct call *c = &calls[i];
    snprintf(name, sizeof name, " %s ", c->name);
    if (strstr(left_out, name)) continue;
    for (int k = 0; k < 6; k++) { // a descriptor first, memory behind
      long a[6] = { fds[k], (long)good, 64, (long)good + 1024, 0, 0 };
      run(c, a);
      long b[6] = { fds[k], (long)ending + 4096 - 20, 64, (long)good, (long)good + 64, 0 };
      if (k < 3) run(c, b);
      long e[6] = { fds[k], 8, 64, 8, 8, 8 };
      if (k < 2) run(c, e);
      long d[6] = { fds[k], (long)readonly, 64, (long)readonly, (long)readonly, 0 };
      if (k < 1) run(c, d);
    }
    long p[6] = { (long)good + 512, (long)good, 256, (long)good + 1024, 0, 0 }; // a path first
    run(c, p);
    long q[6] = { (long)good + 512, (long)ending + 4096 - 20, 256, (long)ending + 4096 - 100, (long)good, 0 };
    run(c, q);
    long at[6] = { -100, (long)good + 512, (long)good + 2048, 256, (long)good + 4096, 0 };
    run(c, at);
    long at2[6] = { -100, (long)good + 512, 0, 0xfff, (long)good + 4096, 0 };
    run(c, at2);
    long at3[6] = { -100, (long)good + 512, (long)ending + 4096 - 10, 256, (long)ending + 4096 - 10, 0 };
    run(c, at3);
    for (long n = -1; n < 4; n++) { // numbers
      long v[6] = { n, n, n, n, n, n };
      run(c, v);
      long w[6] = { n, (long)good, (long)good + 512, (long)good + 1024, (long)good + 2048, (long)good + 3000 };
      run(c, w);
      long x[6] = { n, (long)ending + 4096 - 4, (long)ending + 4096 - 4, (long)ending + 4096 - 4, (long)ending + 4096 - 4, 0 };
      run(c, x);
    }
    for (int fd = 3; fd < 60; fd++) { // what it opened
      bool keep = false;
      for (int k = 0; k < 6; k++) keep |= fds[k] == fd;
      if (!keep) close(fd);
    }
    lseek(fds[0], 0, SEEK_SET);
    fflush(out);
  }
  return 0;
}
