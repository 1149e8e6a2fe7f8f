// Code that changes (design, Fixed 11): which state each page of translated code is in, and what a write to it does.
//
// FILE   from a file, not writable by the guest: nothing to do.
// RO     writable for the guest, but we have write-protected it: the write fault drops its fragments and unprotects.
// CHECKED after SMC_FAULTS_MAX such faults: left writable, every block entry compares its bytes.
// Only pages that ever held translated code and may be written are in the table. Signal-safe parts touch only existing entries.
#include <linux/mman.h>
#include "engine/map.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define SMC_FAULTS_MAX 8
struct smc_page { u64 page; u8 used, state, faults, protected; };
static struct smc_page *pages;  // open addressing by page number
static u32 size, used, protected_count;

static struct smc_page *slot_of(struct smc_page *t, u32 n, u64 page) {
  u32 i = (u32)((page >> 12) * 0x9e3779b1u) & (n - 1);
  while (t[i].used && t[i].page != page) i = (i + 1) & (n - 1);
  return &t[i];
}

static struct smc_page *lookup(u64 page) {
  if (!size) return NULL;
  struct smc_page *p = slot_of(pages, size, page);
  return p->used ? p : NULL;
}

static struct smc_page *add(u64 page) {
  if (used * 2 >= size) {
    u32 n = size ? size * 2 : 512;
    struct smc_page *t = heap_pages(n * sizeof *t);
    for (u32 i = 0; i < size; i++)
      if (pages[i].used) *slot_of(t, n, pages[i].page) = pages[i];
    struct smc_page *old = pages;
    u32 old_size = size;
    pages = t;
    size = n;
    if (old) heap_pages_free(old, old_size * sizeof *old);
  }
  struct smc_page *p = slot_of(pages, size, page);
  if (!p->used) { *p = (struct smc_page){ .page = page, .used = 1 }; used++; }
  return p;
}

static void host_protect(struct smc_page *p, bool on) {
  struct mapping *m = map_find(p->page);
  u32 prot = m ? map_host_prot(m->prot) : PROT_READ;
  if (on) prot &= ~(u32)PROT_WRITE;
  if (p->protected != on) { protected_count += on ? 1 : -1u; p->protected = on; }
  if (m) sys(__NR_mprotect, p->page, RR_PAGE, prot);
}

enum smc_state smc_code_page(u64 addr) {
  u64 page = ALIGN_DOWN(addr, RR_PAGE);
  struct mapping *m = map_find(page);
  if (!m) return SMC_FILE;
  if (!(m->prot & PROT_WRITE)) {
    // Not writable through this mapping. A shared object can have a second, writable alias.
    return m->flags & MAPF_SHARED ? SMC_CHECKED : SMC_FILE;
  }
  if (m->flags & MAPF_SHARED) return SMC_CHECKED;
  struct smc_page *p = lookup(page);
  if (!p) p = add(page);
  if (p->faults >= SMC_FAULTS_MAX) p->state = SMC_CHECKED;
  else {
    p->state = SMC_RO;
    if (!p->protected) host_protect(p, true);
  }
  return p->state;
}

static void unprotect(struct smc_page *p) {
  if (p->faults < 255) p->faults++;
  host_protect(p, false);
  translate_invalidate(p->page, p->page + RR_PAGE);
}

bool smc_write_fault(u64 addr) {
  struct smc_page *p = protected_count ? lookup(ALIGN_DOWN(addr, RR_PAGE)) : NULL;
  if (!p || !p->protected) return false;
  rr_log(LOG_SMC, "write fault at 0x%lx, fault %d of its page", addr, p->faults + 1);
  unprotect(p);
  return true;
}

void smc_prepare_write(u64 addr, u64 len) {
  if (!protected_count || !len) return;
  u64 end = addr + len;
  if (end < addr) return;
  if ((end - addr) / RR_PAGE > used) { // a huge range: walk the table instead
    for (u32 i = 0; i < size; i++)
      if (pages[i].used && pages[i].protected && pages[i].page + RR_PAGE > addr && pages[i].page < end) unprotect(&pages[i]);
    return;
  }
  for (u64 a = ALIGN_DOWN(addr, RR_PAGE); a < end; a += RR_PAGE) {
    struct smc_page *p = lookup(a);
    if (p && p->protected) unprotect(p);
  }
}

void smc_forget(u64 start, u64 end) {
  if (!used) return;
  for (u32 i = 0; i < size; i++)
    if (pages[i].used && pages[i].page >= start && pages[i].page < end) {
      if (pages[i].protected) { protected_count--; pages[i].protected = 0; }
      pages[i].faults = 0;
    }
}
