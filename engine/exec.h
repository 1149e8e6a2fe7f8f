// What a file name means to execve: fs/exec.c, fs/binfmt_script.c. Decided before the real exec, which always succeeds.
#pragma once
#include "engine/start.h"
#include "engine/syscall.h"

struct exec_target {
  s32 fd, interp_fd;         // the ELF program and its interpreter (-1: none), open for reading
  struct elf_image elf;
  char path[4096];           // name of the program as it was opened
  char why[4400];            // on failure: a sentence for the case that there is nobody to give the error to
  u32 prefix; char *args[10];// #!: replaces argv[0] (heap)
};
// Resolves the program behind fd (a #! script or an ELF file); takes over fd. -errno as execve gives it; t->why is set.
s64 exec_resolve(s32 fd, const char *name, struct exec_target *t);
// The same for the first program; changes args for #!.
s64 exec_resolve_first(s32 fd, const char *name, struct start_args *args, struct exec_target *t);
// The path that /proc/self/exe shows for an open file.
void exec_path_of(s32 fd, const char *name, char *out, size_t size);

// vdso.c: moves the kernel's vvar and vdso to RR_HOST_VDSO and finds host_clock_gettime, host_getcpu in it; or drops them.
void vdso_init(u64 vdso);

enum call_status call_execve(struct call *c);
enum call_status call_execveat(struct call *c);
void exec_replay_stream(u32 stream) NORETURN; // -a replay: this host process becomes the engine for that stream
