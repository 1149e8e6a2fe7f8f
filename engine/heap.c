// The engine's own memory: page runs from a bump pointer with free lists by size class; small objects from pages.
//
// Freed page runs are given back to the kernel and their addresses reused by size. Nothing here is visible to the guest,
// so the addresses need not be the same on replay.
#include <linux/mman.h>
#include "engine/base.h"
#include "engine/sys.h"

static u64 bump = RR_HEAP;
struct free_run { struct free_run *next; };
#define CLASSES 12 // 16 .. 32768 bytes
#define RUN_BYTES 0x40000ul
static struct free_run *free_small[CLASSES];
struct page_run { u64 start; u64 bytes; };
static struct page_run runs[256];
static u32 run_count;

void *heap_pages(size_t bytes) {
  bytes = ALIGN_UP(bytes, RR_PAGE);
  u64 at = 0;
  for (u32 i = 0; i < run_count && !at; i++)
    if (runs[i].bytes == bytes) { at = runs[i].start; runs[i] = runs[--run_count]; }
  if (!at) { at = bump; bump += bytes + RR_PAGE; }
  if (bump > RR_HEAP_END) stop(STOP_BUG, "the engine's heap is used up");
  s64 r = sys(__NR_mmap, at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (r != (s64)at) stop(STOP_IO, "out of memory: the engine could not map %lu bytes (error %ld)", (u64)bytes, -r);
  return (void *)at;
}

void heap_pages_free(void *p, size_t bytes) {
  bytes = ALIGN_UP(bytes, RR_PAGE);
  sys(__NR_munmap, p, bytes);
  if (run_count < ARRAY_SIZE(runs)) runs[run_count++] = (struct page_run){ (u64)p, bytes };
}

static int class_of(size_t bytes) {
  int c = 0;
  while (((size_t)16 << c) < bytes) c++;
  return c;
}

// Small objects are cut from shared runs as they are needed, so that a page is touched only for what lies in it.
static char *run_at, *run_end;

static void *cut(size_t size) {
  run_at = (char *)ALIGN_UP((u64)run_at, size < 64 ? size : 64); // xsave areas are such objects
  if (run_at > run_end || (size_t)(run_end - run_at) < size) {
    run_at = heap_pages(RUN_BYTES);
    run_end = run_at + RUN_BYTES;
  }
  void *p = run_at;
  run_at += size;
  return p;
}

void *heap_alloc(size_t bytes) {
  int c = class_of(bytes);
  if (c >= CLASSES) return heap_pages(bytes);
  struct free_run *f = free_small[c];
  if (!f) return cut((size_t)16 << c); // fresh pages are zero
  free_small[c] = f->next;
  return memset(f, 0, (size_t)16 << c);
}

void heap_free(void *p, size_t bytes) {
  if (!p) return;
  int c = class_of(bytes);
  if (c >= CLASSES) { heap_pages_free(p, bytes); return; }
  struct free_run *f = p;
  f->next = free_small[c];
  free_small[c] = f;
}
