// Formatting for messages: the subset of printf that the engine's texts use.
#include "engine/base.h"

struct out { char *d; size_t size, n; };

static void put(struct out *o, char c) {
  if (o->n + 1 < o->size) o->d[o->n] = c;
  o->n++;
}

static void put_number(struct out *o, u64 v, unsigned base, bool negative, int width, char pad) {
  char b[24];
  int n = 0;
  do { b[n++] = "0123456789abcdef"[v % base]; v /= base; } while (v);
  if (negative && pad == '0') put(o, '-');
  else if (negative) b[n++] = '-';
  for (int i = n; i < width; i++) put(o, pad);
  while (n) put(o, b[--n]);
}

static void put_string(struct out *o, const char *s, int precision, int width) {
  int n = 0;
  if (!s) s = "(null)";
  while (s[n] && (precision < 0 || n < precision)) put(o, s[n++]);
  for (; n < width; n++) put(o, ' ');
}

int vfmt(char *d, size_t size, const char *f, va_list ap) {
  struct out o = { d, size, 0 };
  for (; *f; f++) {
    if (*f != '%') { put(&o, *f); continue; }
    char pad = ' ';
    int width = 0, precision = -1, longs = 0;
    f++;
    if (*f == '-') f++;
    if (*f == '0') { pad = '0'; f++; }
    while (*f >= '0' && *f <= '9') width = width * 10 + *f++ - '0';
    if (*f == '.') {
      f++;
      if (*f == '*') { precision = va_arg(ap, int); f++; }
      else for (precision = 0; *f >= '0' && *f <= '9'; f++) precision = precision * 10 + *f - '0';
    }
    while (*f == 'l' || *f == 'z') { longs++; f++; }
    switch (*f) {
    case 'd': case 'i': {
      s64 v = longs ? va_arg(ap, s64) : va_arg(ap, int);
      put_number(&o, v < 0 ? -(u64)v : (u64)v, 10, v < 0, width, pad);
      break;
    }
    case 'u': put_number(&o, longs ? va_arg(ap, u64) : va_arg(ap, unsigned), 10, false, width, pad); break;
    case 'x': put_number(&o, longs ? va_arg(ap, u64) : va_arg(ap, unsigned), 16, false, width, pad); break;
    case 'p': put(&o, '0'); put(&o, 'x'); put_number(&o, va_arg(ap, u64), 16, false, width, pad); break;
    case 's': put_string(&o, va_arg(ap, const char *), precision, width); break;
    case 'c': put(&o, (char)va_arg(ap, int)); break;
    case '%': put(&o, '%'); break;
    default: put(&o, '?'); break;
    }
  }
  if (size) d[o.n < size ? o.n : size - 1] = 0;
  return (int)o.n;
}

int fmt(char *d, size_t size, const char *f, ...) {
  va_list ap;
  va_start(ap, f);
  int n = vfmt(d, size, f, ap);
  va_end(ap);
  return n;
}
