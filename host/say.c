// Messages of rr itself. Each is written by one write(2), so that lines of parallel processes do not mix.
#include "host/say.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(const char *prefix, const char *f, va_list ap) {
  char text[4096], out[8192];
  size_t used = 0;
  vsnprintf(text, sizeof text, f, ap);
  for (const char *line = text; line && *line && used < sizeof out;) {
    const char *end = strchr(line, '\n');
    int n = end ? (int)(end - line) : (int)strlen(line);
    int r = snprintf(out + used, sizeof out - used, "[%s] rr %.*s\n", prefix, n, line);
    used += r > 0 ? (size_t)r : 0;
    line = end ? end + 1 : NULL;
  }
  if (used > sizeof out) used = sizeof out;
  ssize_t r = write(2, out, used);
  (void)r; // nobody to tell
}

#define SAY(name, prefix) \
  void name(const char *f, ...) { \
    va_list ap; \
    va_start(ap, f); \
    say(prefix, f, ap); \
    va_end(ap); \
  }
SAY(say_info, "INFO")
SAY(say_warn, "WARN")
SAY(say_error, "ERROR")

int fault_set(struct fault *f, int code, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  f->code = code;
  vsnprintf(f->text, sizeof f->text, format, ap);
  va_end(ap);
  return code;
}

int fault_say(const struct fault *f) {
  say_error("%s", f->text);
  return f->code;
}
