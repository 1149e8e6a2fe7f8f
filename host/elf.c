// Reading ELF headers from bytes that may be anything.
#include "host/elf.h"
#include <elf.h>
#include <stdio.h>
#include <string.h>

enum elf_kind elf_kind(const uint8_t *head, size_t size) {
  Elf64_Ehdr h = { 0 };
  memcpy(&h, head, size < sizeof h ? size : sizeof h);
  if (size < EI_NIDENT + 4 || memcmp(h.e_ident, ELFMAG, SELFMAG)) return ELF_NONE;
  if (h.e_ident[EI_DATA] != ELFDATA2LSB) return ELF_OTHER;
  if (h.e_machine == EM_386 || (h.e_machine == EM_X86_64 && h.e_ident[EI_CLASS] == ELFCLASS32)) return ELF_I386; // also x32
  return h.e_machine == EM_X86_64 && h.e_ident[EI_CLASS] == ELFCLASS64 ? ELF_X86_64 : ELF_OTHER;
}

static int note_build_id(const uint8_t *notes, size_t size, char *id, size_t id_size) {
  size_t at = 0;
  while (size - at >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr n;
    memcpy(&n, notes + at, sizeof n);
    at += sizeof n;
    uint64_t name = ((uint64_t)n.n_namesz + 3) & ~3ul, desc = ((uint64_t)n.n_descsz + 3) & ~3ul;
    if (name > size - at || desc > size - at - name) return 0;
    if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && !memcmp(notes + at, "GNU", 4) && n.n_descsz * 2ul < id_size) {
      for (uint32_t i = 0; i < n.n_descsz; i++) snprintf(id + 2 * i, 3, "%02x", notes[at + name + i]);
      return n.n_descsz > 0;
    }
    at += name + desc;
  }
  return 0;
}

int elf_build_id(const uint8_t *image, size_t size, char *id, size_t id_size) {
  Elf64_Ehdr h;
  if (elf_kind(image, size) != ELF_X86_64 || size < sizeof h) return 0;
  memcpy(&h, image, sizeof h);
  if (h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phoff > size || (size - h.e_phoff) / sizeof(Elf64_Phdr) < h.e_phnum) return 0;
  for (int i = 0; i < h.e_phnum; i++) {
    Elf64_Phdr p;
    memcpy(&p, image + h.e_phoff + (size_t)i * sizeof p, sizeof p);
    if (p.p_type == PT_NOTE && p.p_offset <= size && p.p_filesz <= size - p.p_offset &&
        note_build_id(image + p.p_offset, p.p_filesz, id, id_size))
      return 1;
  }
  return 0;
}
