// AIO (io_setup and kin): the kernel would write guest memory at times of its own choosing. So the engine is the kernel here: a request
// is carried out when it is submitted, as ordinary calls, and its completion waits in a queue. Programs see an AIO that is
// always quick. The context's identity is the address of a page, as the kernel's; that page holds no ring that libaio could read.
//
// io_getevents with nothing to give waits a little, and then gives nothing (with a timeout) or EINTR, as a signal might have it.
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/aio_abi.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include "engine/call_memory.h"
#include "engine/sys.h"

#define CONTEXTS 64u
#define EVENTS_MAX 65536u
#define WAIT_NS 10000000l
struct context { u64 id, pid; u32 room, count, first; struct io_event *ring; };
static struct context contexts[CONTEXTS];

static struct context *find(u64 id) {
  for (u32 i = 0; i < CONTEXTS; i++)
    if (contexts[i].room && contexts[i].id == id && contexts[i].pid == current->process->pid) return &contexts[i];
  return NULL;
}

static void drop(struct context *x) {
  heap_pages_free(x->ring, x->room * sizeof *x->ring);
  *x = (struct context){ 0 };
}

static bool map_page(u64 at) {
  memory_forget(at, at + RR_PAGE);
  if (sys(__NR_mmap, at, RR_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (s64)at) return false;
  map_insert(at, at + RR_PAGE, PROT_READ | PROT_WRITE, MAPF_ANON | MAPF_DONTFORK, 0, NULL);
  return true;
}

enum call_status call_io_setup(struct call *c) {
  u64 id, at;
  u32 n = (u32)c->args[0];
  struct context *x = NULL;
  if (!get_guest(&id, c->args[1], 8)) return call_done(c, -EFAULT);
  if (id || !n) return call_done(c, -EINVAL);
  for (u32 i = 0; i < CONTEXTS && !x; i++) {
    if (contexts[i].room && contexts[i].pid != current->process->pid) drop(&contexts[i]); // a fork's parent had it
    if (!contexts[i].room) x = &contexts[i];
  }
  if (n > EVENTS_MAX || !x || !(at = map_choose(0, RR_PAGE, false))) return call_done(c, -EAGAIN);
  if (!put_guest(c->args[1], &at, 8)) return call_done(c, -EFAULT);
  if (!map_page(at)) return call_done(c, -ENOMEM);
  *x = (struct context){ .id = at, .pid = current->process->pid, .room = n, .ring = heap_pages(n * sizeof *x->ring) };
  log_data(c->args[1], 8);
  return call_done(c, 0);
}

void replay_io_setup(struct call *c) {
  u64 at;
  if (c->result == 0 && get_guest(&at, c->args[1], 8) && !map_page(at)) stop(STOP_IO, "replay could not map the page of an AIO context at 0x%lx", at);
}

enum call_status call_io_destroy(struct call *c) {
  struct context *x = find(c->args[0]);
  if (!x) return call_done(c, -EINVAL);
  memory_unmap(x->id, x->id + RR_PAGE);
  drop(x);
  return call_done(c, 0);
}

void replay_io_destroy(struct call *c) {
  if (c->result == 0) memory_unmap(c->args[0], c->args[0] + RR_PAGE);
}

// ---- requests ----

static s64 transfer(struct call *c, const struct iocb *q) {
  static const u32 numbers[] = { [IOCB_CMD_PREAD] = __NR_pread64, [IOCB_CMD_PWRITE] = __NR_pwrite64, [IOCB_CMD_PREADV] = __NR_preadv, [IOCB_CMD_PWRITEV] = __NR_pwritev };
  static const u32 streams[] = { [IOCB_CMD_PREAD] = __NR_read, [IOCB_CMD_PWRITE] = __NR_write, [IOCB_CMD_PREADV] = __NR_readv, [IOCB_CMD_PWRITEV] = __NR_writev };
  u32 op = q->aio_lio_opcode;
  bool reads = op == IOCB_CMD_PREAD || op == IOCB_CMD_PREADV;
  c->iov_n = 0;
  if (op == IOCB_CMD_PREADV) {
    s64 r = call_read_iov(c, q->aio_buf, q->aio_nbytes);
    if (r < 0) return r;
  } else if (reads) {
    call_read_iov(c, 0, 0);
    c->iov[0] = (struct guest_iov){ q->aio_buf, q->aio_nbytes };
    c->iov_n = 1;
  }
  for (u32 i = 0; i < c->iov_n; i++) smc_prepare_write(c->iov[i].base, c->iov[i].len);
  s64 r = sys(numbers[op], q->aio_fildes, q->aio_buf, q->aio_nbytes, q->aio_offset, 0, 0);
  if (r == -ESPIPE) {
    struct pollfd p = { .fd = (s32)q->aio_fildes, .events = reads ? POLLIN : POLLOUT };
    r = sys(__NR_poll, &p, 1, 0) == 1 ? sys(streams[op], q->aio_fildes, q->aio_buf, q->aio_nbytes) : -EAGAIN;
  }
  if (reads) {
    s64 own = c->result;
    c->result = r;
    c->data[0] = 0;
    iov_done(c);
    c->result = own;
  } else if (r > 0 && fd_mapped((int)q->aio_fildes)) {
    struct stat st;
    if (sys(__NR_fstat, q->aio_fildes, &st) == 0) memory_file_changed(c, st.st_dev, st.st_ino, (u64)st.st_size, 0, ~0ul);
  }
  return r;
}

// 0, or why it was not accepted (fs/aio.c: io_submit_one). *res: what came of it.
static s64 carry_out(struct call *c, const struct iocb *q, s64 *res) {
  int fd = (int)q->aio_fildes;
  if (q->aio_reserved2 || (s64)q->aio_nbytes < 0) return -EINVAL;
  if (fd_ours(fd) || sys(__NR_fcntl, fd, 1 /* F_GETFD */) < 0) return -EBADF;
  if (q->aio_flags & IOCB_FLAG_RESFD && (fd_ours((int)q->aio_resfd) || sys(__NR_fcntl, q->aio_resfd, 1) < 0)) return -EBADF;
  switch (q->aio_lio_opcode) {
  case IOCB_CMD_PREAD: case IOCB_CMD_PWRITE: case IOCB_CMD_PREADV: case IOCB_CMD_PWRITEV:
    if (fd_output(fd)) return -EINVAL; // as a file without asynchronous operations
    *res = transfer(c, q);
    return *res == -EBADF || *res == -EINVAL || *res == -EFAULT ? *res : 0;
  case IOCB_CMD_FSYNC: *res = sys(__NR_fsync, fd); return 0;
  case IOCB_CMD_FDSYNC: *res = sys(__NR_fdatasync, fd); return 0;
  }
  return -EINVAL; // IOCB_CMD_POLL: as before Linux 4.18
}

static s64 submit_one(struct call *c, struct context *x, u64 at) {
  struct iocb q;
  u32 key = 0;
  s64 res = 0;
  if (!get_guest(&q, at, sizeof q)) return -EFAULT;
  if (x->count == x->room) return -EAGAIN;
  if (!put_guest(at + offsetof(struct iocb, aio_key), &key, 4)) return -EFAULT;
  log_data(at + offsetof(struct iocb, aio_key), 4);
  s64 r = carry_out(c, &q, &res);
  if (r < 0) return r;
  x->ring[(x->first + x->count++) % x->room] = (struct io_event){ .data = q.aio_data, .obj = at, .res = res };
  u64 one = 1;
  if (q.aio_flags & IOCB_FLAG_RESFD) sys(__NR_write, q.aio_resfd, &one, 8);
  return 0;
}

enum call_status call_io_submit(struct call *c) {
  struct context *x = find(c->args[0]);
  s64 n = (s64)c->args[1], done = 0, r = 0;
  u64 at;
  if (!x || n < 0) return call_done(c, -EINVAL);
  for (; done < n && r == 0; done += r == 0) r = get_guest(&at, c->args[2] + (u64)done * 8, 8) ? submit_one(c, x, at) : -EFAULT;
  return call_done(c, done ? done : r);
}

enum call_status call_io_cancel(struct call *c) {
  u32 key;
  if (!get_guest(&key, c->args[1] + offsetof(struct iocb, aio_key), 4)) return call_done(c, -EFAULT);
  return call_done(c, -EINVAL); // none is in progress
}

static s64 give_events(struct call *c, struct context *x) {
  s64 n = 0, most = (s64)c->args[2];
  for (; n < most && x->count; n++) {
    u64 to = c->args[3] + (u64)n * sizeof(struct io_event);
    if (!put_guest(to, &x->ring[x->first], sizeof(struct io_event))) return n ? n : -EFAULT;
    log_data(to, sizeof(struct io_event));
    x->first = (x->first + 1) % x->room;
    x->count--;
  }
  return n;
}

enum call_status call_io_getevents(struct call *c) {
  struct context *x = find(c->args[0]);
  s64 ts[2] = { 0, WAIT_NS };
  if (c->args[4] && !get_guest(ts, c->args[4], 16)) return call_done(c, -EFAULT);
  if (!x || (s64)c->args[1] < 0 || (s64)c->args[2] < (s64)c->args[1] || (c->args[4] && (ts[0] < 0 || ts[1] < 0 || ts[1] > 999999999))) return call_done(c, -EINVAL);
  if (x->count || !c->args[1] || !c->args[2] || (c->args[4] && !ts[0] && !ts[1])) return call_done(c, give_events(c, x));
  c->timeout[0] = 0;
  c->timeout[1] = ts[0] || ts[1] > WAIT_NS ? WAIT_NS : ts[1];
  c->host_nr = __NR_ppoll; // another thread may submit something meanwhile
  for (int i = 0; i < 6; i++) c->host_args[i] = 0;
  c->host_args[2] = (u64)c->timeout;
  return CALL_HOST;
}

void done_io_getevents(struct call *c) {
  struct context *x = find(c->args[0]);
  c->result = !x ? -EINVAL : x->count ? give_events(c, x) : c->args[4] ? 0 : -EINTR;
}
