// The kernel's vdso, which the engine may call on record: moved with its data pages below 2 GiB, since the kernel may have put
// it where a guest's library goes. The guest itself has none (no AT_SYSINFO_EHDR).
//
// The kernel allows each of the special mappings to be moved whole (arch/x86/entry/vdso/vma.c: vdso_mremap). How many pages
// each has is not told to a process without /proc, so `rr` reads its own and passes it on (session.h: vdso_pages).
#include <linux/mman.h>
#include <linux/elf.h>
#include "engine/exec.h"
#include "engine/log.h"
#include "engine/sys.h"

s64 (*host_clock_gettime)(int clock, void *ts);
s64 (*host_getcpu)(u32 *cpu, u32 *node, void *unused);

static void find_functions(u64 base) {
  const Elf64_Ehdr *e = (const Elf64_Ehdr *)base;
  const Elf64_Phdr *p = (const Elf64_Phdr *)(base + e->e_phoff);
  const Elf64_Dyn *dyn = NULL;
  u64 bias = base;
  for (int i = 0; i < e->e_phnum; i++) {
    if (p[i].p_type == PT_LOAD) bias = base + p[i].p_offset - p[i].p_vaddr;
    if (p[i].p_type == PT_DYNAMIC) dyn = (const Elf64_Dyn *)(base + p[i].p_offset);
  }
  const Elf64_Sym *symbols = NULL;
  const char *names = NULL;
  const u32 *hash = NULL;
  u64 bytes = 0;
  for (; dyn && dyn->d_tag; dyn++) {
    if (dyn->d_tag == DT_SYMTAB) symbols = (const void *)(bias + dyn->d_un.d_ptr);
    if (dyn->d_tag == DT_STRTAB) names = (const void *)(bias + dyn->d_un.d_ptr);
    if (dyn->d_tag == DT_HASH) hash = (const void *)(bias + dyn->d_un.d_ptr);
    if (dyn->d_tag == DT_STRSZ) bytes = dyn->d_un.d_val;
  }
  if (!symbols || !names) return;
  // Without DT_HASH the symbol table ends where the string table begins, as the linker lays them out.
  u64 n = hash ? hash[1] : ((u64)names - (u64)symbols) / sizeof *symbols;
  for (u64 i = 0; i < n && n < 1000; i++) {
    if (symbols[i].st_name >= bytes || !symbols[i].st_value) continue;
    const char *s = names + symbols[i].st_name;
    if (!strcmp(s, "__vdso_clock_gettime")) host_clock_gettime = (void *)(bias + symbols[i].st_value);
    if (!strcmp(s, "__vdso_getcpu")) host_getcpu = (void *)(bias + symbols[i].st_value);
  }
}

void vdso_init(u64 vdso) {
  const u32 *pages = session->opt.vdso_pages;
  u64 total = 0, last = 0;
  for (int i = 0; i < 4; i++)
    if (pages[i]) { total += pages[i]; last = pages[i]; }
  u64 start = vdso - (total - last) * RR_PAGE, to = RR_HOST_VDSO;
  if (!total || total > 64) return; // unknown: it stays where it is
  for (int i = 0; i < 4 && pages[i]; i++) {
    u64 size = pages[i] * RR_PAGE;
    if (replaying) { sys(__NR_munmap, start, size); start += size; continue; }
    if (sys(__NR_mremap, start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (s64)to) return;
    start += size;
    to += size;
  }
  if (!replaying) find_functions(to - last * RR_PAGE);
}
