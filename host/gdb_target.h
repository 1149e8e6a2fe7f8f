// The replayed process as the gdb server sees it: one engine at the other end of a channel (abi/debug.h).
//
// The engine runs or has stopped; what is asked needs it stopped. Memory and registers are cached until it goes on.
// Functions return 0 or an errno; ECONNRESET: the engine is gone, and nothing more can be asked.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi/debug.h"

enum { TARGET_PAGES = 256, TARGET_REGS = 16, TARGET_XSAVE = 8192 };
struct target_page { uint64_t start; uint32_t size; bool used; uint8_t data[4096]; };
struct target_regs { uint32_t tid; bool used; struct rr_dbg_regs r; uint8_t xsave[TARGET_XSAVE]; };

struct points;
struct target {
  int fd;                    // -1: no engine
  bool running;
  struct rr_dbg_stop stop;   // the last one
  char text[1024];           // what came with it, or ""
  struct target_page *pages; // direct-mapped
  struct target_regs *regs;
  uint32_t next_regs;
  uint8_t *message;          // what came last
  size_t message_size;
  struct rr_dbg_thread *threads;
  size_t thread_count;       // 0: not asked since the stop
  struct points *points;     // notes what is set (host/points.h); NULL: nobody wants to know
  void (*output)(void *to, const char *text, size_t n); // what the engine tells the user while it runs; NULL: nobody is told
  void *output_to;
};

int target_open(struct target *t, int fd);   // the engine is running: its first message will be a stop
void target_close(struct target *t);

// After poll: takes a message while running. True: stopped now (t->stop); t->fd < 0 when the engine has gone instead.
bool target_stopped(struct target *t);
int target_go(struct target *t, const struct rr_dbg_go *go);
void target_interrupt(struct target *t);
void target_kill(struct target *t);
// The process makes a copy of itself, whose first stop comes on the channel that is returned; -1: errno.
int target_fork(int fd);

// A copy that functions are called in: *copy is stopped where t is, with `tid` running in it. Its process is our child, `pid`.
int target_copy(const struct target *t, uint32_t tid, struct target *copy, int *pid);
int target_write(struct target *t, uint64_t address, const void *bytes, size_t n);          // a copy only
int target_set_regs(struct target *t, const struct target_regs *r);                         // of the thread that runs; a copy only

int target_threads(struct target *t, const struct rr_dbg_thread **threads, size_t *n);
const struct rr_dbg_thread *target_thread(struct target *t, uint32_t tid); // NULL: no such thread
int target_regs(struct target *t, uint32_t tid, const struct target_regs **r);
size_t target_read(struct target *t, uint64_t address, void *d, size_t n); // bytes that could be read
int target_search(struct target *t, uint64_t address, uint64_t length, const void *pattern, size_t n, uint64_t *found);

// One request; *data points to the reply's data until the next request.
int target_ask(struct target *t, const struct rr_dbg_request *q, const void *send, struct rr_dbg_reply *reply, const void **data);
