// The initial stack of a program, laid out as fs/exec.c and fs/binfmt_elf.c (create_elf_tables) lay it out.
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/auxvec.h>
#include "engine/log.h"
#include "engine/start.h"
#include "engine/sys.h"

static u64 push_bytes(u64 sp, const void *s, size_t n) {
  sp -= n;
  memcpy((void *)sp, s, n);
  return sp;
}

static u64 push_string(u64 sp, const char *s) { return push_bytes(sp, s, strlen(s) + 1); }

struct auxv { u64 type, value; };

// What the guest sees of the kernel's vector: no vdso (calls come to us), no rseq sizes (answered ENOSYS).
static u32 make_auxv(struct auxv *v, u64 host, const struct elf_image *exe, u64 interp_base, u64 random, u64 platform, u64 execfn) {
  u32 n = 0;
  for (const struct auxv *h = (const struct auxv *)host; h->type != AT_NULL; h++) {
    u64 value = h->value;
    switch (h->type) {
    case AT_SYSINFO_EHDR: case AT_IGNORE: case 27 /* AT_RSEQ_FEATURE_SIZE */: case 28 /* AT_RSEQ_ALIGN */: continue;
    case AT_PHDR: value = exe->phdr; break;
    case AT_PHENT: value = exe->phent; break;
    case AT_PHNUM: value = exe->phnum; break;
    case AT_BASE: value = interp_base; break;
    case AT_ENTRY: value = exe->entry; break;
    case AT_RANDOM: value = random; break;
    case AT_EXECFN: value = execfn; break;
    case AT_PLATFORM: value = platform; break;
    case AT_BASE_PLATFORM: continue;
    case AT_HWCAP: value &= session->opt.cpu_keep[1]; break;                       // CPUID 1, edx
    case AT_HWCAP2: if (!(session->opt.cpu_keep[2] & 1)) value &= ~2ul; break;      // FSGSBASE
    default: break;
    }
    v[n++] = (struct auxv){ h->type, value };
    if (n == 30) break;
  }
  v[n++] = (struct auxv){ AT_NULL, 0 };
  return n;
}

u64 stack_build(const struct start_args *a, const struct elf_image *exe, u64 interp_base) {
  u64 sp = RR_GUEST_STACK_TOP - 8;
  u64 execfn = sp = push_string(sp, a->execfn);
  u64 *envp = heap_alloc((a->envc + 1) * 8), *argv = heap_alloc((a->argc + 1) * 8);
  guest_env_end = sp;
  for (u32 i = a->envc; i-- > 0;) envp[i] = sp = push_string(sp, a->envp[i]);
  guest_env_start = guest_arg_end = sp;
  for (u32 i = a->argc; i-- > 0;) argv[i] = sp = push_string(sp, a->argv[i]);
  guest_arg_start = sp;
  u64 platform = sp = push_string(ALIGN_DOWN(sp, (u64)16), "x86_64");
  u8 random[16];
  for (const struct auxv *h = (const struct auxv *)a->auxv_in; h->type != AT_NULL; h++)
    if (h->type == AT_RANDOM) memcpy(random, (void *)h->value, 16);
  u64 rnd = sp = push_bytes(ALIGN_DOWN(sp, (u64)16), random, 16);
  struct auxv v[32];
  u32 n = make_auxv(v, a->auxv_in, exe, interp_base, rnd, platform, execfn);
  u64 words = n * 2 + a->envc + 1 + a->argc + 1 + 1;
  sp = ALIGN_DOWN(sp - words * 8, (u64)16);
  u64 *p = (u64 *)sp;
  *p++ = a->argc;
  for (u32 i = 0; i < a->argc; i++) *p++ = argv[i];
  *p++ = 0;
  for (u32 i = 0; i < a->envc; i++) *p++ = envp[i];
  *p++ = 0;
  guest_auxv = (u64)p;
  guest_auxv_size = n * sizeof *v;
  memcpy(p, v, guest_auxv_size);
  return sp;
}
