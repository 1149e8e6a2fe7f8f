// What the start of an engine (start.c) leaves for the others.
#pragma once
#include "engine/base.h"
#include "engine/map.h"

enum engine_fd { ENGINE_FD_SESSION, ENGINE_FD_SOCKET, ENGINE_FD_ENGINE, ENGINE_FD_DEBUG, ENGINE_FDS };
extern s32 engine_fds[];             // by enum engine_fd; -1: none; ended by -2
extern bool engine_ready;            // the context page is mapped
extern char guest_exe[4096];         // path of the guest's executable, as /proc/self/exe shows it
extern char guest_execfn[4096];
extern struct map_file *guest_exe_file;
extern u64 guest_brk_start, guest_brk;
extern u64 guest_auxv, guest_auxv_size;   // on the guest's stack
extern u64 guest_arg_start, guest_arg_end, guest_env_start, guest_env_end;
extern u64 cpu_hwcap2;
extern s64 (*host_clock_gettime)(int clock, void *ts); // the host's vdso; NULL: none
extern s64 (*host_getcpu)(u32 *cpu, u32 *node, void *unused);

// elf.c: loads an ELF image (and its mappings) for exec; `file` is the kept file behind fd.
struct elf_image { u64 base, entry, phdr, phnum, phent, low, high, interp_len; bool stack_exec, pie; char interp[512]; };
s64 elf_check(int fd, struct elf_image *e);                  // header only: 0, -ENOEXEC, ...; fills interp
s64 elf_load(int fd, struct map_file *file, u64 base, struct elf_image *e);  // base: load bias (0 for ET_EXEC)
u64 elf_span(int fd);                                         // bytes from the first to the last byte of its segments

// stack.c: builds the initial stack; strings come from the arrays. Returns the stack pointer.
struct start_args { u32 argc, envc; char **argv, **envp; const char *execfn; u64 auxv_in; };
u64 stack_build(const struct start_args *a, const struct elf_image *exe, u64 interp_base);

void engine_main(u64 *kernel_stack) NORETURN;
