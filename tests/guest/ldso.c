// The dynamic loader called as a program; LD_PRELOAD; LD_LIBRARY_PATH; a library whose constructor forks; vDSO found by hand.
// rr-test: needs=gcc modes=quick
#include "guest/t.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#define LIB \
  "#include <unistd.h>\n#include <sys/wait.h>\nint answer(void) { return 42; }\n__attribute__((constructor)) static void c(void) { if (fork() == " \
  "0) _exit(0); wait(0); }\nint getppid(void) { return 4242; }\n"
#define MAIN "#include <stdio.h>\n#include <unistd.h>\nint answer(void);\nint main(void) { printf(\"%d %d\\n\", answer(), getppid()); return 7; }\n"
static void sh(const char *cmd, int want) {
  fflush(stdout);
  int s = system(cmd);
  CHECK_EQ(s, want << 8);
}
static void *vdso_symbol(const char *name) {
  Elf64_Ehdr *e = (void *)getauxval(AT_SYSINFO_EHDR);
  if (!e) return NULL;
  CHECK(!memcmp(e->e_ident, ELFMAG, 4));
  Elf64_Phdr *p = (void *)((char *)e + e->e_phoff);
  Elf64_Dyn *dyn = NULL;
  unsigned long bias = 0;
  for (int i = 0; i < e->e_phnum; i++) {
    if (p[i].p_type == PT_LOAD) bias = (unsigned long)e + p[i].p_offset - p[i].p_vaddr;
    if (p[i].p_type == PT_DYNAMIC) dyn = (void *)((char *)e + p[i].p_offset);
  }
  CHECK(dyn);
  Elf64_Sym *sym = NULL;
  char *str = NULL;
  unsigned *hash = NULL;
  for (; dyn->d_tag; dyn++) {
    unsigned long v = dyn->d_un.d_ptr + bias;
    if (dyn->d_tag == DT_SYMTAB) sym = (void *)v;
    if (dyn->d_tag == DT_STRTAB) str = (void *)v;
    if (dyn->d_tag == DT_HASH) hash = (void *)v;
  }
  if (!sym || !str || !hash) return NULL;
  for (unsigned i = 0; i < hash[1]; i++)
    if (sym[i].st_shndx && !strcmp(str + sym[i].st_name, name)) return (void *)(sym[i].st_value + bias);
  return NULL;
}
int main(void) {
  int (*gettime)(int, struct timespec *) = (int (*)(int, struct timespec *))vdso_symbol("__vdso_clock_gettime");
  if (gettime) {
    struct timespec t, u;
    for (int i = 0; i < 1000; i++) {
      CHECK_EQ(gettime(CLOCK_MONOTONIC, &t), 0);
      CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &u), 0);
      CHECK(u.tv_sec > t.tv_sec || (u.tv_sec == t.tv_sec && u.tv_nsec >= t.tv_nsec));
    }
    printf("~vdso %ld.%09ld\n", (long)t.tv_sec, t.tv_nsec);
    long (*cpu)(unsigned *, unsigned *, void *) = (long (*)(unsigned *, unsigned *, void *))vdso_symbol("__vdso_getcpu");
    unsigned c = 99999;
    if (cpu) CHECK_EQ(cpu(&c, NULL, NULL), 0);
    CHECK(!cpu || c < 5000);
  }
  sh("/lib64/ld-linux-x86-64.so.2 /bin/echo by the loader", 0);
  sh("/lib64/ld-linux-x86-64.so.2 --list /bin/true > list && grep -q libc list", 0);
  sh("/lib64/ld-linux-x86-64.so.2 ./nothing-there 2> /dev/null", 127);
  t_write_file("l.c", LIB, sizeof LIB - 1);
  sh("gcc -shared -fPIC -o libl.so l.c", 0);
  t_write_file("m.c", MAIN, sizeof MAIN - 1);
  sh("gcc -o m m.c -L. -ll", 0);
  sh("./m 2> /dev/null", 127);
  sh("LD_LIBRARY_PATH=. ./m", 7);
  sh("LD_PRELOAD=./libl.so /bin/echo preloaded", 0);
  return 0;
}
