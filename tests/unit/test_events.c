// Which events are well-formed: every size from 0 on, every type, lengths inside the payload.
#include "tests/unit/unit.h"

static int check_one(struct rr_event *ev, size_t size) {
  struct fault f;
  uint32_t counted;
  return events_check((const uint8_t *)ev, size, &counted, &f);
}

int main(void) {
  _Alignas(64) uint8_t data[4096] = { 0 };
  struct rr_event *ev = (struct rr_event *)data;
  size_t size = unit_event(data, 0, 1, 1, 0, 0);
  expect(!check_one(ev, size));
  for (size_t n = 1; n < size; n++) expect(check_one(ev, n));
  for (uint32_t n = 0; n < 4096; n++) {
    ev->size = n;
    expect(n == size ? !check_one(ev, size) : check_one(ev, size) != 0);
  }
  ev->size = (uint32_t)size;
  for (int type = 0; type < 256; type++) {
    ev->type = (uint8_t)type;
    int known = (type >= RR_EV_DATA && type <= RR_EV_NOTE) || (type >= RR_EV_START && type <= RR_EV_TRACE);
    if (!known) expect(check_one(ev, size));
  }
  struct rr_ev_data *d = (struct rr_ev_data *)(ev + 1);
  ev->type = RR_EV_DATA;
  d->len = size - sizeof *ev - sizeof *d;
  expect(!check_one(ev, size));
  d->len++;
  expect(check_one(ev, size));
  d->len = ~0ull;
  expect(check_one(ev, size));
  memset(ev + 1, 0, 1024);
  struct rr_ev_start *s = (struct rr_ev_start *)(ev + 1);
  ev->type = RR_EV_START;
  ev->size = sizeof *ev + sizeof *s + 24;
  memcpy(s + 1, "prog\0/prog\0a\0bb\0", 16);
  s->execfn_len = 5, s->exe_len = 6, s->argc = 2, s->args_len = 5;
  expect(!check_one(ev, ev->size));
  s->args_len = 4;
  expect(check_one(ev, ev->size)); // does not end with a zero
  s->args_len = 100;
  expect(check_one(ev, ev->size));
  s->args_len = 5, s->execfn_len = ~0u;
  expect(check_one(ev, ev->size));
  return 0;
}
