// The engine's end of the channel to the gdb server: tells a stop, answers requests until one lets the guest go on.
#include <asm/errno.h>
#include <linux/mman.h>
#include <asm/prctl.h>
#include <linux/poll.h>
#include <linux/socket.h>
#include "engine/cpuid.h"
#include "engine/debug_internal.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/start.h"
#include "engine/sys.h"
#include "engine/translate.h"

enum { MESSAGE_MAX = RR_DBG_DATA + 64 };
static int channel;
static u8 *in, *out;                 // a request, a reply
static struct rr_dbg_stop stopped;   // what was told last
static u8 *auxv; static u64 auxv_size;
static u8 *vectors;                  // xsave area, 64-aligned

static void keep_auxv(void) {
  auxv = heap_pages(ALIGN_UP(guest_auxv_size + 1, RR_PAGE));
  auxv_size = copyin(auxv, guest_auxv, guest_auxv_size);
}

void serve_init(int fd) {
  channel = fd;
  in = heap_pages(ALIGN_UP(MESSAGE_MAX, RR_PAGE));
  out = heap_pages(ALIGN_UP(MESSAGE_MAX, RR_PAGE));
  vectors = heap_pages(ALIGN_UP(RR_DBG_DATA, RR_PAGE));
}

// The server has gone: nobody wants this process any more.
static void leave(void) {
  for (;;) sys(__NR_exit_group, 0);
}

static void send_message(const void *m, size_t size) {
  s64 r;
  do r = sys(__NR_sendto, channel, m, size, 0x4000 /* MSG_NOSIGNAL */, 0, 0);
  while (r == -EINTR);
  if (r != (s64)size) leave();
}

struct rights { u64 len; s32 level, type, fd, pad; };   // struct cmsghdr with one descriptor
struct message { void *name; u32 name_len, pad; struct { void *base; u64 len; } *iov; u64 iov_n; void *control; u64 control_len; u32 flags, pad2; };
static int received_fd;              // that came with the last request; -1: none

void serve_output(const void *text, size_t n) {
  static struct { struct rr_dbg_stop s; u8 text[4096]; } m;
  for (size_t part; n; text = (const u8 *)text + part, n -= part) {
    part = n < sizeof m.text ? n : sizeof m.text;
    stop_fill(&m.s, RR_STOP_OUTPUT);
    memcpy(m.text, text, part);
    send_message(&m, sizeof m.s + part);
  }
}

s64 debug_auxv(u64 key) {
  for (u64 i = 0; i + 16 <= auxv_size; i += 16)
    if (((u64 *)(auxv + i))[0] == key) return ((s64 *)(auxv + i))[1];
  return 0;
}

static size_t receive(u32 flags) {
  struct rights rights = { 0 };
  typeof(*((struct message *)0)->iov) part = { in, MESSAGE_MAX };
  struct message m = { .iov = &part, .iov_n = 1, .control = &rights, .control_len = sizeof rights };
  s64 r;
  do r = sys(__NR_recvmsg, channel, &m, flags | 0x40000000 /* MSG_CMSG_CLOEXEC */);
  while (r == -EINTR);
  if (r == -EAGAIN) return 0;
  if (r <= 0) leave();
  received_fd = m.control_len ? rights.fd : -1;
  return (size_t)r;
}

enum look serve_look(void) {
  size_t n = receive(0x40 /* MSG_DONTWAIT */);
  const struct rr_dbg_request *q = (void *)in;
  if (n < sizeof *q) return LOOK_NOTHING;
  if (q->what == RR_DBG_KILL) leave();
  if (q->what == RR_DBG_FORK && received_fd >= 0) {
    if (checkpoint_fork(received_fd)) return LOOK_COPY;
    seen_restart();
  }
  return q->what == RR_DBG_INTERRUPT ? LOOK_INTERRUPT : LOOK_NOTHING;
}

void stop_fill(struct rr_dbg_stop *s, u32 reason) {
  memset(s, 0, sizeof *s);
  s->reason = reason;
  s->thread = current ? current->tid : 0;
  s->pid = current && current->process ? current->process->pid : 0;
  s->stream = ctx.stream;
  s->threads = thread_count;
  s->point = (struct rr_point){ ctx.events, ticks_now(), ctx.regs[R_RIP], RR_AT_INSTRUCTION, 0 };
}

// Guest memory as /proc/PID/mem shows it: protections don't matter, and the engine's own is not there.
static size_t read_mapping(u8 *d, u64 guest, size_t n, const struct mapping *m) {
  size_t got = copyin(d, guest, n);
  if (got == n || m->prot & PROT_READ) return got;
  u64 start = ALIGN_DOWN(guest, RR_PAGE), size = ALIGN_UP(guest + n, RR_PAGE) - start;
  if (sys(__NR_mprotect, start, size, PROT_READ) < 0) return got;
  got = copyin(d, guest, n);
  sys(__NR_mprotect, start, size, map_host_prot(m->prot));
  return got;
}

size_t debug_read(void *d, u64 guest, size_t n) {
  size_t done = 0;
  while (done < n) {
    const struct mapping *m = map_find(guest + done);
    if (!m) break;
    size_t part = n - done;
    if (part > m->end - (guest + done)) part = m->end - (guest + done);
    size_t got = read_mapping((u8 *)d + done, guest + done, part, m);
    done += got;
    if (got < part) break;
  }
  return done;
}

static u64 segment_base(u32 arch_code) {
  u64 base = 0;
  sys(__NR_arch_prctl, arch_code, &base);
  return base;
}

static void xsave_to(void *area) {
  u64 mask = xsave_mask;
  __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
}

// Where a component lies in the standard format (Intel SDM volume 1, 13.4.3).
static u32 component_offset(u32 n) {
  u32 r[4];
  cpuid(0xd, n, r);
  return r[CPUID_EBX];
}

void debug_vector(u8 *area, u32 number, u8 vector[64]) {
  memset(area, 0, xsave_bytes);
  memset(vector, 0, 64);
  xsave_to(area);
  if (number >= 16) {
    memcpy(vector, area + component_offset(7) + 64 * (number - 16), 64);
    return;
  }
  memcpy(vector, area + 160 + 16 * number, 16);
  if (xsave_mask & 4) memcpy(vector + 16, area + component_offset(2) + 16 * number, 16);
  if (xsave_mask & 64) memcpy(vector + 32, area + component_offset(6) + 32 * number, 32);
}

static u16 selector(int which) {
  u16 s;
  switch (which) {
  case 0: __asm__("mov %%ds, %0" : "=r"(s)); return s;
  case 1: __asm__("mov %%es, %0" : "=r"(s)); return s;
  case 2: __asm__("mov %%fs, %0" : "=r"(s)); return s;
  default: __asm__("mov %%gs, %0" : "=r"(s)); return s;
  }
}

static void reply_registers(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  struct rr_dbg_regs *g = (void *)(r + 1);
  struct thread *t = q->thread ? thread_find(q->thread) : current;
  memset(g, 0, sizeof *g);
  if (!t) {
    r->error = ESRCH;
    return;
  }
  bool running = t == current;
  memcpy(g->regs, running ? ctx.regs : t->regs, sizeof g->regs);
  g->regs[R_RFLAGS] &= ~translate_dead_flags(g->regs[R_RIP]);
  g->fs_base = running ? segment_base(ARCH_GET_FS) : t->fs_base;
  g->gs_base = running ? segment_base(ARCH_GET_GS) : t->gs_base;
  g->orig_rax = t->state == T_CALL ? t->call.nr : ~0ul;
  g->cs = 0x33; // arch/x86/include/asm/segment.h: __USER_CS, __USER_DS
  g->ss = 0x2b;
  if (running) g->ds = selector(0), g->es = selector(1), g->fs = selector(2), g->gs = selector(3);
  g->xcr0 = xsave_mask;
  g->xsave_size = xsave_bytes;
  memset(vectors, 0, xsave_bytes); // the header is not wholly written
  if (running) xsave_to(vectors);
  else if (t->vectors) memcpy(vectors, t->vectors, xsave_bytes);
  memcpy(g + 1, vectors, xsave_bytes);
  r->size = (u32)(sizeof *g + xsave_bytes);
}

static void reply_memory(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  size_t n = q->length < RR_DBG_DATA ? q->length : RR_DBG_DATA;
  r->size = (u32)debug_read(r + 1, q->address, n);
  if (n && !r->size) r->error = EFAULT;
}

static void reply_search(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  const u8 *pattern = (const u8 *)(q + 1);
  u8 *window = (u8 *)(r + 1);
  u64 at = q->address, left = q->length;
  r->error = ENOENT;
  while (q->size && left >= q->size) {
    size_t n = left < RR_DBG_DATA ? left : RR_DBG_DATA;
    size_t got = debug_read(window, at, n);
    for (size_t i = 0; i + q->size <= got; i++)
      if (window[i] == pattern[0] && !memcmp(window + i, pattern, q->size)) {
        r->error = 0;
        r->value = at + i;
        return;
      }
    if (got < n || n == left) return;
    at += n - (q->size - 1);
    left -= n - (q->size - 1);
  }
}

static void reply_threads(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  struct rr_dbg_thread *d = (void *)(r + 1);
  u64 index = 0, room = RR_DBG_DATA / sizeof *d, n = 0;
  for (struct thread *t = all_threads; t && n < room; t = t->next) {
    if (t->state == T_DEAD || index++ < q->address) continue;
    memset(d, 0, sizeof *d);
    d->tid = t->tid;
    d->pid = t->process ? t->process->pid : 0;
    d->state = t == current ? RR_THREAD_RUNNING : t->state == T_CALL ? RR_THREAD_IN_CALL : t->state == T_FUTEX ? RR_THREAD_FUTEX
               : t->state == T_VFORK ? RR_THREAD_VFORK : RR_THREAD_READY;
    d->call = t->call.nr;
    const char *base = strrchr(guest_exe, '/'), *name = debug_thread_name(t->tid);
    str_copy(d->name, name ? name : base ? base + 1 : guest_exe, sizeof d->name);
    d++, n++;
  }
  r->size = (u32)(n * sizeof *d);
}

static const char *mapping_path(const struct mapping *m) {
  if (m->file) return m->file->path;
  if (m->flags & MAPF_STACK) return "[stack]";
  if (m->flags & MAPF_BRK) return "[heap]";
  return "";
}

static void reply_maps(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  u8 *d = (u8 *)(r + 1);
  u64 at = q->address;
  for (struct mapping *m; (m = map_next(at)); at = m->end) {
    const char *path = mapping_path(m);
    size_t len = strlen(path), size = ALIGN_UP(sizeof(struct rr_dbg_map) + len + 1, 8);
    if (r->size + size > RR_DBG_DATA) {
      r->value = at;
      return;
    }
    struct rr_dbg_map e = { .start = m->start, .end = m->end, .offset = m->offset, .prot = m->prot, .size = (u32)size,
      .shared = !!(m->flags & MAPF_SHARED), .inode = m->file ? m->file->ino : 0, .device = m->file ? (u32)m->file->dev : 0, .file = m->file ? m->file->kept : 0 };
    memset(d, 0, size);
    memcpy(d, &e, sizeof e);
    memcpy(d + sizeof e, path, len);
    d += size;
    r->size += (u32)size;
  }
}

static void reply_bytes(struct rr_dbg_reply *r, const void *bytes, size_t n) {
  memcpy(r + 1, bytes, n);
  r->size = (u32)n;
}

static void reply_cmdline(struct rr_dbg_reply *r) {
  u64 n = guest_arg_end - guest_arg_start;
  r->size = (u32)debug_read(r + 1, guest_arg_start, n < RR_DBG_DATA ? n : RR_DBG_DATA);
}

static int take_break(const struct rr_dbg_request *q, bool watch) {
  const struct rr_dbg_break *b = (const void *)(q + 1);
  if (q->size && q->size < sizeof *b) return EINVAL;
  if (q->size > RR_DBG_CONDITION + sizeof *b) return E2BIG;
  if (!q->size) b = NULL;
  return watch ? -watch_set(q->address, q->length, q->flags, b, q->size) : -break_set(q->address, b, q->size);
}

static void reply_hit(struct rr_dbg_reply *r) {
  const struct rr_dbg_hit *hit = note_last_hit();
  if (hit) reply_bytes(r, hit, sizeof *hit);
  else r->error = ENOENT;
}

static void reply_seen(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  size_t size = sizeof *seen_get();
  if (!q->address) seen_before_copy(); // what was written up to here
  if (q->address > size || q->length > size - q->address || q->length > RR_DBG_DATA) r->error = EINVAL;
  else reply_bytes(r, (const u8 *)seen_get() + q->address, q->length);
}

static void clear_all(void) {
  break_clear_all();
  watch_clear_all();
  debug_catch(0, NULL, 0);
  debug_ignored_signals = 0;
}

static int set_registers(const struct rr_dbg_request *q) {
  struct rr_dbg_regs g;
  if (q->size < sizeof g) return EINVAL;
  memcpy(&g, q + 1, sizeof g);
  return divert_set_registers(q->thread, &g, (const u8 *)(q + 1) + sizeof g, q->size - sizeof g);
}

static void answer(const struct rr_dbg_request *q, struct rr_dbg_reply *r) {
  switch (q->what) {
  case RR_DBG_REGS: reply_registers(q, r); break;
  case RR_DBG_READ: reply_memory(q, r); break;
  case RR_DBG_SEARCH: reply_search(q, r); break;
  case RR_DBG_THREADS: reply_threads(q, r); break;
  case RR_DBG_MAPS: reply_maps(q, r); break;
  case RR_DBG_CMDLINE: reply_cmdline(r); break;
  case RR_DBG_AUXV: reply_bytes(r, auxv, auxv_size); break;
  case RR_DBG_WHERE: reply_bytes(r, &stopped, sizeof stopped); break;
  case RR_DBG_BREAK: r->error = take_break(q, false); break;
  case RR_DBG_UNBREAK: break_clear(q->address); break;
  case RR_DBG_WATCH: r->error = take_break(q, true); break;
  case RR_DBG_UNWATCH: watch_clear(q->address, q->length, q->flags); break;
  case RR_DBG_SIGNALS: if (q->size >= 8) memcpy(&debug_ignored_signals, q + 1, 8); break;
  case RR_DBG_SYSCALLS: r->error = debug_catch(q->flags, (const u16 *)(q + 1), q->size / 2); break;
  case RR_DBG_SIGINFO: reply_bytes(r, debug_siginfo, sizeof debug_siginfo); break;
  case RR_DBG_CLEAR: clear_all(); break;
  case RR_DBG_HIT: reply_hit(r); break;
  case RR_DBG_SEEN: reply_seen(q, r); break;
  case RR_DBG_STEPS: r->size = note_steps((struct rr_dbg_step *)(r + 1)) * (u32)sizeof(struct rr_dbg_step); break;
  case RR_DBG_KILL: leave(); break;
  case RR_DBG_DIVERT: r->error = divert_begin(q->thread); break;
  case RR_DBG_WRITE: r->error = divert_write(q->address, q + 1, q->size); break;
  case RR_DBG_SET_REGS: r->error = set_registers(q); break;
  default: r->error = ENOSYS;
  }
}

// A copy stands where this process has stopped.
static void serve_fork(void) {
  if (received_fd < 0 || !checkpoint_fork(received_fd)) return;
  stopped.reason = RR_STOP_FORKED;
  usage_fill(&stopped);
  send_message(&stopped, sizeof stopped);
}

void serve(struct rr_dbg_stop *s, const char *text) {
  if (!auxv) keep_auxv();
  print_flush();
  usage_fill(s);
  stopped = *s;
  memcpy(out, s, sizeof *s);
  size_t len = text ? str_copy((char *)out + sizeof *s, text, 1024) : 0;
  send_message(out, sizeof *s + (len < 1024 ? len : 1023));
  struct rr_dbg_request *q = (void *)in;
  struct rr_dbg_reply *r = (void *)out;
  for (;;) {
    size_t n = receive(0);
    if (n < sizeof *q || n - sizeof *q < q->size) stop(STOP_BUG, "the gdb server sent a message of %lu bytes that is none", (u64)n);
    if (q->what == RR_DBG_FORK) serve_fork();
    if (q->what == RR_DBG_INTERRUPT || q->what == RR_DBG_FORK) continue;
    if (q->what == RR_DBG_GO) {
      if (q->size < sizeof debug_go) stop(STOP_BUG, "the gdb server let go without saying how");
      memcpy(&debug_go, q + 1, sizeof debug_go);
      break;
    }
    memset(r, 0, sizeof *r);
    answer(q, r);
    send_message(r, sizeof *r + r->size);
  }
  if (unlikely(divert_begun())) divert_run();
  break_apply();
}
