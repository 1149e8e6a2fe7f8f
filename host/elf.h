// ELF headers, as far as the host needs them.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum elf_kind { ELF_NONE, ELF_X86_64, ELF_I386, ELF_OTHER };
enum elf_kind elf_kind(const uint8_t *head, size_t size);  // of the first bytes of a file

// The build id as hex into id; false: the image has none, or is damaged.
int elf_build_id(const uint8_t *image, size_t size, char *id, size_t id_size);
