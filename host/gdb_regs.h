// The registers of x86-64 as gdb wants them: numbers, sizes, the target description, and where their values are.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "host/gdb_target.h"

enum { GDB_REG_MAX = 64, GDB_RBP = 6, GDB_RSP = 7, GDB_RIP = 16 }; // bytes of the widest; numbers as in the core feature

// What this CPU has, from XCR0 as the engine saves it.
size_t gdb_regs_count(uint64_t xcr0);
size_t gdb_reg_size(uint64_t xcr0, size_t n);                     // 0: no such register
size_t gdb_reg_get(const struct target_regs *r, size_t n, uint8_t value[GDB_REG_MAX]); // size; 0: no such register
size_t gdb_reg_set(struct target_regs *r, size_t n, const uint8_t *value); // the same way back
char *gdb_regs_xml(uint64_t xcr0);                                // malloc'd; NULL: no memory
