// Loading libraries while running: dlopen by name, dlsym, dlclose, again; libm's indirect functions (IRELATIVE).
// rr-test: cflags="-ldl -lm"
#include "guest/t.h"
#include <dlfcn.h>
#include <link.h>
#include <math.h>
static int count(struct dl_phdr_info *i, size_t n, void *p) {
  (void)n;
  if (i->dlpi_name[0] && strstr(i->dlpi_name, "libz")) ++*(int *)p;
  return 0;
}
int main(void) {
  for (int i = 0; i < 3; i++) {
    void *h = dlopen("libz.so.1", i & 1 ? RTLD_NOW : RTLD_LAZY);
    CHECK(h != NULL);
    unsigned long (*crc)(unsigned long, const unsigned char *, unsigned) =
        (unsigned long (*)(unsigned long, const unsigned char *, unsigned))dlsym(h, "crc32");
    CHECK(crc != NULL);
    CHECK_EQ(crc(0, (const unsigned char *)"123456789", 9), 0xcbf43926);
    int n = 0;
    dl_iterate_phdr(count, &n);
    CHECK_EQ(n, 1);
    CHECK_EQ(dlclose(h), 0);
  }
  CHECK(dlopen("libnothing.so.77", RTLD_NOW) == NULL);
  printf("%s\n", strstr(dlerror(), "libnothing") ? "not found" : "?");
  volatile double x = 0.5;
  printf("%.17g %.17g %.17g\n", sin(x), exp(x), pow(x, 3.3));
  return 0;
}
