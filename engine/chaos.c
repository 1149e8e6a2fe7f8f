// See chaos.h. What finds bugs: slices of a few ticks for a while (windows of a few instructions), threads that starve for a while
// (orders that are never seen otherwise), signals that come just before a call is made (the check has been done, the wait has
// not begun), and reads that return less than was asked for.
#include <asm/errno.h>
#include <asm/socket.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/socket.h>
#include <linux/net.h>
#include "engine/calls.h"
#include "engine/chaos.h"
#include "engine/sys.h"
#include "engine/thread.h"
#include "engine/translate.h"

static const u32 phase_slices[4] = { 1000, 300, 48, 8 }; // the longest of each phase
#define STARVE_SLICES 24u       // after so many slices at most, everybody's priority is drawn anew
#define LONG_HOLD 100000000u     // ticks for which a signal waits for a call, at most
#define PIPE_BUF_ 4096u
#define MSG_PEEK_ 2u            // include/linux/socket.h
#define MSG_WAITALL_ 0x100u

static u64 state;
static u32 phase, phase_left, starve_left;
static u64 hold_until;          // ticks; 0: nothing is held
static bool hold_drawn;

static u64 draw(u64 n) {        // 0 .. n - 1
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state * 0x2545f4914f6cdd1dul >> 20) % n;
}

void chaos_start(u64 stream) {
  state = (session->opt.seed + 1) * 0x9e3779b97f4a7c15ul ^ (stream + 1) * 0xd1342543de82ef95ul;
  if (!state) state = 1;
  for (int i = 0; i < 4; i++) draw(2);
  phase_left = starve_left = 0;
  hold_until = 0;
  hold_drawn = false;
}

// ---- slices and priorities ----

u64 chaos_slice(u64 longest) {
  if (!phase_left) {
    phase = (u32)draw(4);
    phase_left = 1 + (u32)draw(phase_slices[phase]);
  }
  phase_left--;
  switch (phase) {
  case 0: return 1 + draw(24);
  case 1: return 1 + draw(400);
  case 2: return 1 + draw(longest / 16 + 1);
  default: return 1 + draw(longest);
  }
}

u32 chaos_priority(void) { return (u32)draw(3); }

bool chaos_prefers(const struct thread *a, const struct thread *b) { return a->priority > b->priority || (a->priority == b->priority && draw(2)); }

bool chaos_keeps(const struct thread *other) {
  if (!starve_left) {
    for (struct thread *t = all_threads; t; t = t->next) t->priority = chaos_priority();
    starve_left = 1 + (u32)draw(STARVE_SLICES);
  }
  starve_left--;
  return current->priority > other->priority;
}

bool chaos_ends_slice(void) { return !draw(12); }

// ---- signals ----

bool chaos_holds_signal(void) {
  u64 now = ticks_now();
  if (!hold_drawn) {
    hold_drawn = true;
    switch (draw(4)) {
    case 0: hold_until = now; break;
    case 1: hold_until = now + draw(64); break;
    case 2: hold_until = now + draw(20000); break;
    default: hold_until = now + LONG_HOLD;
    }
  }
  return now < hold_until;
}

u64 chaos_hold_ticks(void) {
  u64 now = ticks_now();
  return hold_drawn && hold_until > now ? hold_until - now : ~0ul;
}

void chaos_signal_taken(void) { hold_drawn = false; }

// ---- calls ----

enum stream_kind { NO_STREAM, PIPE, STREAM_SOCKET };

static enum stream_kind kind_of(int fd) {
  struct stat st;
  u32 type = 0, len = 4;
  if (sys(__NR_fstat, fd, &st) < 0) return NO_STREAM;
  if ((st.st_mode & 0170000) == 0010000) return PIPE;
  if ((st.st_mode & 0170000) != 0140000) return NO_STREAM;
  return sys(__NR_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == 1 ? STREAM_SOCKET : NO_STREAM; // SOCK_STREAM
}

static void shorten(struct call *c) { c->host_args[2] = 1 + draw(c->args[2]); }

// signal(7): these may end with EINTR when the process was stopped and continued, without a handler.
static bool may_end(u32 nr) {
  return nr == __NR_epoll_wait || nr == __NR_epoll_pwait || nr == __NR_semop || nr == __NR_semtimedop || nr == __NR_msgrcv || nr == __NR_msgsnd;
}

bool chaos_call(struct call *c) {
  if (may_end(c->nr)) {
    if (draw(24)) return false;
    c->result = -EINTR;
    return true;
  }
  bool reads = c->nr == __NR_read || (c->nr == __NR_recvfrom && !(c->args[3] & (MSG_WAITALL_ | MSG_PEEK_)));
  if (!reads && c->nr != __NR_write) return false;
  if (c->args[2] < 2 || c->args[2] > 1u << 30 || draw(5)) return false;
  enum stream_kind kind = kind_of((int)c->args[0]);
  if (kind == NO_STREAM) return false;
  if (reads) { shorten(c); return false; }
  s64 flags = sys(__NR_fcntl, c->args[0], F_GETFL, 0);
  if (flags < 0 || !(flags & O_NONBLOCK) || (kind == PIPE && c->args[2] <= PIPE_BUF_)) return false; // only these may be short
  shorten(c);
  return false;
}
