// Making the session memory and starting the first engine in it (abi/session.h), for record and for replay.
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "abi/session.h"
#include "host/say.h"

struct session {
  int memfd, engine;         // engine: O_PATH descriptor of rr-engine
  int socket, their_socket;  // our end; theirs is closed after the launch, so that EOF on ours says that all have gone
  struct rr_session *memory; // the whole memfd
  size_t bytes;
  pid_t root;                // the first engine
  volatile int start_error;  // why it could not be executed; 0
};

// Signal state of rr as it was started, which the recorded program shall have; and what rr itself uses.
#define SIGNALS_CHANGED 7
struct signal_state { sigset_t mask; struct sigaction actions[SIGNALS_CHANGED]; };
void signals_take_over(struct signal_state *saved);  // rr lets the terminal's signals pass; SIGCHLD, SIGTERM, SIGHUP are blocked (signalfd)
extern const int signals_watched[3];

void options_default(struct rr_options *o);
int options_debug(struct rr_options *o, struct fault *f); // RR_DEBUG, RR_LOG, global options

int session_make(struct session *s, enum rr_mode mode, const struct rr_options *o, struct fault *f);
struct launch {
  uint32_t stream;
  int exe;                   // -1 on replay
  int debug;                 // the gdb server's channel (abi/debug.h); -1: none
  const char *execfn;
  char **argv, **envp;       // RR_ENGINE is added
  const struct signal_state *signals; // stays valid until the engine runs
};
int session_launch(struct session *s, const struct launch *l, struct fault *f);
void session_free(struct session *s);

void session_abort(struct session *s);                // every engine stops as soon as it sees it
static inline struct rr_chunk *session_chunk(const struct session *s, uint32_t index) {
  return (struct rr_chunk *)((uint8_t *)s->memory + RR_OFF_CHUNKS) + index;
}
static inline struct rr_feed *session_feed(const struct session *s, uint32_t index) {
  return (struct rr_feed *)((uint8_t *)s->memory + RR_OFF_FEEDS) + index;
}
void futex_wake(uint32_t *word, int count);
void futex_wait(uint32_t *word, uint32_t value, int milliseconds); // negative: for ever
