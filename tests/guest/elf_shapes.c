// Executables of unusual shape: text far up or low, text and data in one segment, a big bss, no section headers needed, old hash style.
// rr-test: name=low cflags="-no-pie -Wl,-Ttext-segment=0x10000"
// rr-test: name=noseparate cflags="-Wl,-z,noseparate-code"
// rr-test: name=now cflags="-Wl,-z,now -Wl,-z,relro"
// rr-test: name=lazy cflags="-Wl,-z,lazy -no-pie -fno-plt"
// rr-test: name=stripped cflags="-s -static"
// rr-test: name=export cflags="-rdynamic -Wl,--hash-style=sysv"
#include "guest/t.h"
static char bss[50 << 20];
static int data[2000] = { 1, 2, 3 };
static const int rodata[1000] = { 4, 5, 6 };
int main(void) {
  CHECK_EQ(bss[sizeof bss - 1], 0);
  for (size_t i = 0; i < sizeof bss; i += 1 << 20) bss[i] = 1;
  data[1999] = data[0] + rodata[2];
  FILE *f = fopen("x", "w");
  fprintf(f, "%d %s %g\n", data[1999], "text", 0.5);
  fclose(f);
  char b[100];
  f = fopen("x", "r");
  CHECK(fgets(b, 100, f));
  fputs(b, stdout);
  return 0;
}
