// Growing text, and escapes for values that stand on one line.
#include "host/text.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int text_room(struct text *t, size_t more) {
  if (t->failed) return 0;
  if (t->size + more + 1 <= t->room) return 1;
  size_t room = (t->size + more + 1) * 2;
  char *grown = realloc(t->data, room);
  if (!grown) return t->failed = 1, 0;
  t->data = grown;
  t->room = room;
  return 1;
}

void text_add_bytes(struct text *t, const char *data, size_t n) {
  if (!text_room(t, n)) return;
  memcpy(t->data + t->size, data, n);
  t->size += n;
  t->data[t->size] = 0;
}

void text_add(struct text *t, const char *f, ...) {
  va_list ap, again;
  va_start(ap, f);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, f, ap);
  if (n >= 0 && text_room(t, (size_t)n)) {
    vsnprintf(t->data + t->size, (size_t)n + 1, f, again);
    t->size += (size_t)n;
  }
  va_end(again);
  va_end(ap);
}

void text_escape(struct text *t, const char *s) {
  for (; *s; s++) {
    size_t plain = 0;
    while ((unsigned char)s[plain] >= ' ' && s[plain] != '\\' && s[plain] != 127) plain++;
    text_add_bytes(t, s, plain);
    s += plain;
    if (!*s) break;
    if (*s == '\n') text_add_bytes(t, "\\n", 2);
    else if (*s == '\\') text_add_bytes(t, "\\\\", 2);
    else text_add(t, "\\x%02x", (unsigned char)*s);
  }
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

int text_unescape(char *s) {
  char *d = s;
  for (; *s; s++) {
    if (*s != '\\') {
      *d++ = *s;
    } else if (s[1] == 'n' || s[1] == '\\') {
      *d++ = *++s == 'n' ? '\n' : '\\';
    } else if (s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0) {
      *d++ = (char)(hex_digit(s[2]) << 4 | hex_digit(s[3]));
      s += 3;
    } else {
      return 0;
    }
  }
  *d = 0;
  return 1;
}

// One character of UTF-8 as it is, or the replacement character for a byte that begins none. Returns the bytes taken.
static int utf8_json(struct text *t, const unsigned char *s) {
  int n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
  for (int i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) n = 0;
  bool bad = n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0));
  bad = bad || (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90)));
  if (!n || bad) return text_add(t, "\\ufffd"), 1;
  text_add_bytes(t, (const char *)s, (size_t)n);
  return n;
}

void text_json(struct text *t, const char *s) {
  text_add_bytes(t, "\"", 1);
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') text_add(t, "\\%c", c);
    else if (c < ' ' || c == 127) text_add(t, "\\u%04x", c);
    else if (c < 128) text_add_bytes(t, s, 1);
    else s += utf8_json(t, (const unsigned char *)s) - 1;
  }
  text_add_bytes(t, "\"", 1);
}
