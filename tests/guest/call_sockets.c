// Sockets: messages with descriptors, credentials and cut control data, several at once, options, families, interface ioctls.
// rr-test: timeout=40
#include "guest/t.h"
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/wireless.h>
#include <net/if_arp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#define P 4096
static char *edge;
static void need_edge(void) {
  if (edge) return;
  edge = mmap(NULL, 2 * P, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(edge + P, P, PROT_NONE);
}
static struct msghdr *message(struct iovec *v, void *b, size_t n, void *control, size_t cn) {
  static struct msghdr m;
  *v = (struct iovec){ b, n };
  m = (struct msghdr){ .msg_iov = v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = cn };
  return &m;
}
static void send_fds(int s, const int *fds, size_t n) {
  char c[CMSG_SPACE(sizeof(int) * 20)] __attribute__((aligned(8)));
  struct iovec v;
  memset(c, 0, sizeof c);
  struct msghdr *m = message(&v, "F", 1, c, CMSG_SPACE(sizeof(int) * n));
  struct cmsghdr *h = CMSG_FIRSTHDR(m);
  h->cmsg_level = SOL_SOCKET;
  h->cmsg_type = SCM_RIGHTS;
  h->cmsg_len = CMSG_LEN(sizeof(int) * n);
  memcpy(CMSG_DATA(h), fds, sizeof(int) * n);
  CHECK_EQ(sendmsg(s, m, 0), 1);
}

static void rights(void) {
  int s[2], p[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  CHECK_EQ(pipe(p), 0);
  send_fds(s[0], p, 2);
  char b[8], c[256] __attribute__((aligned(8)));
  struct iovec v;
  struct msghdr *m = message(&v, b, 8, c, sizeof c);
  CHECK_EQ(recvmsg(s[1], m, MSG_CMSG_CLOEXEC), 1);
  struct cmsghdr *h = CMSG_FIRSTHDR(m);
  CHECK_EQ(h->cmsg_len, CMSG_LEN(8));
  int got[2];
  memcpy(got, CMSG_DATA(h), 8);
  CHECK_EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
  CHECK_EQ(write(got[1], "via", 3), 3);
  CHECK_EQ(read(p[0], b, 8), 3);
  // cut: room for one of three
  int three[3] = { p[0], p[1], 0 };
  send_fds(s[0], three, 3);
  memset(c, 0x7e, sizeof c);
  m = message(&v, b, 8, c, CMSG_LEN(4));
  CHECK_EQ(recvmsg(s[1], m, 0), 1);
  CHECK(m->msg_flags & MSG_CTRUNC);
  CHECK_EQ(CMSG_FIRSTHDR(m)->cmsg_len, CMSG_LEN(4));
  printf("%zu %d\n", (size_t)m->msg_controllen, c[CMSG_LEN(4)]);
  // no room at all
  send_fds(s[0], three, 3);
  m = message(&v, b, 8, NULL, 0);
  CHECK_EQ(recvmsg(s[1], m, 0), 1);
  CHECK(m->msg_flags & MSG_CTRUNC);
  CHECK_EQ(m->msg_controllen, 0);
  // a control buffer that ends at nothing
  need_edge();
  send_fds(s[0], three, 1);
  m = message(&v, b, 8, edge + P - CMSG_LEN(4), 200);
  long r = recvmsg(s[1], m, 0);
  printf("~%ld %d\n", r, errno);
  // bad descriptors
  struct { struct cmsghdr h; int fd; } bad = { { CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS }, 777 };
  m = message(&v, "x", 1, &bad, sizeof bad.h + 4);
  CHECK_ERR(sendmsg(s[0], m, 0), EBADF);
  bad.h.cmsg_len = 5;
  CHECK_ERR(sendmsg(s[0], m, 0), EINVAL);
  // peeked twice, then taken
  send_fds(s[0], three, 1);
  m = message(&v, b, 8, c, sizeof c);
  CHECK_EQ(recvmsg(s[1], m, MSG_PEEK), 1);
  CHECK_EQ(m->msg_controllen, CMSG_SPACE(4));
  m = message(&v, b, 8, c, sizeof c);
  CHECK_EQ(recvmsg(s[1], m, 0), 1);
}

static void credentials(void) {
  int s[2], one = 1;
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
  CHECK_EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one), 0);
  CHECK_EQ(send(s[0], "who", 3, 0), 3);
  char b[8], c[256] __attribute__((aligned(8)));
  struct iovec v;
  struct msghdr *m = message(&v, b, 8, c, sizeof c);
  CHECK_EQ(recvmsg(s[1], m, 0), 3);
  struct cmsghdr *h = CMSG_FIRSTHDR(m);
  CHECK_EQ(h->cmsg_type, SCM_CREDENTIALS);
  struct ucred u;
  memcpy(&u, CMSG_DATA(h), sizeof u);
  CHECK_EQ(u.pid, getpid());
  CHECK_EQ(u.uid, getuid());
  // with a descriptor beside, and a short buffer for the data
  int fd = 0;
  send_fds(s[0], &fd, 1);
  v.iov_len = 0;
  m = message(&v, b, 0, c, sizeof c);
  CHECK_EQ(recvmsg(s[1], m, MSG_TRUNC), 1);
  CHECK(m->msg_flags & MSG_TRUNC);
  int n = 0;
  for (h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) n += h->cmsg_type;
  CHECK_EQ(n, SCM_CREDENTIALS + SCM_RIGHTS);
  socklen_t l = sizeof u;
  CHECK_EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &u, &l), 0);
  CHECK_EQ(u.pid, getpid());
}

static void several(void) {
  int s[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
  struct mmsghdr m[4], r[6];
  struct iovec v[4], w[6];
  char b[6][16];
  memset(m, 0, sizeof m);
  memset(r, 0, sizeof r);
  for (int i = 0; i < 4; i++) {
    v[i] = (struct iovec){ "message" + i, (size_t)(7 - i) };
    m[i].msg_hdr.msg_iov = &v[i];
    m[i].msg_hdr.msg_iovlen = 1;
  }
  for (int i = 0; i < 6; i++) {
    w[i] = (struct iovec){ b[i], 16 };
    r[i].msg_hdr.msg_iov = &w[i];
    r[i].msg_hdr.msg_iovlen = 1;
  }
  CHECK_EQ(sendmmsg(s[0], m, 4, 0), 4);
  CHECK_EQ(m[3].msg_len, 4);
  CHECK_EQ(recvmmsg(s[1], r, 2, 0, NULL), 2);
  CHECK_EQ(r[1].msg_len, 6);
  struct timespec t = { 0, 5000000 };
  CHECK_EQ(recvmmsg(s[1], r, 6, MSG_WAITFORONE, &t), 2);
  CHECK(!memcmp(b[1], "sage", 4));
  CHECK_ERR(recvmmsg(s[1], r, 6, MSG_DONTWAIT, NULL), EAGAIN);
  t = (struct timespec){ 0, 2000000000 };
  CHECK_ERR(recvmmsg(s[1], r, 6, MSG_DONTWAIT, &t), EINVAL);
  m[2].msg_hdr.msg_iov = (void *)8;
  CHECK_EQ(sendmmsg(s[0], m, 4, 0), 2); // as many as could be sent
  CHECK_ERR(sendmmsg(s[0], m + 2, 1, 0), EFAULT);
  CHECK_EQ(recvmmsg(s[1], r, 6, MSG_DONTWAIT, NULL), 2);
}

static void unix_names(void) {
  int a = socket(AF_UNIX, SOCK_SEQPACKET, 0), c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  struct sockaddr_un u = { .sun_family = AF_UNIX }, w;
  CHECK_EQ(bind(a, (void *)&u, 2), 0); // the kernel chooses an abstract name
  socklen_t l = sizeof w;
  CHECK_EQ(getsockname(a, (void *)&w, &l), 0);
  CHECK_EQ(l, 8);
  CHECK_EQ(listen(a, 5), 0);
  CHECK_EQ(connect(c, (void *)&w, l), 0);
  struct sockaddr_un peer;
  memset(&peer, 0x55, sizeof peer);
  l = 1; // too short: cut, and the true length told
  int t = accept4(a, (void *)&peer, &l, SOCK_CLOEXEC | SOCK_NONBLOCK);
  CHECK(t >= 0);
  CHECK_EQ(l, 2);
  CHECK_EQ(((char *)&peer)[1], 0x55);
  CHECK_EQ(send(c, "packet", 6, MSG_EOR), 6);
  char b[4];
  struct iovec v;
  struct msghdr *m = message(&v, b, 4, NULL, 0);
  CHECK_EQ(recvmsg(t, m, 0), 4);
  CHECK_EQ(m->msg_flags & MSG_TRUNC, MSG_TRUNC);
  CHECK_ERR(recv(t, b, 4, 0), EAGAIN);
  CHECK_EQ(shutdown(c, SHUT_WR), 0);
  CHECK_EQ(recv(t, b, 4, 0), 0);
  CHECK_ERR(shutdown(c, 77), EINVAL);
  l = sizeof w;
  CHECK_EQ(getpeername(t, (void *)&w, &l), 0);
  CHECK_EQ(SYS3(SYS_getsockname, a, &w, 8), -EFAULT);
  l = -1;
  CHECK_EQ(SYS3(SYS_getsockname, a, &w, &l), -EINVAL);
  strcpy(u.sun_path, "sock");
  int n = socket(AF_UNIX, SOCK_STREAM, 0);
  unlink("sock");
  CHECK_EQ(bind(n, (void *)&u, sizeof u), 0);
  CHECK_EQ(bind(n, (void *)&u, sizeof u), -1);
  CHECK_ERR(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&u, sizeof u), ECONNREFUSED);
  CHECK_EQ(SYS3(SYS_bind, n, 8, 10), -EFAULT);
  CHECK_EQ(accept(n, NULL, NULL) == -1 ? errno : 0, EINVAL);
  int dg[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, dg), 0);
  CHECK_EQ(send(dg[0], "0123456789", 10, 0), 10);
  CHECK_EQ(recv(dg[1], b, 4, MSG_PEEK | MSG_TRUNC), 10);
  CHECK_EQ(recv(dg[1], b, 4, 0), 4);
  struct sockaddr_un from;
  l = sizeof from;
  CHECK_EQ(send(dg[0], "", 0, 0), 0);
  CHECK_EQ(recvfrom(dg[1], b, 4, 0, (void *)&from, &l), 0);
  CHECK_EQ(l, 0);
}

static void *echo(void *arg) {
  int s = (int)(long)arg, c = accept(s, NULL, NULL);
  char b[4096];
  long n;
  while ((n = recv(c, b, sizeof b, 0)) > 0) CHECK_EQ(send(c, b, (size_t)n, MSG_NOSIGNAL), n);
  close(c);
  return NULL;
}
static void inet(int family) {
  struct sockaddr_storage a = { .ss_family = (sa_family_t)family }, b;
  socklen_t l = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  if (family == AF_INET) ((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else ((struct sockaddr_in6 *)&a)->sin6_addr = in6addr_loopback;
  int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (s < 0 && family == AF_INET6) return;
  CHECK_EQ(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, 4), 0);
  if (bind(s, (void *)&a, l)) {
    CHECK_EQ(errno, EADDRNOTAVAIL);
    return;
  }
  CHECK_EQ(listen(s, 1), 0);
  socklen_t n = sizeof b;
  CHECK_EQ(getsockname(s, (void *)&b, &n), 0);
  CHECK_EQ(n, l);
  pthread_t th;
  CHECK_EQ(pthread_create(&th, NULL, echo, (void *)(long)s), 0);
  int c = socket(family, SOCK_STREAM, 0);
  CHECK_EQ(connect(c, (void *)&b, l), 0);
  CHECK_EQ(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, 4), 0);
  char big[100000], back[100000];
  for (int i = 0; i < 100000; i++) big[i] = (char)(i * 7);
  long sent = 0, got = 0;
  while (got < 100000) {
    if (sent < 100000 && sent - got < 30000) sent += send(c, big + sent, (size_t)(100000 - sent > 10000 ? 10000 : 100000 - sent), 0);
    else {
      long r = recv(c, back + got, (size_t)(100000 - got), 0);
      CHECK(r > 0);
      got += r;
    }
  }
  CHECK(!memcmp(big, back, 100000));
  struct tcp_info ti;
  socklen_t tl = sizeof ti;
  CHECK_EQ(getsockopt(c, IPPROTO_TCP, TCP_INFO, &ti, &tl), 0);
  CHECK_EQ(ti.tcpi_state, 1);
  int q = -1;
  CHECK_EQ(ioctl(c, FIONREAD, &q), 0);
  CHECK_EQ(q, 0);
  CHECK_EQ(ioctl(c, SIOCOUTQ, &q), 0);
  CHECK_EQ(shutdown(c, SHUT_WR), 0);
  CHECK_EQ(recv(c, back, 10, 0), 0);
  pthread_join(th, NULL);
  close(c);
  close(s);
  // datagrams
  int u = socket(family, SOCK_DGRAM, 0);
  CHECK_EQ(bind(u, (void *)&a, l), 0);
  n = sizeof b;
  CHECK_EQ(getsockname(u, (void *)&b, &n), 0);
  CHECK_EQ(sendto(u, "self", 4, 0, (void *)&b, n), 4);
  struct sockaddr_storage from;
  n = sizeof from;
  CHECK_EQ(recvfrom(u, back, 10, 0, (void *)&from, &n), 4);
  CHECK_EQ(n, l);
  CHECK(!memcmp(&from, &b, n));
  int on = 1;
  CHECK_EQ(setsockopt(u, SOL_SOCKET, SO_TIMESTAMP, &on, 4), 0);
  CHECK_EQ(sendto(u, "time", 4, 0, (void *)&b, n), 4);
  char control[128] __attribute__((aligned(8)));
  struct iovec v;
  struct msghdr *m = message(&v, back, 10, control, sizeof control);
  CHECK_EQ(recvmsg(u, m, 0), 4);
  CHECK_EQ(CMSG_FIRSTHDR(m)->cmsg_type, SCM_TIMESTAMP);
  struct timeval tv;
  int r = ioctl(u, SIOCGSTAMP, &tv);
  CHECK(r == 0 || errno == ENOENT);
  close(u);
}
static void inet4(void) { inet(AF_INET); }
static void inet6(void) { inet(AF_INET6); }

static void options(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
  static const int socket_options[] = { SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_SNDBUF, SO_RCVBUF, SO_LINGER, SO_KEEPALIVE, SO_REUSEADDR, SO_REUSEPORT, SO_BROADCAST, SO_OOBINLINE,
    SO_PRIORITY, SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SO_PROTOCOL, SO_DOMAIN, SO_MARK, SO_TIMESTAMP, SO_PEEK_OFF, SO_BUSY_POLL, SO_INCOMING_CPU, SO_COOKIE,
    SO_BINDTODEVICE, SO_MAX_PACING_RATE, SO_ZEROCOPY, SO_PEERNAME, SO_PEERSEC, SO_PASSCRED, SO_DONTROUTE, SO_NO_CHECK, SO_MEMINFO, 9999 };
  for (size_t i = 0; i < sizeof socket_options / sizeof(int); i++) {
    char b[64];
    socklen_t l = sizeof b;
    memset(b, 0x66, sizeof b);
    int r = getsockopt(s, SOL_SOCKET, socket_options[i], b, &l);
    printf("~%d %d %u %016lx\n", socket_options[i], r, l, t_hash(b, sizeof b));
    l = 1;
    r = getsockopt(s, SOL_SOCKET, socket_options[i], b, &l);
    printf("~%d %u\n", r, l);
  }
  for (int o = 1; o < 50; o++) {
    char b[256];
    socklen_t l = sizeof b;
    memset(b, 0x66, sizeof b);
    int r = getsockopt(s, IPPROTO_TCP, o, b, &l);
    printf("~tcp %d %d %u %016lx\n", o, r, l, t_hash(b, sizeof b));
    l = sizeof b;
    r = getsockopt(u, IPPROTO_IP, o, b, &l);
    printf("~ip %d %d %u %016lx\n", o, r, l, t_hash(b, sizeof b));
    l = sizeof b;
    r = getsockopt(u, IPPROTO_UDP, o, b, &l);
  }
  struct timeval tv = { 0, 2000 };
  CHECK_EQ(setsockopt(u, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
  char b[10];
  CHECK_ERR(recv(u, b, 10, 0), EAGAIN);
  struct linger li = { 1, 3 };
  CHECK_EQ(setsockopt(s, SOL_SOCKET, SO_LINGER, &li, sizeof li), 0);
  CHECK_EQ(SYS5(SYS_setsockopt, s, SOL_SOCKET, SO_SNDBUF, 8, 4), -EFAULT);
  CHECK_EQ(SYS5(SYS_setsockopt, s, SOL_SOCKET, SO_SNDBUF, b, 1), -EINVAL);
  CHECK_EQ(SYS5(SYS_getsockopt, s, SOL_SOCKET, SO_SNDBUF, b, 8), -EFAULT);
  CHECK_ERR(getsockopt(0, SOL_SOCKET, SO_TYPE, b, &(socklen_t){ 4 }), ENOTSOCK);
  struct ip_mreq mr = { .imr_multiaddr.s_addr = inet_addr("224.0.0.77"), .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
  int r = setsockopt(u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr);
  CHECK(r == 0 || errno == ENODEV);
}

static void families(void) {
  CHECK_ERR(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
  CHECK_ERR(socket(AF_UNIX, 99, 0), EINVAL);
  CHECK_ERR(socket(AF_INET, SOCK_STREAM, 999), EINVAL);
  CHECK_ERR(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0 }), EOPNOTSUPP);
  CHECK_EQ(SYS4(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 8), -EFAULT);
  for (int f = 0; f < 46; f++)
    for (int t = 1; t < 6; t++) {
      int s = socket(f, t, 0);
      if (s >= 0) close(s);
    }
  int n = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  CHECK(n >= 0);
  struct sockaddr_nl a = { .nl_family = AF_NETLINK };
  CHECK_EQ(bind(n, (void *)&a, sizeof a), 0);
  socklen_t l = sizeof a;
  CHECK_EQ(getsockname(n, (void *)&a, &l), 0);
  CHECK(a.nl_pid != 0);
  struct { struct nlmsghdr h; struct rtgenmsg g; } q = { { sizeof q, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { AF_UNSPEC } };
  CHECK_EQ(send(n, &q, sizeof q, 0), sizeof q);
  static char b[32768];
  int links = 0, done = 0;
  while (!done) {
    long r = recv(n, b, sizeof b, 0);
    CHECK(r > 0);
    for (struct nlmsghdr *h = (void *)b; NLMSG_OK(h, (unsigned)r); h = NLMSG_NEXT(h, r)) {
      if (h->nlmsg_type == NLMSG_DONE) done = 1;
      else links++;
    }
  }
  CHECK(links >= 1);
  static const int kinds[] = { NETLINK_KOBJECT_UEVENT, NETLINK_AUDIT, NETLINK_GENERIC, NETLINK_SOCK_DIAG, NETLINK_NETFILTER, NETLINK_CONNECTOR };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int s = socket(AF_NETLINK, SOCK_RAW, kinds[i]);
    printf("~%d %d\n", kinds[i], s);
    if (s >= 0) close(s);
  }
  int p = socket(AF_PACKET, SOCK_RAW, htons(3));
  if (p >= 0) {
    struct tpacket_req rq = { 4096, 1, 2048, 2 };
    int r = setsockopt(p, SOL_PACKET, PACKET_RX_RING, &rq, sizeof rq);
    printf("~%d\n", r);
    close(p);
  }
  int v = socket(40 /* AF_VSOCK */, SOCK_STREAM, 0);
  if (v >= 0) {
    struct { unsigned short family, z; unsigned port, cid; char pad[4]; } va = { 40, 0, 1234, 1, { 0 } };
    int r = connect(v, (void *)&va, sizeof va);
    CHECK(r < 0);
    close(v);
  }
}

static void interfaces(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq list[16], r;
  struct ifconf conf = { .ifc_len = sizeof list, .ifc_req = list };
  CHECK_EQ(ioctl(s, SIOCGIFCONF, &conf), 0);
  printf("~%d\n", conf.ifc_len);
  conf.ifc_req = NULL;
  CHECK_EQ(ioctl(s, SIOCGIFCONF, &conf), 0);
  memset(&r, 0, sizeof r);
  strcpy(r.ifr_name, "lo");
  CHECK_EQ(ioctl(s, SIOCGIFINDEX, &r), 0);
  int index = r.ifr_ifindex;
  memset(r.ifr_name, 0, sizeof r.ifr_name);
  CHECK_EQ(ioctl(s, SIOCGIFNAME, &r), 0);
  CHECK(!strcmp(r.ifr_name, "lo"));
  CHECK(index > 0);
  CHECK_EQ(ioctl(s, SIOCGIFFLAGS, &r), 0);
  static const int gets[] = { SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMETRIC, SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFMAP, SIOCGIFTXQLEN, SIOCGIFMEM,
    SIOCGIFPFLAGS, SIOCGIFSLAVE, SIOCGMIIPHY, SIOCGMIIREG, SIOCGHWTSTAMP, SIOCBONDINFOQUERY, SIOCGIFBR, SIOCGIFVLAN };
  for (size_t i = 0; i < sizeof gets / sizeof *gets; i++) {
    memset(&r, 0, sizeof r);
    strcpy(r.ifr_name, "lo");
    int k = ioctl(s, (unsigned)gets[i], &r);
    printf("~%x %d %016lx\n", gets[i], k, t_hash(&r, sizeof r));
  }
  struct ethtool_cmd et = { .cmd = ETHTOOL_GSET };
  struct ethtool_drvinfo di = { .cmd = ETHTOOL_GDRVINFO };
  struct ethtool_value ev = { .cmd = ETHTOOL_GLINK };
  r.ifr_data = (void *)&et;
  printf("~%d\n", ioctl(s, SIOCETHTOOL, &r));
  r.ifr_data = (void *)&di;
  int k = ioctl(s, SIOCETHTOOL, &r);
  printf("~%d %s\n", k, k ? "" : di.driver);
  r.ifr_data = (void *)&ev;
  k = ioctl(s, SIOCETHTOOL, &r);
  printf("~%d %u\n", k, ev.data);
  struct iwreq iw;
  memset(&iw, 0, sizeof iw);
  strcpy(iw.ifr_name, "lo");
  CHECK(ioctl(s, SIOCGIWNAME, &iw) < 0);
  CHECK(ioctl(s, SIOCGIWRATE, &iw) < 0);
  CHECK_ERR(ioctl(s, SIOCGIFINDEX, (void *)8), EFAULT);
  strcpy(r.ifr_name, "none0");
  CHECK_ERR(ioctl(s, SIOCGIFINDEX, &r), ENODEV);
  struct arpreq ar;
  memset(&ar, 0, sizeof ar);
  ar.arp_pa.sa_family = AF_INET;
  CHECK(ioctl(s, SIOCGARP, &ar) < 0);
  int own = 0;
  CHECK_EQ(ioctl(s, FIOGETOWN, &own), 0);
  CHECK_EQ(ioctl(s, SIOCGPGRP, &own), 0);
  int tun = open("/dev/net/tun", O_RDWR);
  if (tun >= 0) {
    memset(&r, 0, sizeof r);
    r.ifr_flags = 0x1001; // IFF_TUN | IFF_NO_PI
    k = ioctl(tun, 0x400454ca, &r);
    printf("~%d %s\n", k, r.ifr_name);
    unsigned feat;
    ioctl(tun, 0x800454cf, &feat);
  }
}

T_CASES({ "rights", rights }, { "credentials", credentials }, { "several", several }, { "unix_names", unix_names }, { "inet4", inet4 }, { "inet6", inet6 }, { "options", options },
  { "families", families }, { "interfaces", interfaces })
