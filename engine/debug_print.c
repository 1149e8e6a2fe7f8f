// What a breakpoint's commands print (gdb: `set dprintf-style agent`): the format is C's, its arguments are 64-bit values, and
// strings lie in the guest. The text is gathered and sent in large pieces: a line may be printed a million times.
#include "engine/debug_internal.h"

enum { TEXT_MAX = 60000, STRING_MAX = 4096 };
static u8 text[TEXT_MAX];
static size_t used;

void print_flush(void) {
  size_t n = used;
  used = 0;
  if (n) serve_output(text, n);
}

void print_forget(void) { used = 0; }

static void put(u8 c) {
  if (used == TEXT_MAX) print_flush();
  text[used++] = c;
}

static void fill(u8 c, s64 n) {
  while (n-- > 0) put(c);
}

// Escapes as in C source: gdb sends the format as it was typed. Returns the bytes used.
static size_t escape(const char *p, size_t n, u8 *c) {
  static const char names[] = "abefnrtv", values[] = "\a\b\033\f\n\r\t\v";
  const char *name = n ? strchr(names, *p) : NULL;
  if (!n) { *c = '\\'; return 0; }
  if (name && *name) { *c = (u8)values[name - names]; return 1; }
  if (*p < '0' || *p > '7') { *c = (u8)*p; return 1; }
  size_t k = 0;
  for (*c = 0; k < 3 && k < n && p[k] >= '0' && p[k] <= '7'; k++) *c = (u8)(*c * 8 + (p[k] - '0'));
  return k;
}

struct conversion { bool left, zero, plus, space, alternate; s64 width, precision; u32 bits; char kind; };

static size_t number(const char *p, size_t n, s64 *v) {
  size_t k = 0;
  for (*v = 0; k < n && p[k] >= '0' && p[k] <= '9'; k++)
    if (*v < STRING_MAX) *v = *v * 10 + (p[k] - '0');
  return k;
}

// Behind the %: returns the bytes used.
static size_t parse(const char *p, size_t n, struct conversion *c) {
  size_t k = 0;
  *c = (struct conversion){ .precision = -1, .bits = 32 };
  for (; k < n && strchr("-0+ #'", p[k]); k++) {
    c->left |= p[k] == '-';
    c->zero |= p[k] == '0';
    c->plus |= p[k] == '+';
    c->space |= p[k] == ' ';
    c->alternate |= p[k] == '#';
  }
  k += number(p + k, n - k, &c->width);
  if (k < n && p[k] == '.') k++, k += number(p + k, n - k, &c->precision);
  for (; k < n && strchr("hljzt", p[k]); k++) c->bits = p[k] != 'h' ? 64 : c->bits == 16 ? 8 : 16;
  if (k < n) c->kind = p[k++];
  return k;
}

static void put_number(const struct conversion *c, u64 v) {
  char digits[32];
  const char *prefix = "";
  u64 base = strchr("xXp", c->kind) ? 16 : c->kind == 'o' ? 8 : 10;
  bool sign = c->kind == 'd' || c->kind == 'i', wide = c->bits == 64 || c->kind == 'p';
  if (!wide) v &= (1ul << c->bits) - 1;
  if (sign && !wide && v >> (c->bits - 1)) v |= ~0ul << c->bits;
  if (sign) prefix = (s64)v < 0 ? "-" : c->plus ? "+" : c->space ? " " : "";
  if (sign && (s64)v < 0) v = 0 - v;
  if (c->kind == 'p' || (c->alternate && base == 16 && v)) prefix = c->kind == 'X' ? "0X" : "0x";
  s64 n = 0;
  for (; v || (!n && c->precision); v /= base) digits[n++] = (c->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[v % base];
  s64 zeros = c->precision > n ? c->precision - n : 0, length = n + (s64)strlen(prefix);
  if (c->alternate && base == 8 && !zeros) zeros = 1;
  if (c->zero && !c->left && c->precision < 0 && c->width > length + zeros) zeros = c->width - length;
  if (!c->left) fill(' ', c->width - length - zeros);
  while (*prefix) put((u8)*prefix++);
  fill('0', zeros);
  for (s64 i = n; i--;) put((u8)digits[i]);
  if (c->left) fill(' ', c->width - length - zeros);
}

static void put_string(const struct conversion *c, u64 at) {
  static u8 s[STRING_MAX];
  s64 most = c->precision >= 0 && c->precision < STRING_MAX ? c->precision : STRING_MAX, n = 0, got = 0;
  for (; n < most; n++) {
    if (n == got) { // up to the end of the page, beyond which there may be nothing
      u64 part = RR_PAGE - (at + (u64)n) % RR_PAGE;
      if (part > (u64)(most - n)) part = (u64)(most - n);
      size_t more = debug_read(s + n, at + (u64)n, part);
      got += (s64)more;
      if (!more) break;
    }
    if (!s[n]) break;
  }
  if (!c->left) fill(' ', c->width - n);
  for (s64 i = 0; i < n; i++) put(s[i]);
  if (c->left) fill(' ', c->width - n);
}

static void put_unknown(const char *p, size_t n) {
  put('<');
  put('%');
  for (size_t i = 0; i < n; i++) put((u8)p[i]);
  put('>');
}

static void put_value(const struct conversion *c, u64 v, const char *p, size_t n) {
  switch (c->kind) {
  case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': case 'p': put_number(c, v); break;
  case 's': put_string(c, v); break;
  case 'c':
    if (!c->left) fill(' ', c->width - 1);
    put((u8)v);
    if (c->left) fill(' ', c->width - 1);
    break;
  default: put_unknown(p, n); // agent expressions have no floating point
  }
}

void print_format(const char *p, size_t n, const u64 *args, u32 count) {
  u32 next = 0;
  for (size_t i = 0; i < n && p[i];) {
    u8 c = (u8)p[i++];
    if (c == '\\') {
      i += escape(p + i, n - i, &c);
      put(c);
    } else if (c != '%' || i == n) put(c);
    else if (p[i] == '%') put('%'), i++;
    else {
      struct conversion v;
      size_t k = parse(p + i, n - i, &v);
      put_value(&v, next < count ? args[next] : 0, p + i, k);
      next++;
      i += k;
    }
  }
}
