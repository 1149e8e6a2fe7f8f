// How many pages the kernel's [vvar] mappings and [vdso] have: the engine moves them and can't ask (it may have no /proc).
// They are the same in every process of a kernel.
#include "host/vdso_layout.h"
#include <stdio.h>
#include <string.h>

void vdso_layout(uint32_t pages[4]) {
  char line[512];
  unsigned n = 0;
  unsigned long start, end, last_end = 0;
  FILE *f = fopen("/proc/self/maps", "re");
  memset(pages, 0, 4 * sizeof *pages);
  if (!f) return;
  while (fgets(line, sizeof line, f)) {
    bool vdso = strstr(line, "[vdso]"), vvar = strstr(line, "[vvar");
    if ((!vdso && !vvar) || sscanf(line, "%lx-%lx", &start, &end) != 2) continue;
    if (n == 4 || (last_end && start != last_end)) { n = 0; break; } // not what we know: the engine leaves them alone
    last_end = end;
    pages[n++] = (uint32_t)((end - start) / 4096);
    if (vdso) { fclose(f); return; }
  }
  fclose(f);
  memset(pages, 0, 4 * sizeof *pages);
}
