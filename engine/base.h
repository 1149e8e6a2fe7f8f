// What every file of the engine includes: types, the compiler's builtins by name, check() and the log.
//
// The engine is freestanding: no libc, no TLS, no vector registers (-mgeneral-regs-only). Functions return 0 or a
// non-negative value, or -errno.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include "abi/layout.h"
#include "abi/ctx.h"

typedef uint8_t u8; typedef uint16_t u16; typedef uint32_t u32; typedef uint64_t u64;
typedef int8_t s8; typedef int16_t s16; typedef int32_t s32; typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a) (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define NORETURN __attribute__((noreturn))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

// The context page (abi/ctx.h) as the engine sees it.
#define ctx (*(struct rr_ctx *)RR_CTX)

// lib/string.c
void *memcpy(void *restrict d, const void *restrict s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
size_t str_copy(char *d, const char *s, size_t size); // always terminated; returns strlen(s)

// lib/fmt.c: %d %u %x %lx %lu %ld %s %c %p %zu and widths; returns the length that the whole text has.
int fmt(char *d, size_t size, const char *f, ...) PRINTF(3, 4);
int vfmt(char *d, size_t size, const char *f, va_list ap);

// lib/panic.c. All of these end the process: the text goes to the session's panic slot (abi/session.h) and, when no
// recorder reads it, to stderr. STOP kinds: see struct rr_panic.exit_status.
enum stop_kind { STOP_DIVERGED = 70, STOP_REFUSED = 71, STOP_BUG = 72, STOP_IO = 73 };
void stop(enum stop_kind kind, const char *f, ...) NORETURN PRINTF(2, 3);
void check_failed(const char *file, int line, const char *cond, u64 value) NORETURN;
#define check(cond, value) do { if (unlikely(!(cond))) check_failed(__FILE__, __LINE__, #cond, (u64)(value)); } while (0)

// lib/log.c: debug text to stderr of the recorder (fd kept by the engine), by category (RR_LOG=category[,category]).
enum log_category { LOG_START, LOG_TRANSLATE, LOG_LINK, LOG_SYSCALL, LOG_SIGNAL, LOG_THREAD, LOG_MAP, LOG_SMC, LOG_REPLAY, LOG_TICK, LOG_DEBUG, LOG_CATEGORIES };
extern u64 log_mask;
void log_text(enum log_category c, const char *f, ...) PRINTF(2, 3);
#define rr_log(c, ...) do { if (unlikely(log_mask >> (c) & 1)) log_text(c, __VA_ARGS__); } while (0)

// heap.c: memory of the engine itself, in [RR_HEAP, RR_HEAP_END). Not signal-safe; baton held.
void *heap_pages(size_t bytes);            // zeroed, page aligned, guard page behind; never fails (stops)
void heap_pages_free(void *p, size_t bytes);
void *heap_alloc(size_t bytes);            // 16-aligned, zeroed
void heap_free(void *p, size_t bytes);     // the size it was allocated with

// copy.c: the only ways to touch guest memory. A fault inside is fixed up by the fault handler (signal_host.c).
// Return the number of bytes copied (a partial copy stops at the fault); never -errno.
size_t copyin(void *d, u64 guest, size_t n);
size_t copyout(u64 guest, const void *s, size_t n);   // makes room in write-protected code pages first (smc_prepare_write)
s64 copyin_string(char *d, u64 guest, size_t size);   // length without the zero; -EFAULT, -ENAMETOOLONG
static inline bool get_guest(void *d, u64 guest, size_t n) { return copyin(d, guest, n) == n; }
static inline bool put_guest(u64 guest, const void *s, size_t n) { return copyout(guest, s, n) == n; }
