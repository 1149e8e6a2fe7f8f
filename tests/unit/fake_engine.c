// A stand-in for rr-engine: speaks its side of abi/session.h and runs no guest. The guest's arguments say what happens:
//   events=N  forks=N  notes=N  status=N  signal=N  kill (by SIGKILL, in the middle of a chunk)  ticks=N  keep=FILE
//   panic=KIND  hang  corrupt=WHAT  sleep=MS  orphan (the child of a fork lives on)
// On replay it reads its stream, compares, forks for other streams, and ends as the recording did.
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>
#include "abi/event.h"
#include "abi/session.h"

static struct rr_session *session;
static struct rr_ctx *context;
static struct rr_chunk *chunk;
static struct rr_feed copy;
static uint32_t stream, slot, chunk_number, frame_number, frame_at;
static int session_fd, socket_fd, exe_fd;
static char **arguments;

static const char *option(const char *name) {
  size_t n = strlen(name);
  for (char **a = arguments; *a; a++)
    if (!strncmp(*a, name, n) && ((*a)[n] == '=' || !(*a)[n])) return (*a)[n] ? *a + n + 1 : *a + n;
  return NULL;
}

static uint64_t number(const char *name) {
  const char *v = option(name);
  return v ? strtoull(v, NULL, 0) : 0;
}

static void futex(uint32_t *word, int op, uint32_t value) { syscall(SYS_futex, word, op, value, NULL, NULL, 0); }

static void doorbell(void) {
  __atomic_add_fetch(&session->doorbell, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&session->host_sleeping, __ATOMIC_SEQ_CST)) futex(&session->doorbell, FUTEX_WAKE, 1);
}

static struct rr_chunk *chunk_at(uint32_t i) { return (struct rr_chunk *)((uint8_t *)session + RR_OFF_CHUNKS) + i; }

static void take_chunk(void) {
  for (;;) {
    uint64_t head = __atomic_load_n(&session->free_head, __ATOMIC_ACQUIRE), next;
    if (__atomic_load_n(&session->abort, __ATOMIC_ACQUIRE)) _exit(1);
    if ((uint32_t)head) {
      next = ((head >> 32) + 1) << 32 | chunk_at((uint32_t)head - 1)->next;
      if (!__atomic_compare_exchange_n(&session->free_head, &head, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
      chunk = chunk_at((uint32_t)head - 1);
      break;
    }
    __atomic_add_fetch(&session->free_waiters, 1, __ATOMIC_SEQ_CST);
    uint32_t seen = __atomic_load_n(&session->free_futex, __ATOMIC_SEQ_CST);
    doorbell();
    if (!(uint32_t)__atomic_load_n(&session->free_head, __ATOMIC_SEQ_CST)) futex(&session->free_futex, FUTEX_WAIT, seen);
    __atomic_sub_fetch(&session->free_waiters, 1, __ATOMIC_SEQ_CST);
  }
  chunk->stream = stream;
  chunk->number = chunk_number++;
  chunk->used = 0;
  chunk->slot = slot;
  chunk->first_event = context->events;
  __atomic_store_n(&chunk->state, RR_CHUNK_FILLING, __ATOMIC_RELEASE);
}

static void submit(enum rr_chunk_state state) {
  __atomic_store_n(&chunk->state, state, __ATOMIC_RELEASE);
  uint32_t head = __atomic_load_n(&session->submit_head, __ATOMIC_RELAXED);
  do chunk->next = head;
  while (!__atomic_compare_exchange_n(&session->submit_head, &head, (uint32_t)(chunk - chunk_at(0)) + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
  chunk = NULL;
  doorbell();
}

static void event(uint8_t type, uint16_t code, const void *payload, size_t size) {
  uint32_t bytes = (uint32_t)(sizeof(struct rr_event) + ((size + 7) & ~7ul));
  if (chunk && chunk->used + bytes > sizeof chunk->data) submit(RR_CHUNK_SUBMITTED);
  if (!chunk) take_chunk();
  uint8_t *d = chunk->data + chunk->used;
  memset(d, 0, bytes);
  context->tick_base += 10;
  struct rr_event ev = { .size = bytes, .type = type, .code = code, .tid = (uint32_t)getpid(), .ticks = context->tick_base, .pc = 0x1000 + context->events };
  memcpy(d, &ev, sizeof ev);
  if (size) memcpy(d + sizeof ev, payload, size);
  if (type >= RR_EV_FIRST_COUNTED) context->events++;
  __atomic_store_n(&chunk->used, chunk->used + bytes, __ATOMIC_RELEASE);
}

static void map_context(void) {
  slot = __atomic_fetch_add(&session->slot_hint, 1, __ATOMIC_RELAXED) % RR_SLOTS;
  context = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, session_fd, (off_t)(RR_OFF_SLOTS + slot * 4096ul));
  memset(context, 0, sizeof *context);
  context->stream = stream;
  context->host_pid = (uint32_t)getpid();
  context->state = RR_CTX_LIVE;
  chunk = NULL;
  chunk_number = 0;
}

static void end_process(uint32_t status) {
  struct rr_ev_exit e = { .status = status };
  event(RR_EV_EXIT, 1, &e, sizeof e);
  submit(RR_CHUNK_LAST);
  context->state = RR_CTX_FREE;
  if (WIFSIGNALED(status)) signal(WTERMSIG(status), SIG_DFL), raise(WTERMSIG(status));
  _exit(WEXITSTATUS(status));
}

static void keep(const char *path) {
  struct rr_kept *k = &session->kept[7];
  struct stat st;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &st) < 0) _exit(99);
  *k = (struct rr_kept){ .dev = st.st_dev, .ino = st.st_ino, .size = (uint64_t)st.st_size, .state = RR_KEPT_CLAIMED, .id = __atomic_fetch_add(&session->next_file, 1, __ATOMIC_RELAXED),
    .mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec, .ctime_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec };
  struct rr_msg m = { .what = RR_MSG_KEEP, .kept_index = 7 };
  snprintf(m.path, sizeof m.path, "%s", path);
  struct iovec part = { &m, sizeof m };
  union { struct cmsghdr h; char data[CMSG_SPACE(sizeof fd)]; } control = { 0 };
  struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  struct cmsghdr *c = CMSG_FIRSTHDR(&h);
  c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  if (sendmsg(socket_fd, &h, 0) < 0) _exit(98);
  while (__atomic_load_n(&k->state, __ATOMIC_ACQUIRE) == RR_KEPT_CLAIMED) futex(&k->state, FUTEX_WAIT, RR_KEPT_CLAIMED);
  if (k->state != RR_KEPT_DONE) _exit(97);
}

static void panic(int kind) {
  session->panic.exit_status = (uint32_t)kind;
  strcpy(session->panic.text, "fake reason");
  __atomic_store_n(&session->panic.taken, 2, __ATOMIC_RELEASE);
  doorbell();
  futex(&session->doorbell, FUTEX_WAKE, 1);
  _exit(kind);
}

static void fork_child(uint64_t i) {
  uint32_t child = __atomic_fetch_add(&session->next_stream, 1, __ATOMIC_RELAXED), parent = stream;
  pid_t pid = fork();
  if (!pid) {
    struct rr_ev_forked f = { .parent_stream = parent, .pid = (uint32_t)getpid(), .ppid = (uint32_t)getppid(), .parent_event = context->events };
    stream = child;
    map_context();
    event(RR_EV_FORKED, 0, &f, sizeof f);
    if (option("orphan")) usleep(200000);
    for (uint64_t n = 0; n < i; n++) event(RR_EV_SYSCALL, 1, &(struct rr_ev_syscall){ .result = (int64_t)n }, sizeof(struct rr_ev_syscall));
    end_process((uint32_t)(i & 63) << 8);
  }
  event(RR_EV_SYSCALL, 57, &(struct rr_ev_syscall){ .result = pid, .args = { child } }, sizeof(struct rr_ev_syscall));
  if (!option("orphan")) waitpid(pid, NULL, 0);
}

static void start(void) {
  char text[4096];
  struct rr_ev_start s = { .parent_stream = ~0u, .pid = (uint32_t)getpid(), .ppid = (uint32_t)getppid(), .tid = (uint32_t)getpid(), .execfn_len = 2, .exe_len = 2 };
  size_t n = sizeof s + 4;
  memcpy(text + sizeof s, "f\0e", 4);
  for (char **a = arguments; *a; a++, s.argc++) n += (size_t)sprintf(text + n, "%s", *a) + 1;
  s.args_len = (uint32_t)(n - sizeof s - 4);
  memcpy(text, &s, sizeof s);
  event(RR_EV_START, 0, text, n);
}

static void corrupt(const char *what) {
  if (!strcmp(what, "size")) ((struct rr_event *)chunk->data)->size = 13;
  if (!strcmp(what, "used")) chunk->used = 1u << 30;
  if (!strcmp(what, "stream")) chunk->stream = 1u << 30;
  if (!strcmp(what, "number")) chunk->number += 7;
  if (!strcmp(what, "list")) chunk->next = 77777777, session->submit_head = 99999999, doorbell();
}

static void record(void) {
  map_context();
  if (number("panic") == 1) panic(71);
  start();
  if (option("keep")) keep(option("keep"));
  for (uint64_t i = 0; i < number("notes"); i++) event(RR_EV_NOTE, 0, "take note", 10);
  for (uint64_t i = 0; i < number("events"); i++) {
    event(RR_EV_SYSCALL, 1, &(struct rr_ev_syscall){ .result = (int64_t)i }, sizeof(struct rr_ev_syscall));
    if (__atomic_load_n(&session->abort, __ATOMIC_RELAXED)) _exit(1);
  }
  for (uint64_t i = 0; i < number("forks"); i++) fork_child(i);
  if (option("env")) event(RR_EV_SYSCALL, 1, &(struct rr_ev_syscall){ .result = getenv("RUNNING_UNDER_RR") && getenv("FOO") }, sizeof(struct rr_ev_syscall));
  if (option("corrupt")) corrupt(option("corrupt")), submit(RR_CHUNK_SUBMITTED), sleep(10);
  if (option("sleep")) usleep((useconds_t)number("sleep") * 1000);
  struct pollfd gone = { .fd = socket_fd };
  if (option("hang")) poll(&gone, 1, -1), _exit(1); // until the recorder has gone
  if (number("panic")) panic((int)number("panic"));
  context->counters[3].left = -(int64_t)number("ticks");
  if (option("kill")) raise(SIGKILL);
  end_process(option("signal") ? (uint32_t)number("signal") : (uint32_t)number("status") << 8);
}

static bool next_frame(void) {
  struct rr_feed *f = (struct rr_feed *)((uint8_t *)session + RR_OFF_FEEDS);
  for (uint32_t i = (uint32_t)getpid(), zero = 0;; i++, zero = 0) {
    f = (struct rr_feed *)((uint8_t *)session + RR_OFF_FEEDS) + i % RR_FEEDS;
    if (__atomic_compare_exchange_n(&f->state, &zero, RR_FEED_CLAIMED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) break;
  }
  f->stream = stream;
  f->number = frame_number++;
  __atomic_store_n(&f->state, RR_FEED_REQUESTED, __ATOMIC_RELEASE);
  doorbell();
  while (__atomic_load_n(&f->state, __ATOMIC_ACQUIRE) == RR_FEED_REQUESTED) futex(&f->state, FUTEX_WAIT, RR_FEED_REQUESTED);
  memcpy(&copy, f, sizeof copy);
  __atomic_store_n(&f->state, RR_FEED_FREE, __ATOMIC_RELEASE);
  frame_at = 0;
  if (copy.state == RR_FEED_BAD) panic(73);
  return copy.state == RR_FEED_READY;
}

static void replay(void);
static void replay_fork(uint32_t child) {
  pid_t pid = fork();
  if (!pid) {
    stream = child;
    frame_number = 0;
    copy.size = frame_at = 0;
    replay();
  }
  waitpid(pid, NULL, 0);
}

static void replay(void) {
  int64_t expected = 0;
  for (;;) {
    while (frame_at == copy.size)
      if (!next_frame()) _exit(0);
    struct rr_event *ev = (struct rr_event *)(copy.data + frame_at);
    frame_at += ev->size;
    uint32_t status = *(uint32_t *)(ev + 1);
    struct rr_ev_syscall *s = (struct rr_ev_syscall *)(ev + 1);
    if (ev->type == RR_EV_SYSCALL && ev->code == 57) replay_fork((uint32_t)s->args[0]);
    else if (ev->type == RR_EV_SYSCALL && s->result != expected++) panic(70);
    if (ev->type != RR_EV_EXIT && ev->type != RR_EV_KILLED) continue;
    if (WIFSIGNALED(status)) signal(WTERMSIG(status), SIG_DFL), raise(WTERMSIG(status));
    _exit(WEXITSTATUS(status));
  }
}

int main(int argc, char **argv) {
  (void)argc;
  arguments = argv;
  struct rlimit none = { 0, 0 };
  setrlimit(RLIMIT_CORE, &none);
  const char *launch = getenv("RR_ENGINE");
  if (!launch || sscanf(launch, "%d,%d,%*d,%u,%*u,%d", &session_fd, &socket_fd, &stream, &exe_fd) != 4) return 96;
  session = mmap(NULL, RR_CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, session_fd, 0);
  bool recording = session->mode == RR_RECORD;
  munmap(session, RR_CONTROL_BYTES);
  session = mmap(NULL, recording ? RR_OFF_SLOTS : RR_REPLAY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, session_fd, 0);
  if (session == MAP_FAILED) return 95;
  if (recording) record();
  else replay();
  return 0;
}
