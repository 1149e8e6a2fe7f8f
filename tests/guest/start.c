// argc, argv, environment, auxiliary vector, constructors: what a program finds when it starts, for each kind of executable.
// rr-test: name=pie args="one 'two words' ''"
// rr-test: name=nopie cflags="-no-pie -fno-pie" args="one 'two words' ''"
// rr-test: name=static cflags=-static args="one 'two words' ''"
// rr-test: name=static-pie cflags=-static-pie args="one 'two words' ''"
#include "guest/t.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

static int order;
static void __attribute__((constructor(101))) first(void) {
  CHECK_EQ(order, 0);
  order = 1;
}
static void __attribute__((constructor(102))) second(void) {
  CHECK_EQ(order, 1);
  order = 2;
}
static void __attribute__((destructor)) last(void) { (void)!write(1, "destructor\n", 11); }
extern char **environ;

int main(int argc, char **argv) {
  CHECK_EQ(order, 2);
  CHECK_EQ(argc, 4);
  for (int i = 1; i < argc; i++) printf("argv[%d]=<%s>\n", i, argv[i]);
  CHECK(argv[4] == NULL);
  const char *slash = strrchr(argv[0], '/');
  CHECK(slash != NULL);
  CHECK(getenv("TESTS") != NULL);
  // On the stack: argc, argv, 0, environ, 0, auxv, then strings, the last of them the file name, then a zero word.
  CHECK(environ > argv);
  CHECK_EQ(((long *)argv)[-1], argc);
  char **e = environ;
  while (*e) e++;
  Elf64_auxv_t *a = (Elf64_auxv_t *)(e + 1);
  int seen = 0;
  for (; a->a_type != AT_NULL; a++) {
    if (a->a_type != AT_HWCAP) CHECK_EQ(getauxval(a->a_type), a->a_un.a_val); // glibc answers with a value of its own there
    if (a->a_type == AT_PAGESZ) {
      CHECK_EQ(a->a_un.a_val, 4096);
      seen |= 1;
    }
    if (a->a_type == AT_RANDOM) {
      printf("~random %016lx\n", *(unsigned long *)a->a_un.a_val);
      seen |= 2;
    }
    if (a->a_type == AT_EXECFN) {
      CHECK(!strcmp((char *)a->a_un.a_val, argv[0]));
      seen |= 4;
    }
    if (a->a_type == AT_PHDR) {
      CHECK(((Elf64_Phdr *)a->a_un.a_val)->p_type != 0);
      seen |= 8;
    }
    if (a->a_type == AT_UID) {
      CHECK_EQ(a->a_un.a_val, getuid());
      seen |= 16;
    }
    if (a->a_type == AT_PLATFORM) {
      CHECK(!strcmp((char *)a->a_un.a_val, "x86_64"));
      seen |= 32;
    }
    if (a->a_type == AT_CLKTCK) CHECK_EQ(a->a_un.a_val, 100);
    if (a->a_type == AT_SECURE) CHECK_EQ(a->a_un.a_val, 0);
    if (a->a_type == AT_ENTRY) seen |= 64;
    if (a->a_type == AT_PHNUM) seen |= 128;
  }
  CHECK_EQ(seen, 255);
  CHECK_EQ((uintptr_t)argv[0] > (uintptr_t)a, 1);
  printf("stack aligned %ld\n", (long)((uintptr_t)(argv - 1) & 15));
  return 0;
}
