// Which events are well-formed. Everything that reads payloads relies on what is checked here.
#include "host/events.h"
#include "abi/tracee.h"

static const struct { uint8_t type; uint16_t payload; } event_types[] = { // least size of the payload
  { RR_EV_DATA, sizeof(struct rr_ev_data) },
  { RR_EV_CHECKSUM, sizeof(struct rr_ev_checksum) },
  { RR_EV_FILE, sizeof(struct rr_ev_file) },
  { RR_EV_NOTE, 0 },
  { RR_EV_START, sizeof(struct rr_ev_start) },
  { RR_EV_FORKED, sizeof(struct rr_ev_forked) },
  { RR_EV_SYSCALL, sizeof(struct rr_ev_syscall) },
  { RR_EV_ENTER, sizeof(struct rr_ev_syscall) },
  { RR_EV_SWITCH, sizeof(struct rr_ev_switch) },
  { RR_EV_SIGNAL, 128 },
  { RR_EV_FAULT, 128 },
  { RR_EV_SIGRETURN, 0 },
  { RR_EV_NONDET, 0 },
  { RR_EV_EXEC, sizeof(struct rr_ev_exec) },
  { RR_EV_EXIT, sizeof(struct rr_ev_exit) },
  { RR_EV_KILLED, sizeof(struct rr_ev_killed) },
  { RR_EV_SHARED, sizeof(struct rr_ev_data) },
  { RR_EV_TRACE, sizeof(struct rr_ev_trace) },
};

static int least_payload(uint8_t type) {
  for (size_t i = 0; i < sizeof event_types / sizeof *event_types; i++)
    if (event_types[i].type == type) return event_types[i].payload;
  return -1;
}

// execfn and exe are there, and all strings end within what was announced for them.
static int start_fits(const struct rr_ev_start *s, size_t n) {
  const char *text = (const char *)(s + 1);
  uint64_t fn = s->execfn_len, exe = s->exe_len, args = s->args_len;
  if (!fn || !exe || fn + exe + args > n || text[fn - 1] || text[fn + exe - 1]) return 0;
  return !args || !text[fn + exe + args - 1];
}

// Lengths that a payload names lie within it.
static int payload_fits(const struct rr_event *ev) {
  size_t n = event_payload_size(ev);
  const void *p = event_payload(ev);
  if (ev->type == RR_EV_DATA || ev->type == RR_EV_SHARED) return ((const struct rr_ev_data *)p)->len <= n - sizeof(struct rr_ev_data);
  if (ev->type == RR_EV_FILE) return ((const struct rr_ev_file *)p)->path_len <= n - sizeof(struct rr_ev_file);
  if (ev->type == RR_EV_START) return start_fits(p, n - sizeof(struct rr_ev_start));
  if (ev->flags & RR_EVF_OUTPUT) return n >= sizeof(struct rr_ev_syscall) + sizeof(struct rr_ev_output);
  return 1;
}

const struct rr_event *event_next(const uint8_t *data, size_t size, size_t *at, struct fault *f) {
  f->code = 0;
  if (*at == size) return NULL;
  const struct rr_event *ev = (const struct rr_event *)(data + *at);
  if (size - *at < sizeof *ev || ev->size < sizeof *ev || ev->size % 8 || ev->size > size - *at) {
    fault_set(f, EXIT_BAD_TRACE, "an event of impossible size at byte %zu of %zu", *at, size);
    return NULL;
  }
  int least = least_payload(ev->type);
  if (least < 0 || event_payload_size(ev) < (size_t)least || !payload_fits(ev)) {
    fault_set(f, EXIT_BAD_TRACE, "an event of type %u and %u bytes that is not one, at byte %zu", ev->type, ev->size, *at);
    return NULL;
  }
  *at += ev->size;
  return ev;
}

int events_check(const uint8_t *data, size_t size, uint32_t *counted, struct fault *f) {
  const struct rr_event *ev;
  *counted = 0;
  for (size_t at = 0; (ev = event_next(data, size, &at, f));) *counted += (uint32_t)event_counted(ev);
  return f->code;
}
