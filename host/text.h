// Growing text, and the forms in which strings are written: escaped on one line, as JSON.
#pragma once
#include <stddef.h>

struct text { char *data; size_t size, room; int failed; };   // zero-terminated unless empty
void text_add(struct text *t, const char *f, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *data, size_t n);
void text_escape(struct text *t, const char *s);  // control characters and backslashes as in C
int text_unescape(char *s);                       // in place; 0: not what text_escape makes
void text_json(struct text *t, const char *s);    // with quotes; bytes that are not UTF-8 become U+FFFD
