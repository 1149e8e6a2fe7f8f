// The gdb server: listens, takes one client at a time, and turns between the client and the engine.
#include "host/gdb_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host/cpu.h"
#include "host/gdb_launch.h"
#include "host/gdb_session.h"
#include "host/gdb_stream.h"

// A gdb that we started has our terminal: it writes what comes by the protocol one character at a time.
static void engine_output(void *to, const char *text, size_t n) {
  const struct gdb_session *s = to;
  if (!s->own_console) gdb_console(to, text, n);
  for (ssize_t r; s->own_console && n; text += r, n -= (size_t)r)
    if ((r = write(STDOUT_FILENO, text, n)) <= 0) return;
}

static bool machine_interface(const struct replay_options *o) {
  for (const char *const *a = o->debugger_args; a && *a; a++)
    if (!strncmp(*a, "-i", 2) || !strncmp(*a, "--i", 3) || !strcmp(*a, "--annotate=1") || !strcmp(*a, "--fullname")) return true;
  return false;
}

static void session_end(struct gdb_session *s) {
  gdb_divert_end(s);
  if (s->have_run) {
    target_end(&s->timeline, &s->target);
    timeline_end(&s->timeline);
  } else if (s->target.pages) target_close(&s->target);
  if (s->have_run) replay_run_end(&s->run);
  s->have_run = false;
}

int session_start(struct gdb_session *s, const struct rr_point *until) {
  struct fault f = { 0 };
  int pair[2];
  session_end(s);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return say_error("socketpair: %s", strerror(errno)), 1;
  int e = replay_run_start(s->replay, s->stream, s->opt->quiet, pair[1], &s->run, &f);
  close(pair[1]);
  if (e || target_open(&s->target, pair[0])) {
    close(pair[0]);
    return e ? fault_say(&f) : (say_error("out of memory"), 1);
  }
  s->target.output = engine_output;
  s->target.output_to = s;
  s->have_run = true;
  s->pid_stream = ~0u;
  timeline_begin(&s->timeline, &s->run.session.root);
  s->places = (struct places){ 0 };
  s->target.points = &s->timeline.points;
  timeline_running(&s->timeline);
  s->exited = s->resumed = s->start_told = s->arrived = false;
  s->following = s->replay->follow_count > 0;
  s->silent = until != NULL;
  if (until) s->until = *until;
  s->g_tid = s->c_tid = 0;
  return 0;
}

static int poll_target(struct gdb_session *s, struct pollfd *p, int n, int timeout_ms) {
  return s->divert == DIVERT_CALL ? poll(p, (nfds_t)n, timeout_ms) : timeline_poll(&s->timeline, &s->target, p, n, timeout_ms);
}

// Waits for the engine's stop, or until the client is there or gone.
static void turn(struct gdb_session *s, int listener) {
  struct pollfd p[3] = { { .fd = s->target.running ? s->target.fd : -1, .events = POLLIN }, { .fd = s->conn.fd, .events = POLLIN },
    { .fd = listener, .events = POLLIN } };
  bool waiting = s->conn.fd >= 0 && gdb_conn_waiting(&s->conn);
  if (poll_target(s, p, 3, waiting ? 0 : -1) < 0) return;
  if (p[0].revents && target_stopped(&s->target)) gdb_stopped(s);
  if (p[1].revents) gdb_conn_fill(&s->conn);
  if (!p[2].revents || p[1].revents || waiting) return; // the client may just be leaving: then the other one is next
  int extra = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (extra >= 0) close(extra); // one client at a time
}

void session_wait(struct gdb_session *s) {
  while (s->target.running) {
    struct pollfd p[2] = { { .fd = s->target.fd, .events = POLLIN }, { .fd = s->conn.fd, .events = POLLRDHUP } };
    if (poll_target(s, p, 2, -1) < 0) continue;
    if (p[0].revents && target_stopped(&s->target)) gdb_stopped(s);
    else if (p[1].revents) break;
  }
}

// While the guest runs only an interrupt or a goodbye makes sense.
static void input_running(struct gdb_session *s, enum gdb_input in) {
  if (in == GDB_IN_INTERRUPT) target_interrupt(&s->target);
  else if (in == GDB_IN_PACKET && (s->conn.packet[0] == 'k' || s->conn.packet[0] == 'D')) gdb_packet(s);
  else if (in == GDB_IN_PACKET && !s->resumed) {
    session_wait(s); // a silent run: the client has not asked for it, and waits
    if (!s->target.running) gdb_packet(s);
  } else if (in == GDB_IN_PACKET) reply_refused(s, "the process is running");
}

static void client_input(struct gdb_session *s) {
  enum gdb_input in = gdb_conn_next(&s->conn);
  if (in == GDB_IN_END) s->leaving = true;
  else if (in == GDB_IN_TOO_LONG) reply_refused(s, "the packet is too long");
  else if (s->target.running) input_running(s, in);
  else if (in == GDB_IN_PACKET) gdb_packet(s);
}

static void client_open(struct gdb_session *s, int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (gdb_conn_open(&s->conn, fd)) return;
  s->multiprocess = s->swbreak = s->hwbreak = s->exec_events = s->fork_events = s->error_text = s->extended = s->leaving = false;
}

static void client_close(struct gdb_session *s) {
  gdb_conn_close(&s->conn);
  gdb_files_close(s);
  s->leaving = s->resumed = false;
  s->passed_signals = 0;
}

static uint16_t port_of(const struct sockaddr_storage *a) {
  return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port : ((const struct sockaddr_in *)a)->sin_port);
}

// A name would need the system's resolver, which a static program has not: addresses, and localhost.
static int address_of(const char *host, int port, struct sockaddr_storage *a, socklen_t *len) {
  struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
  struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
  if (!host || !strcmp(host, "localhost")) host = "127.0.0.1";
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) return memcpy(a, &v4, *len = sizeof v4), 0;
  if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) return memcpy(a, &v6, *len = sizeof v6), 0;
  return -1;
}

static int listen_on(const struct replay_options *o, uint16_t *port, struct fault *f) {
  struct sockaddr_storage address = { 0 };
  socklen_t len;
  int number = o->port > 0 ? o->port : 0, on = 1;
  if (address_of(o->host, number, &address, &len)) return fault_set(f, EXIT_USAGE, "-h %s: an address of this machine is wanted, not a name", o->host), -1;
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 4) < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
    fault_set(f, 1, "cannot listen on port %d: %s", number, strerror(errno));
    if (fd >= 0) close(fd);
    fd = -1;
  }
  *port = port_of(&address);
  return fd;
}

static void announce(const struct gdb_session *s, uint16_t port) {
  const struct replay_options *o = s->opt;
  const struct kept_files *kept = &s->replay->kept;
  const char *exe = "";
  for (uint32_t i = 0; i < kept->count; i++)
    if (kept->files[i].id == s->exe_file) exe = kept->files[i].path;
  say_info("debug server listening on %s:%u", o->host ? o->host : "", port);
  if (o->port < 0) return;
  // Delve and others read these two lines.
  fprintf(stderr, "Launch debugger with\n  'gdb' '-l' '10000' '-ex' 'set sysroot /' '-ex' 'target extended-remote %s:%u' '%s'\n",
    o->host ? o->host : "127.0.0.1", port, exe);
}

// One client from its first packet to its last.
static void serve_client(struct gdb_session *s, int listener) {
  while (!s->leaving) {
    turn(s, listener);
    client_input(s);
  }
}

// -1: the debugger that we started has ended.
static int wait_client(int listener, int child) {
  struct pollfd p[2] = { { .fd = listener, .events = POLLIN }, { .fd = child, .events = POLLIN } };
  for (;;) {
    if (poll(p, 2, -1) < 0) continue;
    if (p[1].revents) return -1;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) return fd;
  }
}

static const struct rr_point *first_stop(const struct gdb_session *s, struct rr_point *p) {
  const struct replay_options *o = s->opt;
  *p = (struct rr_point){ .event = o->at_end ? ~0ul : o->goto_set ? o->goto_event : s->replay->first_event };
  return o->at_end || o->goto_set || s->replay->first_event ? p : NULL;
}

static int serve_clients(struct gdb_session *s, int listener, int child) {
  struct rr_point point;
  const struct replay_session first = *s->replay; // a client may have followed a child, or gone to another process
  uint32_t stream = s->stream;
  for (;;) {
    memcpy(s->replay->follow, first.follow, sizeof first.follow);
    s->replay->follow_count = first.follow_count;
    s->replay->first_event = first.first_event;
    s->stream = stream;
    int fd = wait_client(listener, child);
    if (fd < 0) return 0;
    if (!s->have_run && session_start(s, first_stop(s, &point))) return 1;
    client_open(s, fd);
    serve_client(s, listener);
    client_close(s);
    session_end(s); // another client begins at the beginning
    if (!s->opt->keep_listening && child < 0) return 0;
  }
}

// The engine starts before anybody connects: what is wrong with the trace is said at once.
static int serve(struct gdb_session *s, int listener, uint16_t port) {
  struct rr_point point;
  struct fault f = { 0 };
  struct debugger child = { .pid = -1, .exited = -1 };
  if (session_start(s, first_stop(s, &point))) return 1;
  session_wait(s);
  if (s->target.fd < 0) {
    if (!replay_run_fault(&s->run, &f)) fault_set(&f, 1, "the replay ended before its first instruction");
    return fault_say(&f);
  }
  if (!s->opt->start_debugger) {
    announce(s, port);
    return serve_clients(s, listener, -1);
  }
  s->own_console = !machine_interface(s->opt);
  if (launch_debugger(&child, s->replay, s->opt, port, &f)) return fault_say(&f);
  serve_clients(s, listener, child.exited);
  return launch_wait(&child);
}

int gdb_serve(struct replay_session *r, const struct replay_options *o) {
  struct gdb_session *s = calloc(1, sizeof *s);
  struct fault f = { 0 };
  uint16_t port = 0;
  int status, listener = -1;
  if (!s) return say_error("out of memory"), 1;
  s->replay = r;
  s->opt = o;
  s->conn.fd = s->target.fd = s->held.fd = -1;
  memset(s->files, -1, sizeof s->files);
  cpu_compare(&r->trace->manifest);
  if (!r->trace->complete) say_warn("the trace is not complete: %s; it is replayed as far as it goes", r->trace->incomplete_why);
  if (kept_files_verify(r->trace->dir, &r->kept, &f) || stream_find(r, o, &s->stream, &f) || (listener = listen_on(o, &port, &f)) < 0) status = fault_say(&f);
  else status = serve(s, listener, port);
  session_end(s);
  if (listener >= 0) close(listener);
  free(s->xml);
  free(s);
  return status;
}
