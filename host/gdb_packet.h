// Packets of gdb's remote protocol over one socket: framing, checksums, acknowledgements, escapes (gdb manual, "Overview"
// of the remote protocol). Whatever a client sends, the reader gives whole packets, an interrupt, or the end; nothing
// grows beyond GDB_PACKET_MAX.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET_MAX (1u << 20) // of a packet that we take, and of a reply

enum gdb_input {
  GDB_IN_NONE,       // nothing whole yet
  GDB_IN_PACKET,     // conn.packet, conn.size
  GDB_IN_INTERRUPT,  // byte 0x03
  GDB_IN_TOO_LONG,   // a packet that was dropped
  GDB_IN_END,        // the client is gone
};

struct gdb_conn {
  int fd;
  bool no_ack;
  bool broken;           // a write failed: nothing more is sent
  uint8_t in[65536];     // bytes received, not yet looked at: in[in_at .. in_end)
  size_t in_at, in_end;
  enum { BETWEEN, INSIDE, ESCAPED, CHECK1, CHECK2 } state;
  uint8_t sum, want;
  bool too_long;
  char *packet;          // zero-terminated behind size; escapes are undone
  size_t size;
  char *reply;           // being made: reply[0] is '$'
  size_t reply_size;
  bool reply_failed;     // longer than GDB_PACKET_MAX
};

int gdb_conn_open(struct gdb_conn *c, int fd);   // 0 or -1 (no memory); takes fd
void gdb_conn_close(struct gdb_conn *c);

bool gdb_conn_waiting(const struct gdb_conn *c); // bytes were received that gdb_conn_next has not looked at
void gdb_conn_fill(struct gdb_conn *c);          // after poll: receives; the end is seen by gdb_conn_next
enum gdb_input gdb_conn_next(struct gdb_conn *c);

// A reply: begin, put pieces, end (sends). The pieces escape what has to be escaped.
void reply_begin(struct gdb_conn *c);
void reply_put(struct gdb_conn *c, const void *bytes, size_t n);  // binary or text, escaped
void reply_text(struct gdb_conn *c, const char *f, ...) __attribute__((format(printf, 2, 3)));
void reply_hex(struct gdb_conn *c, const void *bytes, size_t n);
void reply_end(struct gdb_conn *c);
void reply(struct gdb_conn *c, const char *f, ...) __attribute__((format(printf, 2, 3)));  // all in one

int hex_digit(char c);                                     // -1: none
bool hex_bytes(const char *s, size_t n, uint8_t *out);     // n digits to n / 2 bytes
bool hex_number(const char **s, uint64_t *n);              // moves *s behind the digits; at least one, at most 16
