// The memory and string functions that the compiler and the engine call. No vector registers: copies go by `rep movs`,
// which is fast on every CPU with ERMS, short ones by words.
#include "engine/base.h"

typedef u64 __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict d, const void *restrict s, size_t n) {
  u8 *a = d;
  const u8 *b = s;
  if (n >= 128) {
    __asm__ volatile("rep movsb" : "+D"(a), "+S"(b), "+c"(n) : : "memory");
    return d;
  }
  for (; n >= 8; n -= 8, a += 8, b += 8) *(word *)a = *(const word *)b;
  while (n--) *a++ = *b++;
  return d;
}

void *memmove(void *d, const void *s, size_t n) {
  u8 *a = d;
  const u8 *b = s;
  if ((u64)a - (u64)b >= n) return memcpy(d, s, n);
  for (; n >= 8; n -= 8) *(word *)(a + n - 8) = *(const word *)(b + n - 8);
  while (n--) a[n] = b[n];
  return d;
}

void *memset(void *d, int c, size_t n) {
  u8 *a = d;
  if (n >= 128) {
    __asm__ volatile("rep stosb" : "+D"(a), "+c"(n) : "a"(c) : "memory");
    return d;
  }
  u64 w = (u8)c * 0x0101010101010101ul;
  for (; n >= 8; n -= 8, a += 8) *(word *)a = w;
  while (n--) *a++ = (u8)c;
  return d;
}

int memcmp(const void *a, const void *b, size_t n) {
  const u8 *x = a, *y = b;
  for (; n >= 8 && *(const word *)x == *(const word *)y; n -= 8) x += 8, y += 8;
  for (; n; n--, x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

size_t strlen(const char *s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n; n--, a++, b++)
    if (*a != *b || !*a) return (u8)*a - (u8)*b;
  return 0;
}

char *strchr(const char *s, int c) {
  for (;; s++) {
    if (*s == (char)c) return (char *)s;
    if (!*s) return NULL;
  }
}

char *strrchr(const char *s, int c) {
  const char *found = NULL;
  for (;; s++) {
    if (*s == (char)c) found = s;
    if (!*s) return (char *)found;
  }
}

size_t str_copy(char *d, const char *s, size_t size) {
  size_t n = strlen(s);
  if (size) {
    size_t k = n < size ? n : size - 1;
    memcpy(d, s, k);
    d[k] = 0;
  }
  return n;
}
