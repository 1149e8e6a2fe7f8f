// System calls by number and name, from the rows of abi/syscalls.def.
#pragma once
const char *syscall_name(int number);   // NULL: unknown
int syscall_number(const char *name);   // -1: unknown
int syscall_args(int number);           // how many arguments it takes; 6 when unknown
