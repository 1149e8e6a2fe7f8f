// System calls whose arguments and buffers lie in memory that another process writes, with one thread and with two: data in and
// out, scattered, messages, paths, times, sets, futexes, a signal's stack; output to stdout from there.
#define _GNU_SOURCE
#include "guest/t.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct shared {
  volatile int stop, noise[200];
  char buf[20000], path[100], control[64];
  struct iovec iov[3];
  struct msghdr msg;
  struct pollfd fds[2];
  struct timespec ts;
  struct timeval tv;
  struct stat st;
  fd_set set;
  int pipe[2], pair[2], word, status;
  struct epoll_event ev[2];
  char stack[32768];
  char *argv[4];
};
static struct shared *s;

static void plain(void) {
  CHECK_EQ(pipe(s->pipe), 0);
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s->pair), 0);
  strcpy(s->buf, "through a pipe");
  CHECK_EQ(write(s->pipe[1], s->buf, 15), 15);
  CHECK_EQ(read(s->pipe[0], s->buf + 100, 100), 15);
  CHECK(!strcmp(s->buf + 100, "through a pipe"));
  s->iov[0] = (struct iovec){ s->buf, 7 };
  s->iov[1] = (struct iovec){ s->buf + 8, 7 };
  struct iovec mine[2] = { { s->buf + 200, 7 }, { s->buf + 300, 7 } };
  CHECK_EQ(writev(s->pipe[1], s->iov, 2), 14);
  CHECK_EQ(readv(s->pipe[0], mine, 2), 14);
  CHECK(!memcmp(s->buf + 200, "through", 7) && !memcmp(s->buf + 300, "a pipe", 7));
  mine[0].iov_base = s->buf;
  CHECK_EQ(writev(s->pipe[1], mine, 2), 14);
  char local[20];
  CHECK_EQ(read(s->pipe[0], local, 20), 14);
  CHECK(!memcmp(local, "througha pipe", 13));
  s->msg = (struct msghdr){ .msg_iov = s->iov, .msg_iovlen = 2, .msg_control = s->control, .msg_controllen = CMSG_SPACE(4) };
  struct cmsghdr *c = CMSG_FIRSTHDR(&s->msg);
  *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(4) };
  memcpy(CMSG_DATA(c), &s->pipe[0], 4);
  CHECK_EQ(sendmsg(s->pair[0], &s->msg, 0), 14);
  memset(s->control, 0, sizeof s->control);
  s->iov[0].iov_base = s->buf + 400;
  s->iov[1].iov_base = s->buf + 500;
  s->msg.msg_controllen = sizeof s->control;
  CHECK_EQ(recvmsg(s->pair[1], &s->msg, 0), 14);
  CHECK(!memcmp(s->buf + 400, "through", 7) && !memcmp(s->buf + 500, "a pipe", 7));
  int got;
  memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&s->msg)), 4);
  CHECK(got > 2);
  close(got);
  CHECK_EQ(send(s->pair[0], s->buf, 15, 0), 15);
  CHECK_EQ(recv(s->pair[1], s->buf + 600, 100, 0), 15);
  CHECK(!strcmp(s->buf + 600, "through a pipe"));
}

static void waiting(void) {
  s->fds[0] = (struct pollfd){ .fd = s->pipe[0], .events = POLLIN };
  s->fds[1] = (struct pollfd){ .fd = s->pipe[1], .events = POLLOUT };
  CHECK_EQ(poll(s->fds, 2, 0), 1);
  CHECK_EQ(s->fds[1].revents, POLLOUT);
  s->ts = (struct timespec){ 0, 3000000 };
  CHECK_EQ(ppoll(s->fds, 1, &s->ts, NULL), 0);
  CHECK_EQ(nanosleep(&s->ts, &s->ts), 0);
  s->tv = (struct timeval){ 0, 2000 };
  FD_ZERO(&s->set);
  FD_SET(s->pipe[0], &s->set);
  CHECK_EQ(select(s->pipe[0] + 1, &s->set, NULL, NULL, &s->tv), 0);
  CHECK(!FD_ISSET(s->pipe[0], &s->set));
  int e = epoll_create1(0);
  s->ev[0] = (struct epoll_event){ .events = EPOLLOUT, .data.u64 = 0x1234567890 };
  CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, s->pipe[1], &s->ev[0]), 0);
  memset(s->ev, 0, sizeof s->ev);
  CHECK_EQ(epoll_wait(e, s->ev, 2, 100), 1);
  CHECK_EQ(s->ev[0].data.u64, 0x1234567890);
  close(e);
  CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &s->ts), 0);
  CHECK(s->ts.tv_sec >= 0);
  s->ts = (struct timespec){ 0, 2000000 };
  CHECK_EQ(syscall(SYS_futex, &s->word, FUTEX_WAIT, 0, &s->ts, NULL, 0), -1);
  CHECK_EQ(errno, ETIMEDOUT);
  CHECK_EQ(syscall(SYS_futex, &s->word, FUTEX_WAIT, 1, &s->ts, NULL, 0), -1);
  CHECK_EQ(errno, EAGAIN);
}

static void files(void) {
  strcpy(s->path, "shm_io.tmp");
  int fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0);
  for (int i = 0; i < 16384; i++) s->buf[i] = (char)(i * 7);
  CHECK_EQ(write(fd, s->buf, 16384), 16384);
  CHECK_EQ(fstat(fd, &s->st), 0);
  CHECK_EQ(s->st.st_size, 16384);
  CHECK_EQ(pread(fd, s->buf + 1, 8192, 4096), 8192);
  CHECK_EQ(s->buf[1], (char)(4096 * 7));
  CHECK_EQ(stat(s->path, &s->st), 0);
  CHECK_EQ(rename(s->path, "shm_io.two"), 0);
  CHECK_EQ(unlink("shm_io.two"), 0);
  close(fd);
  struct iovec from = { s->buf + 10, 100 }, to = { s->buf + 1000, 100 };
  CHECK_EQ(process_vm_readv(getpid(), &to, 1, &from, 1, 0), 100);
  CHECK(!memcmp(s->buf + 10, s->buf + 1000, 100));
}

static void on_stack(int sig) {
  char here;
  CHECK_EQ(sig, SIGUSR1);
  CHECK(&here > s->stack && &here < s->stack + sizeof s->stack);
  s->word++;
}
static void signals(void) {
  stack_t st = { .ss_sp = s->stack, .ss_size = sizeof s->stack };
  CHECK_EQ(sigaltstack(&st, NULL), 0);
  struct sigaction a = { .sa_handler = on_stack, .sa_flags = SA_ONSTACK };
  CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
  s->word = 0;
  for (int i = 0; i < 3; i++) raise(SIGUSR1);
  CHECK_EQ(s->word, 3);
  st.ss_flags = SS_DISABLE;
  CHECK_EQ(sigaltstack(&st, NULL), 0);
}

static void *second(void *unused) {
  (void)unused;
  for (int i = 0; i < 20; i++) {
    usleep(500);
    CHECK_EQ(write(s->pair[0], s->buf, 10), 10);
  }
  while (!__atomic_load_n(&s->word, __ATOMIC_SEQ_CST)) sched_yield();
  syscall(SYS_futex, &s->status, FUTEX_WAKE, 10, NULL, NULL, 0);
  return NULL;
}
// A thread waits in a call that writes there, while another one runs.
static void threads(void) {
  pthread_t t;
  s->word = s->status = 0;
  CHECK_EQ(pthread_create(&t, NULL, second, NULL), 0);
  strcpy(s->buf, "123456789");
  for (int i = 0; i < 10; i++) {
    memset(s->buf + 100, 0, 20);
    CHECK_EQ(read(s->pair[1], s->buf + 100, 10), 10);
    CHECK(!strcmp(s->buf + 100, "123456789"));
    s->iov[0] = (struct iovec){ s->buf + 200, 5 };
    s->iov[1] = (struct iovec){ s->buf + 300, 5 };
    s->msg = (struct msghdr){ .msg_iov = s->iov, .msg_iovlen = 2 };
    if (i & 1) CHECK_EQ(readv(s->pair[1], s->iov, 2), 10);
    else CHECK_EQ(recvmsg(s->pair[1], &s->msg, MSG_WAITALL), 10);
    CHECK(!memcmp(s->buf + 200, "12345", 5) && !memcmp(s->buf + 300, "6789", 5));
  }
  __atomic_store_n(&s->word, 1, __ATOMIC_SEQ_CST);
  s->ts = (struct timespec){ 1, 0 };
  syscall(SYS_futex, &s->status, FUTEX_WAIT, 0, &s->ts, NULL, 0);
  CHECK_EQ(pthread_join(t, NULL), 0);
}

int main(int argc, char **argv) {
  if (argc > 1) return atoi(argv[1]);
  s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(s != MAP_FAILED);
  pid_t parent = getpid(), c = fork();
  if (!c) {
    for (int i = 0; !s->stop; i++) { s->noise[i % 200] = i; if (i % 100 == 0) { sched_yield(); if (getppid() != parent) break; } }
    _exit(0);
  }
  plain();
  waiting();
  files();
  signals();
  threads();
  int n = snprintf(s->buf, 100, "from shared memory: %d\n", s->word);
  CHECK_EQ(write(1, s->buf, (size_t)n), n);
  s->iov[0] = (struct iovec){ s->buf, 5 };
  s->iov[1] = (struct iovec){ s->buf + 4, (size_t)n - 4 };
  CHECK_EQ(writev(1, s->iov, 2), n + 1);
  n = snprintf(s->buf, 100, "~ noise %d\n", s->noise[7]);
  CHECK_EQ(write(1, s->buf, (size_t)n), n);
  pid_t x = fork();
  if (!x) {
    strcpy(s->path, "/proc/self/exe");
    strcpy(s->buf, "17");
    s->argv[0] = s->path;
    s->argv[1] = s->buf;
    execv(s->path, s->argv);
    _exit(1);
  }
  CHECK_EQ(waitpid(x, &s->status, 0), x);
  CHECK_EQ(WEXITSTATUS(s->status), 17);
  s->stop = 1;
  CHECK_EQ(t_wait(c), 0);
  printf("done\n");
  return 0;
}
