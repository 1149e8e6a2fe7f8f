// Unix sockets: stream, seqpacket, abstract names, descriptor passing, credentials, ancillary data cut short, peek.
#include "guest/t.h"
#include <sys/socket.h>
#include <sys/un.h>
static ssize_t send_fd(int s, int fd, const char *t) {
  struct iovec i = { (void *)t, strlen(t) };
  char c[CMSG_SPACE(sizeof(int))] = { 0 };
  struct msghdr m = { .msg_iov = &i, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof c };
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET;
  h->cmsg_type = SCM_RIGHTS;
  h->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(h), &fd, sizeof fd);
  return sendmsg(s, &m, 0);
}
static int recv_fd(int s, char *t, size_t n, int flags, int *mflags) {
  struct iovec i = { t, n };
  char c[200] = { 0 };
  struct msghdr m = { .msg_iov = &i, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof c };
  CHECK(recvmsg(s, &m, flags) > 0);
  *mflags = m.msg_flags;
  int fd = -1;
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h))
    if (h->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(h), sizeof fd);
  return fd;
}
int main(void) {
  int s[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  t_write_file("passed", "contents of the file", 20);
  int fl;
  pid_t c = fork();
  if (c == 0) {
    int fd = open("passed", O_RDONLY);
    CHECK_EQ(send_fd(s[1], fd, "here"), 4);
    CHECK_EQ(close(fd), 0);
    char x;
    CHECK_EQ(read(s[1], &x, 1), 1);
    _exit(x);
  }
  char t[16] = { 0 };
  int fd = recv_fd(s[0], t, 16, MSG_CMSG_CLOEXEC, &fl);
  CHECK(fd > 2);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK(!strcmp(t, "here"));
  char b[32] = { 0 };
  CHECK_EQ(read(fd, b, 32), 20);
  puts(b);
  CHECK_EQ(write(s[0], "\5", 1), 1);
  CHECK_EQ(t_wait(c), 5);
  struct ucred cr;
  socklen_t n = sizeof cr;
  CHECK_EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cr, &n), 0);
  CHECK_EQ(cr.pid, getpid());
  CHECK_EQ(cr.uid, getuid());
  struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };
  int l = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  CHECK_EQ(bind(l, (struct sockaddr *)&a, sizeof a), 0);
  CHECK_EQ(listen(l, 3), 0);
  struct stat st;
  CHECK_EQ(stat("sock", &st), 0);
  CHECK(S_ISSOCK(st.st_mode));
  c = fork();
  if (c == 0) {
    int k = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK_EQ(connect(k, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(send(k, "first", 5, 0), 5);
    CHECK_EQ(send(k, "second packet", 13, 0), 13);
    _exit(0);
  }
  int k = accept(l, NULL, NULL);
  CHECK(k >= 0);
  CHECK_EQ(recv(k, b, 32, MSG_PEEK), 5);
  CHECK_EQ(recv(k, b, 32, 0), 5);
  CHECK_EQ(recv(k, b, 4, MSG_TRUNC), 13);
  CHECK_EQ(recv(k, b, 4, 0), 0);
  CHECK_EQ(t_wait(c), 0);
  unlink("sock");
  int d[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, d), 0);
  CHECK_EQ(write(d[0], "", 0), 0);
  CHECK_EQ(read(d[1], b, 10), 0);
  CHECK_EQ(write(d[0], "abc", 3), 3);
  struct iovec iv[2] = { { b, 1 }, { b + 10, 5 } };
  CHECK_EQ(readv(d[1], iv, 2), 3);
  CHECK(b[0] == 'a' && b[10] == 'b');
  int one = 1;
  CHECK_EQ(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one), 0);
  CHECK_EQ(write(s[1], "q", 1), 1);
  struct iovec i = { b, 1 };
  char cb[100];
  struct msghdr m = { .msg_iov = &i, .msg_iovlen = 1, .msg_control = cb, .msg_controllen = sizeof cb };
  CHECK_EQ(recvmsg(s[0], &m, 0), 1);
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  CHECK(h && h->cmsg_type == SCM_CREDENTIALS);
  memcpy(&cr, CMSG_DATA(h), sizeof cr);
  CHECK_EQ(cr.pid, getpid());
  CHECK_EQ(send_fd(s[1], 0, "z"), 1);
  m.msg_controllen = 4;
  m.msg_control = cb;
  CHECK_EQ(recvmsg(s[0], &m, 0), 1);
  CHECK(m.msg_flags & MSG_CTRUNC);
  struct timeval tv = { 0, 20000 };
  CHECK_EQ(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
  CHECK_ERR(read(s[0], b, 1), EAGAIN);
  close(s[1]);
  CHECK_EQ(read(s[0], b, 1), 0);
  CHECK_ERR(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  puts("ok");
  return 0;
}
