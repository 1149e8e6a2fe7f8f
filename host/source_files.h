// Names of source files, as the line tables of an ELF image hold them (DWARF 2 to 5).
#pragma once
#include <stddef.h>
#include <stdint.h>

// One call a file, as a path: absolute where the table says its directory. Returns how many tables could not be read.
unsigned source_files(const uint8_t *image, size_t size, void (*found)(void *to, const char *path), void *to);
