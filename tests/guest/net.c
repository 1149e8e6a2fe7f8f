// Sockets on the loopback: TCP with a forked client, UDP, options, shutdown, accept4, non-blocking connect, sendmmsg, abstract unix names, peer data.
#include "guest/t.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/ioctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <poll.h>
int main(void) {
  int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, v;
  socklen_t n = sizeof v;
  CHECK(l >= 0);
  CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
  CHECK_EQ(getsockopt(l, SOL_SOCKET, SO_TYPE, &v, &n), 0);
  CHECK_EQ(v, SOCK_STREAM);
  CHECK_EQ(n, 4);
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, b;
  n = sizeof b;
  CHECK_EQ(bind(l, (struct sockaddr *)&a, sizeof a), 0);
  CHECK_EQ(listen(l, 5), 0);
  CHECK_EQ(getsockname(l, (struct sockaddr *)&b, &n), 0);
  CHECK_EQ(n, sizeof b);
  printf("~port %d\n", ntohs(b.sin_port));
  pid_t c = fork();
  if (c == 0) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&b, sizeof b), 0);
    for (int i = 0; i < 50; i++) {
      char t[32];
      int k = sprintf(t, "line %d\n", i);
      CHECK_EQ(send(s, t, (size_t)k, 0), k);
    }
    CHECK_EQ(shutdown(s, SHUT_WR), 0);
    char r[64];
    CHECK_EQ(recv(s, r, 64, MSG_WAITALL), 5);
    CHECK(!memcmp(r, "bye!\n", 5));
    _exit(0);
  }
  struct sockaddr_in peer;
  n = sizeof peer;
  int s = accept4(l, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);
  CHECK(s >= 0);
  CHECK_EQ(n, sizeof peer);
  CHECK_EQ(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  CHECK_EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
  char buf[4096];
  size_t got = 0;
  ssize_t k;
  while ((k = recv(s, buf + got, sizeof buf - got, 0)) > 0) got += (size_t)k;
  CHECK_EQ(got, 10 * 7 + 40 * 8);
  CHECK_EQ(send(s, "bye!\n", 5, MSG_NOSIGNAL), 5);
  close(s);
  CHECK_EQ(t_wait(c), 0);
  printf("%016lx\n", (unsigned long)t_hash(buf, got));
  CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
  CHECK_ERR(accept(l, NULL, NULL), EAGAIN);
  int nb = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  k = connect(nb, (struct sockaddr *)&b, sizeof b);
  CHECK(k == 0 || errno == EINPROGRESS);
  struct pollfd p = { nb, POLLOUT, 0 };
  CHECK_EQ(poll(&p, 1, 2000), 1);
  n = sizeof v;
  CHECK_EQ(getsockopt(nb, SOL_SOCKET, SO_ERROR, &v, &n), 0);
  CHECK_EQ(v, 0);
  close(nb);
  close(l);
  nb = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_ERR(connect(nb, (struct sockaddr *)&b, sizeof b), ECONNREFUSED);
  int u1 = socket(AF_INET, SOCK_DGRAM, 0), u2 = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK_EQ(bind(u1, (struct sockaddr *)&a, sizeof a), 0);
  n = sizeof b;
  CHECK_EQ(getsockname(u1, (struct sockaddr *)&b, &n), 0);
  CHECK_EQ(sendto(u2, "datagram", 8, 0, (struct sockaddr *)&b, sizeof b), 8);
  n = sizeof peer;
  CHECK_EQ(recvfrom(u1, buf, 3, MSG_TRUNC, (struct sockaddr *)&peer, &n), 8);
  CHECK(!memcmp(buf, "dat", 3));
  CHECK_EQ(peer.sin_family, AF_INET);
  CHECK_ERR(recv(u1, buf, 9, MSG_DONTWAIT), EAGAIN);
  struct mmsghdr mm[3];
  struct iovec iv[3];
  memset(mm, 0, sizeof mm);
  for (int i = 0; i < 3; i++) {
    iv[i] = (struct iovec){ buf + i * 10, (size_t)i + 1 };
    mm[i].msg_hdr = (struct msghdr){ .msg_name = &b, .msg_namelen = sizeof b, .msg_iov = &iv[i], .msg_iovlen = 1 };
  }
  CHECK_EQ(sendmmsg(u2, mm, 3, 0), 3);
  CHECK_EQ(mm[2].msg_len, 3);
  for (int i = 0; i < 3; i++) {
    iv[i] = (struct iovec){ buf + 100 + i * 10, 10 };
    mm[i].msg_hdr.msg_name = NULL;
    mm[i].msg_hdr.msg_namelen = 0;
  }
  CHECK_EQ(recvmmsg(u1, mm, 3, 0, NULL), 3);
  CHECK_EQ(mm[1].msg_len, 2);
  CHECK_EQ(ioctl(u1, FIONREAD, &v), 0);
  CHECK_EQ(v, 0);
  CHECK_ERR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
  CHECK_ERR(bind(0, (struct sockaddr *)&a, sizeof a), ENOTSOCK);
  CHECK_ERR(send(u1, "x", 1, 0), EDESTADDRREQ);
  puts("ok");
  return 0;
}
