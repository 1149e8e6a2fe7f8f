// Framing of gdb's remote protocol. The reader is a state machine over bytes, so that a packet may arrive in any pieces.
#include "host/gdb_packet.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_SECONDS = 30 }; // a client that takes nothing for so long is gone

int gdb_conn_open(struct gdb_conn *c, int fd) {
  memset(c, 0, sizeof *c);
  c->fd = fd;
  c->packet = malloc(GDB_PACKET_MAX + 1);
  c->reply = malloc(GDB_PACKET_MAX + 8);
  if (c->packet && c->reply) return 0;
  gdb_conn_close(c);
  return -1;
}

void gdb_conn_close(struct gdb_conn *c) {
  if (c->fd >= 0) close(c->fd);
  free(c->packet);
  free(c->reply);
  memset(c, 0, sizeof *c);
  c->fd = -1;
}

static void send_all(struct gdb_conn *c, const char *p, size_t n) {
  while (n && !c->broken) {
    ssize_t r = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (r > 0) {
      p += r;
      n -= (size_t)r;
    } else if (r < 0 && (errno == EAGAIN || errno == EINTR)) {
      struct pollfd pfd = { .fd = c->fd, .events = POLLOUT };
      if (poll(&pfd, 1, SEND_SECONDS * 1000) == 0) c->broken = true;
    } else {
      c->broken = true;
    }
  }
}

bool gdb_conn_waiting(const struct gdb_conn *c) {
  return c->in_at < c->in_end || c->broken;
}

void gdb_conn_fill(struct gdb_conn *c) {
  if (c->in_at < c->in_end) return;
  c->in_at = c->in_end = 0;
  ssize_t r = recv(c->fd, c->in, sizeof c->in, MSG_DONTWAIT);
  if (r > 0) c->in_end = (size_t)r;
  else if (r == 0 || (errno != EAGAIN && errno != EINTR)) c->broken = true;
}

static void packet_add(struct gdb_conn *c, uint8_t b) {
  if (c->size < GDB_PACKET_MAX) c->packet[c->size++] = (char)b;
  else c->too_long = true;
}

// A packet is whole: acknowledged, or asked for again. True: it can be used.
static bool packet_whole(struct gdb_conn *c) {
  c->packet[c->size] = 0;
  if (c->no_ack) return true;
  bool good = c->sum == c->want;
  send_all(c, good ? "+" : "-", 1);
  return good;
}

// One byte goes into the machine.
static enum gdb_input take(struct gdb_conn *c, uint8_t b) {
  switch (c->state) {
  case BETWEEN:
    if (b == '$') {
      c->state = INSIDE;
      c->size = 0;
      c->sum = 0;
      c->too_long = false;
    } else if (b == 3) {
      return GDB_IN_INTERRUPT;
    } else if (b == '-' && c->reply_size && !c->no_ack) {
      send_all(c, c->reply, c->reply_size);
    }
    return GDB_IN_NONE;
  case INSIDE:
    if (b == '#') {
      c->state = CHECK1;
      return GDB_IN_NONE;
    }
    if (b == '$') { // the rest of the packet before was lost
      c->size = 0;
      c->sum = 0;
      c->too_long = false;
      return GDB_IN_NONE;
    }
    c->sum += b;
    if (b == '}') c->state = ESCAPED;
    else packet_add(c, b);
    return GDB_IN_NONE;
  case ESCAPED:
    c->sum += b;
    packet_add(c, b ^ 0x20);
    c->state = INSIDE;
    return GDB_IN_NONE;
  case CHECK1:
    c->want = (uint8_t)(hex_digit((char)b) << 4);
    c->state = CHECK2;
    return GDB_IN_NONE;
  case CHECK2:
    c->want |= (uint8_t)(hex_digit((char)b) & 15);
    c->state = BETWEEN;
    if (!packet_whole(c)) return GDB_IN_NONE;
    return c->too_long ? GDB_IN_TOO_LONG : GDB_IN_PACKET;
  }
  return GDB_IN_NONE;
}

enum gdb_input gdb_conn_next(struct gdb_conn *c) {
  while (c->in_at < c->in_end) {
    enum gdb_input r = take(c, c->in[c->in_at++]);
    if (r != GDB_IN_NONE) return r;
  }
  return c->broken ? GDB_IN_END : GDB_IN_NONE;
}

void reply_begin(struct gdb_conn *c) {
  c->reply[0] = '$';
  c->reply_size = 1;
  c->reply_failed = false;
}

void reply_put(struct gdb_conn *c, const void *bytes, size_t n) {
  const uint8_t *p = bytes;
  for (size_t i = 0; i < n; i++) {
    if (c->reply_size + 2 > GDB_PACKET_MAX) {
      c->reply_failed = true;
      return;
    }
    uint8_t b = p[i];
    if (b == '#' || b == '$' || b == '}' || b == '*') { // '*': it would start a run
      c->reply[c->reply_size++] = '}';
      b ^= 0x20;
    }
    c->reply[c->reply_size++] = (char)b;
  }
}

static void reply_vtext(struct gdb_conn *c, const char *f, va_list ap) {
  char small[1024];
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(small, sizeof small, f, ap);
  if (n >= 0 && (size_t)n < sizeof small) {
    reply_put(c, small, (size_t)n);
  } else if (n >= 0) {
    char *large = malloc((size_t)n + 1);
    if (large) {
      vsnprintf(large, (size_t)n + 1, f, again);
      reply_put(c, large, (size_t)n);
      free(large);
    } else {
      c->reply_failed = true;
    }
  }
  va_end(again);
}

void reply_text(struct gdb_conn *c, const char *f, ...) {
  va_list ap;
  va_start(ap, f);
  reply_vtext(c, f, ap);
  va_end(ap);
}

void reply_hex(struct gdb_conn *c, const void *bytes, size_t n) {
  const uint8_t *p = bytes;
  static const char digits[] = "0123456789abcdef";
  if (n > (GDB_PACKET_MAX - c->reply_size) / 2) {
    c->reply_failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    c->reply[c->reply_size++] = digits[p[i] >> 4];
    c->reply[c->reply_size++] = digits[p[i] & 15];
  }
}

void reply_end(struct gdb_conn *c) {
  if (c->reply_failed) {
    memcpy(c->reply, "$E01", 4);
    c->reply_size = 4;
  }
  uint8_t sum = 0;
  for (size_t i = 1; i < c->reply_size; i++) sum += (uint8_t)c->reply[i];
  c->reply_size += (size_t)sprintf(c->reply + c->reply_size, "#%02x", sum);
  send_all(c, c->reply, c->reply_size);
}

void reply(struct gdb_conn *c, const char *f, ...) {
  va_list ap;
  va_start(ap, f);
  reply_begin(c);
  reply_vtext(c, f, ap);
  va_end(ap);
  reply_end(c);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_bytes(const char *s, size_t n, uint8_t *out) {
  if (n & 1) return false;
  for (size_t i = 0; i < n; i += 2) {
    int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);
    if (high < 0 || low < 0) return false;
    out[i / 2] = (uint8_t)(high << 4 | low);
  }
  return true;
}

bool hex_number(const char **s, uint64_t *n) {
  const char *p = *s;
  *n = 0;
  while (hex_digit(*p) >= 0) {
    if (p - *s == 16) return false;
    *n = *n << 4 | (uint64_t)hex_digit(*p++);
  }
  if (p == *s) return false;
  *s = p;
  return true;
}
