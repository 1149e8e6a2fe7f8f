// Loading an ELF image for exec, as fs/binfmt_elf.c does: segments, zeroed bss, the interpreter's name.
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include "engine/start.h"
#include "engine/keep.h"
#include "engine/sys.h"
#include "engine/translate.h"

#define PHDRS_MAX 64
static struct headers { Elf64_Ehdr e; Elf64_Phdr p[PHDRS_MAX]; } headers; // of the image looked at

// Fills headers.
static s64 read_headers(int fd) {
  struct headers *h = &headers;
  s64 n = sys(__NR_pread64, fd, &h->e, sizeof h->e, 0);
  if (n < 0) return n;
  if (n < 52 || memcmp(h->e.e_ident, "\177ELF", 4)) return -ENOEXEC;
  if (h->e.e_ident[EI_CLASS] == ELFCLASS32 && (h->e.e_machine == EM_386 || h->e.e_machine == EM_X86_64)) return -ELIBBAD; // 32-bit: named by the caller
  if (n < (s64)sizeof h->e || h->e.e_ident[EI_CLASS] != ELFCLASS64 || h->e.e_machine != EM_X86_64) return -ENOEXEC;
  if (h->e.e_type != ET_EXEC && h->e.e_type != ET_DYN) return -ENOEXEC;
  if (h->e.e_phentsize != sizeof(Elf64_Phdr) || h->e.e_phnum == 0 || h->e.e_phnum > PHDRS_MAX) return -ENOEXEC;
  s64 want = (s64)(h->e.e_phnum * sizeof(Elf64_Phdr));
  n = sys(__NR_pread64, fd, h->p, want, h->e.e_phoff);
  return n == want ? 0 : n < 0 ? n : -ENOEXEC;
}

static u64 low_of(const struct headers *h) {
  u64 low = ~0ul;
  for (int i = 0; i < h->e.e_phnum; i++)
    if (h->p[i].p_type == PT_LOAD && h->p[i].p_vaddr < low) low = h->p[i].p_vaddr;
  return low == ~0ul ? 0 : ALIGN_DOWN(low, RR_PAGE);
}

static u64 high_of(const struct headers *h) {
  u64 high = 0;
  for (int i = 0; i < h->e.e_phnum; i++)
    if (h->p[i].p_type == PT_LOAD && h->p[i].p_vaddr + h->p[i].p_memsz > high) high = h->p[i].p_vaddr + h->p[i].p_memsz;
  return high;
}

s64 elf_check(int fd, struct elf_image *e) {
  memset(e, 0, sizeof *e);
  s64 r = read_headers(fd);
  if (r < 0) return r;
  e->pie = headers.e.e_type == ET_DYN;
  e->low = low_of(&headers);
  e->high = high_of(&headers);
  if (e->high <= e->low || e->high - e->low > 1ul << 40) return -ENOEXEC;
  for (int i = 0; i < headers.e.e_phnum; i++) {
    const Elf64_Phdr *p = &headers.p[i];
    if (p->p_type == PT_LOAD && (p->p_filesz > p->p_memsz || p->p_vaddr + p->p_memsz < p->p_vaddr)) return -ENOEXEC;
    if (p->p_type == PT_GNU_STACK) e->stack_exec = p->p_flags & PF_X;
    if (p->p_type != PT_INTERP || e->interp_len) continue;
    if (p->p_filesz < 2 || p->p_filesz >= sizeof e->interp) return -ENOEXEC;
    if (sys(__NR_pread64, fd, e->interp, p->p_filesz, p->p_offset) != (s64)p->p_filesz) return -EIO;
    if (e->interp[p->p_filesz - 1]) return -ENOEXEC;
    e->interp_len = p->p_filesz;
  }
  if (headers.e.e_type == ET_EXEC && map_ours(e->low, e->high)) return -E2BIG; // named by the caller
  return 0;
}

u64 elf_span(int fd) {
  return read_headers(fd) == 0 ? high_of(&headers) - low_of(&headers) : 0;
}

static u32 prot_of(const Elf64_Phdr *p) {
  return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) | (p->p_flags & PF_X ? PROT_EXEC : 0);
}

static s64 load_segment(int fd, struct map_file *file, const Elf64_Phdr *p, u64 base) {
  u64 start = ALIGN_DOWN(base + p->p_vaddr, RR_PAGE), file_end = base + p->p_vaddr + p->p_filesz, end = base + p->p_vaddr + p->p_memsz;
  u64 mapped_end = p->p_filesz ? ALIGN_UP(file_end, RR_PAGE) : start;
  u32 prot = prot_of(p);
  if (p->p_filesz) {
    u64 offset = p->p_offset - (base + p->p_vaddr - start);
    s64 r = sys(__NR_mmap, start, mapped_end - start, map_host_prot(prot), MAP_PRIVATE | MAP_FIXED, fd, offset);
    if (r != (s64)start) return r < 0 ? r : -ENOMEM;
    map_insert(start, mapped_end, prot, MAPF_IMAGE, offset, file);
    if (prot & PROT_EXEC) {
      const struct file_identity id = { file->dev, file->ino, file->size, file->mtime_ns, file->ctime_ns };
      translate_image_mapped(start, mapped_end, offset, &id);
    }
  }
  if (end > file_end && (prot & PROT_WRITE) && file_end % RR_PAGE && p->p_filesz) { // the tail of the last page
    if (sys(__NR_mprotect, mapped_end - RR_PAGE, RR_PAGE, PROT_READ | PROT_WRITE) == 0) memset((void *)file_end, 0, mapped_end - file_end);
  }
  if (ALIGN_UP(end, RR_PAGE) > mapped_end) {
    u64 bss = ALIGN_UP(end, RR_PAGE) - mapped_end;
    s64 r = sys(__NR_mmap, mapped_end, bss, map_host_prot(prot), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (r != (s64)mapped_end) return r < 0 ? r : -ENOMEM;
    map_insert(mapped_end, mapped_end + bss, prot, MAPF_ANON, 0, NULL);
  }
  return 0;
}

s64 elf_load(int fd, struct map_file *file, u64 bias, struct elf_image *e) {
  s64 r = read_headers(fd);
  if (r < 0) return r;
  e->base = bias;
  e->entry = headers.e.e_entry + bias;
  e->phnum = headers.e.e_phnum;
  e->phent = headers.e.e_phentsize;
  e->low = low_of(&headers) + bias;
  e->high = high_of(&headers) + bias;
  for (int i = 0; i < headers.e.e_phnum; i++) {
    const Elf64_Phdr *p = &headers.p[i];
    if (p->p_type != PT_LOAD) continue;
    if (headers.e.e_phoff >= p->p_offset && headers.e.e_phoff < p->p_offset + p->p_filesz) e->phdr = bias + p->p_vaddr + headers.e.e_phoff - p->p_offset;
    r = load_segment(fd, file, p, bias);
    if (r < 0) return r;
  }
  return 0;
}
