// ELF headers and build ids from any bytes.
#include "host/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char id[128];
  elf_kind(data, size);
  elf_build_id(data, size, id, sizeof id);
  return 0;
}
