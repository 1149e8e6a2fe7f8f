// The gdb server's protocol side against an engine made of cardboard: a thread that answers the channel with one thread,
// one page of memory and registers that count. The client's bytes are written into the server's socket; the server's code
// runs in this thread, so that sanitizers see all of it.
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/gdb_regs.h"
#include "host/gdb_session.h"

#define CHECK(c) do { if (!(c)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); exit(1); } } while (0)

// ---- the engine ----

static uint8_t page[4096];
enum { PAGE_AT = 0x10000, PID = 0x77 };
static struct rr_dbg_break last_break;
static uint8_t last_condition[64];
static struct rr_dbg_go last_go;

static void send_stop(int fd, uint32_t reason) {
  struct rr_dbg_stop s = { .reason = reason, .thread = PID, .pid = PID, .point = { 5, 6, 0x1234 } };
  CHECK(send(fd, &s, sizeof s, 0) == sizeof s);
}

static size_t answer(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  uint8_t *d = (uint8_t *)(r + 1);
  memset(r, 0, sizeof *r);
  if (q->what == RR_DBG_READ) {
    if (q->address != PAGE_AT) return r->error = EFAULT, 0;
    memcpy(d, page, 4096);
    return 4096;
  }
  if (q->what == RR_DBG_REGS) {
    struct rr_dbg_regs g = { .xsave_size = 2696, .xcr0 = 7 };
    for (int i = 0; i < R_COUNT; i++) g.regs[i] = 0x1000u + (unsigned)i;
    memcpy(d, &g, sizeof g);
    memset(d + sizeof g, 0, 2696);
    d[sizeof g + 512] = 7; // XSTATE_BV
    memset(d + sizeof g + 160, 0xab, 16); // xmm0
    return sizeof g + 2696;
  }
  if (q->what == RR_DBG_THREADS) {
    struct rr_dbg_thread t = { .tid = PID, .pid = PID, .name = "card<board>" };
    if (q->address) return 0;
    memcpy(d, &t, sizeof t);
    return sizeof t;
  }
  if (q->what == RR_DBG_BREAK && q->size >= sizeof last_break) {
    memcpy(&last_break, q + 1, sizeof last_break);
    memcpy(last_condition, (const uint8_t *)(q + 1) + sizeof last_break, q->size - sizeof last_break < 64 ? q->size - sizeof last_break : 64);
  }
  if (q->what == RR_DBG_AUXV || q->what == RR_DBG_SIGINFO) return memset(d, '#', 128), 128;
  if (q->what == RR_DBG_SEARCH) r->error = ENOENT;
  return 0;
}

static void *engine(void *arg) {
  int fd = *(int *)arg;
  static uint8_t in[RR_DBG_DATA + 64], out[RR_DBG_DATA + 64];
  uint32_t go_count = 0;
  send_stop(fd, RR_STOP_START);
  for (;;) {
    ssize_t n = recv(fd, in, sizeof in, 0);
    const struct rr_dbg_request *q = (void *)in;
    struct rr_dbg_reply *r = (void *)out;
    if (n < (ssize_t)sizeof *q || q->what == RR_DBG_KILL) return NULL;
    if (q->what == RR_DBG_INTERRUPT || q->what == RR_DBG_FORK) continue; // no copy: the channel that came with it ends
    if (q->what == RR_DBG_GO) {
      memcpy(&last_go, q + 1, sizeof last_go);
      send_stop(fd, ++go_count % 7 ? RR_STOP_BREAK : RR_STOP_SIGNAL);
      continue;
    }
    size_t size = answer(q, r);
    r->size = (uint32_t)size;
    if (send(fd, out, sizeof *r + size, MSG_NOSIGNAL) < 0) return NULL;
  }
}

// ---- the session ----

static struct gdb_session session;
static struct replay_session replay;
static struct replay_options options = { .port = -1, .forked = -1 };
static struct trace trace = { .dir = -1 };
static pthread_t engine_thread;
static int engine_fd, client = -1;
static pid_t no_process;

static void begin(void) {
  int a[2], b[2];
  CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, a) && !socketpair(AF_UNIX, SOCK_STREAM, 0, b));
  engine_fd = a[1];
  pthread_create(&engine_thread, NULL, engine, &engine_fd);
  memset(&session, 0, sizeof session);
  memset(session.files, -1, sizeof session.files);
  replay.trace = &trace;
  session.replay = &replay;
  session.opt = &options;
  session.held.fd = -1;
  timeline_begin(&session.timeline, &no_process);
  CHECK(!target_open(&session.target, a[0]) && !gdb_conn_open(&session.conn, b[0]));
  client = b[1];
  session_wait(&session);
  CHECK(session.target.stop.reason == RR_STOP_START && session.pid == PID);
}

static void end(void) {
  gdb_divert_end(&session);
  target_kill(&session.target);
  pthread_join(engine_thread, NULL);
  close(engine_fd);
  close(client);
  target_close(&session.target);
  timeline_end(&session.timeline);
  gdb_conn_close(&session.conn);
  gdb_files_close(&session);
  free(session.xml);
  session.xml = NULL;
}

// All input that is there is worked through, and all stops.
static void work(void) {
  for (;;) {
    gdb_conn_fill(&session.conn);
    bool more = gdb_conn_waiting(&session.conn);
    enum gdb_input in = gdb_conn_next(&session.conn);
    if (in == GDB_IN_PACKET) gdb_packet(&session);
    else if (in == GDB_IN_TOO_LONG) reply_refused(&session, "long");
    else if (in != GDB_IN_INTERRUPT && !more) break;
    session_wait(&session);
  }
}

static char got[1 << 20];
static size_t drain(void) {
  size_t n = 0;
  for (ssize_t r; n < sizeof got - 1 && (r = recv(client, got + n, sizeof got - 1 - n, MSG_DONTWAIT)) > 0;) n += (size_t)r;
  got[n] = 0;
  return n;
}

static void put(const char *text, size_t n) {
  uint8_t sum = 0;
  char tail[4];
  for (size_t i = 0; i < n; i++) sum += (uint8_t)text[i];
  snprintf(tail, sizeof tail, "#%02x", sum);
  CHECK(write(client, "$", 1) == 1 && write(client, text, n) == (ssize_t)n && write(client, tail, 3) == 3);
}

// The reply to a packet, without framing.
static const char *ask(const char *packet) {
  put(packet, strlen(packet));
  work();
  size_t n = drain();
  char *p = got + (*got == '+'), *hash = memrchr(got, '#', n);
  CHECK(*p == '$' && hash);
  *hash = 0;
  return p + 1;
}

static void expect(const char *packet, const char *reply_wanted) {
  const char *r = ask(packet);
  if (strcmp(r, reply_wanted)) {
    fprintf(stderr, "%s: `%s` instead of `%s`\n", packet, r, reply_wanted);
    exit(1);
  }
}

static void test_framing(void) {
  begin();
  CHECK(write(client, "+junk$?#", 8) == 8);
  work();
  CHECK(drain() == 0);
  CHECK(write(client, "3f", 2) == 2); // in pieces
  work();
  drain();
  CHECK(!strncmp(got, "+$T05", 5));
  CHECK(write(client, "$?#00", 5) == 5); // a bad sum is asked for again
  work();
  drain();
  CHECK(!strcmp(got, "-"));
  expect("QStartNoAckMode", "OK");
  CHECK(write(client, "$qC#00$qC#b4", 12) == 12); // then sums don't matter
  work();
  drain();
  CHECK(!strcmp(got, "$QC77#02$QC77#02"));
  end();
}

static void test_too_long(void) {
  begin();
  char *big = malloc(3 << 20);
  CHECK(big);
  memset(big, 'A', 3 << 20);
  *big = '$';
  for (size_t at = 0; at < 3 << 20;) {
    ssize_t n = send(client, big + at, (3 << 20) - at, MSG_DONTWAIT);
    if (n > 0) at += (size_t)n;
    work();
  }
  CHECK(write(client, "#00", 3) == 3);
  work();
  drain();
  expect("qC", "QC77");
  free(big);
  end();
}

static void test_packets(void) {
  begin();
  for (int i = 0; i < 4096; i++) page[i] = (uint8_t)i;
  CHECK(strstr(ask("qSupported:multiprocess+;swbreak+;hwbreak+"), "multiprocess+"));
  expect("qC", "QCp77.77");
  expect("qfThreadInfo", "mp77.77");
  expect("qsThreadInfo", "l");
  expect("m10000,8", "0001020304050607");
  expect("m10ff0,20", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"); // the next page is not there
  expect("m20000,8", "E0e");
  expect("m", "E16");
  expect("x0,0", "OK");
  expect("p0", "0010000000000000");
  expect("p10", "1010000000000000");
  expect("p28", "abababababababababababababababab");
  expect("p7777777", "E16");
  CHECK(!strncmp(ask("Pd=00"), "E.", 2) && !strncmp(ask("M10000,1:00"), "E.", 2) && !strncmp(ask("G00"), "E.", 2));
  expect("X10000,0:", "OK");
  expect("Hgp77.77", "OK");
  expect("Hgp77.99", "E03");
  expect("Tp77.77", "OK");
  expect("qAttached", "1");
  expect("vMustReplyEmpty", "");
  expect("qTStatus", "");
  expect("Z0,1000,1;X3,220127", "OK");
  CHECK(last_break.conditions == 1 && last_condition[0] == 3 && last_condition[4] == 0x22 && last_condition[6] == 0x27);
  expect("Z0,1000,1;X3,2201", "E16");
  expect("Z0,1000,1;X9999,22", "E16");
  expect("z0,1000,1", "OK");
  expect("Z9,1,1", "");
  CHECK(!strncmp(ask("vCont;c"), "T05", 3) && strstr(got, "swbreak:;thread:") == NULL && strstr(got, "thread:p77.77;swbreak:;"));
  CHECK(last_go.how == RR_GO_CONTINUE);
  ask("vCont;s:p77.77;c:p77.-1");
  CHECK(last_go.how == RR_GO_STEP && last_go.thread == 0x77);
  ask("vCont;r1000,1010:p77.77");
  CHECK(last_go.how == RR_GO_RANGE && last_go.range_end == 0x1010);
  CHECK(!strncmp(ask("qXfer:features:read:target.xml:0,fff"), "m<?xml", 6));
  CHECK(*ask("qXfer:auxv:read::0,1000") == 'l' && got[3] == '}');
  expect("qXfer:nothing:read::0,10", "");
  expect("qSearch:memory:10000;1000;xyz", "0");
  expect("qThreadExtraInfo,p77.77", "63617264""3c626f6172643e202872756e6e696e6729");
  CHECK(!strncmp(ask("qRRCmd:when:77"), "436f6d706c65746564206576656e743a2035", 36));
  CHECK(!strncmp(ask("qRRCmd:7768656e"), "436f6d706c65746564206576656e743a2035", 36));
  CHECK(!strncmp(ask("qRcmd,7768656e2d7469636b73"), "43757272656e74", 14));
  expect("vFile:setfs:0", "F0");
  expect("vFile:open:2f6e6f7768657265,0,0", "F-1,2");
  expect("vFile:pread:9,10,0", "F-1,9");
  CHECK(*ask("vFile:open:2f6574632f706173737764,0,0") == 'F'); // /etc/passwd: anybody may read it
  CHECK(!strncmp(ask("vFile:pread:3,4,0"), "F4;root", 7));
  CHECK(!strncmp(ask("vFile:fstat:3"), "F40;", 4));
  expect("vFile:close:3", "F0");
  expect("vFile:open:2f6574632f736861646f77,0,0", "F-1,d"); // /etc/shadow: not for everybody
  end();
}

// Registers and the description must agree, whatever the CPU has.
static void test_registers(void) {
  static const uint64_t masks[] = { 3, 7, 0xe7 };
  for (int i = 0; i < 3; i++) {
    char *xml = gdb_regs_xml(masks[i]);
    size_t count = 0, bits = 0;
    CHECK(xml);
    for (char *p = xml; (p = strstr(p, "<reg ")); p++) {
      unsigned n;
      CHECK(sscanf(strstr(p, "bitsize="), "bitsize=\"%u\"", &n) == 1 && gdb_reg_size(masks[i], count) * 8 == n);
      bits += n;
      count++;
    }
    CHECK(count == gdb_regs_count(masks[i]) && bits && !gdb_reg_size(masks[i], count));
    free(xml);
  }
}

static void test_garbage(unsigned seed, int rounds) {
  static const char *const seeds[] = { "qXfer:features:read:target.xml:0,fff", "vCont;s:p77.77;c", "Z0,1000,1;X3,220127", "m10000,80", "Hgp77.77", "qRRCmd:when:77:aa",
    "vFile:open:2f6574632f706173737764,0,0", "vFile:pread:3,ffff,0", "qSearch:memory:10000;1000;x", "QPassSignals:e;10;14", "QCatchSyscalls:1;1;2", "qRcmd,7768", "p1f", "x10000,ffffffff",
    "vRun;;31", "qThreadExtraInfo,p1.1", "QStartNoAckMode", "g", "?", "c", "s", "T1", "qXfer:auxv:read::ffffffffffffffff,1", "vFile:stat:2f" };
  begin();
  srand(seed);
  for (int i = 0; i < rounds; i++) {
    char text[256];
    size_t n = strlen(strcpy(text, seeds[(size_t)rand() % (sizeof seeds / sizeof *seeds)]));
    for (int k = rand() % 4; k > 0; k--) text[(size_t)rand() % n] = (char)(rand() % 4 ? "0123456789abcdef:;,.-}*"[rand() % 23] : rand());
    if (rand() % 8 == 0) n = (size_t)rand() % n + 1;
    if (!strncmp(text, "vRun", 4) || *text == 'R') continue; // would start a real engine
    if (memchr(text, '#', n) || memchr(text, '$', n)) CHECK(write(client, text, n) == (ssize_t)n);
    else put(text, n);
    work();
    drain();
    session.leaving = session.exited = false;
    if (session.target.fd < 0) {
      end();
      begin();
    }
  }
  CHECK(write(client, "#00#00", 6) == 6);
  work();
  drain();
  CHECK(strncmp(ask("qC"), "QC", 2) == 0);
  end();
}

int main(int argc, char **argv) {
  test_framing();
  test_too_long();
  test_packets();
  test_registers();
  for (unsigned seed = 1; seed <= 10; seed++) test_garbage(seed, argc > 1 ? atoi(argv[1]) : 2000);
  puts("gdb: ok");
  return 0;
}
