// gen: deterministic test data.
//   gen text BYTES FILE        prose-like text, skewed word frequencies
//   gen tree DIR N BIGBYTES    N small files in nested folders and one big file
//   gen csrc DIR N             N C files, a header, a main and a Makefile
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t s = 0x9e3779b97f4a7c15ull;
static uint32_t rnd(void) {
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return (uint32_t)(s >> 16);
}

static FILE *mk(const char *p) {
  FILE *f = fopen(p, "w");
  if (!f) {
    perror(p);
    exit(1);
  }
  return f;
}

static void text(FILE *f, long n) {
  enum { W = 6000 };
  static char w[W][14];
  for (int i = 0; i < W; i++) {
    int l = 2 + rnd() % 10;
    for (int k = 0; k < l; k++) w[i][k] = 'a' + rnd() % 26;
    w[i][l] = 0;
  }
  long done = 0;
  int col = 0;
  while (done < n) {
    // multiply three uniforms: common words come up far more often
    double u = (rnd() % 10000) / 10000.0 * ((rnd() % 10000) / 10000.0) * ((rnd() % 10000) / 10000.0);
    const char *x = w[(int)(u * W)];
    int l = fprintf(f, "%s%c", x, col > 70 ? '\n' : (rnd() % 12 ? ' ' : ','));
    col = col > 70 ? 0 : col + l;
    if (rnd() % 40 == 0) l += fprintf(f, "%u ", rnd());
    done += l;
  }
}

int main(int c, char **v) {
  char p[4096];
  if (c == 4 && !strcmp(v[1], "text")) {
    FILE *f = mk(v[3]);
    text(f, atol(v[2]));
    fclose(f);
    return 0;
  }
  if (c == 5 && !strcmp(v[1], "tree")) {
    mkdir(v[2], 0755);
    int n = atoi(v[3]);
    for (int i = 0; i < n; i++) {
      snprintf(p, sizeof p, "%s/d%02d", v[2], i / 100);
      if (i % 100 == 0) mkdir(p, 0755);
      snprintf(p, sizeof p, "%s/d%02d/f%04d.txt", v[2], i / 100, i);
      FILE *f = mk(p);
      text(f, 200 + rnd() % 8000);
      fclose(f);
    }
    snprintf(p, sizeof p, "%s/big.bin", v[2]);
    FILE *f = mk(p);
    long left = atol(v[4]);
    uint32_t buf[16384];
    while (left > 0) {
      for (int i = 0; i < 16384; i++) buf[i] = rnd();
      size_t k = left > (long)sizeof buf ? sizeof buf : (size_t)left;
      fwrite(buf, 1, k, f);
      left -= (long)k;
    }
    fclose(f);
    return 0;
  }
  if (c == 4 && !strcmp(v[1], "csrc")) {
    mkdir(v[2], 0755);
    int n = atoi(v[3]);
    snprintf(p, sizeof p, "%s/all.h", v[2]);
    FILE *h = mk(p);
    fprintf(h, "#ifndef ALL_H\n#define ALL_H\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <stdint.h>\n");
    for (int i = 0; i < n; i++) fprintf(h, "int64_t part%02d(int64_t x, const char *t);\n", i);
    fprintf(h, "#endif\n");
    fclose(h);
    for (int i = 0; i < n; i++) {
      snprintf(p, sizeof p, "%s/part%02d.c", v[2], i);
      FILE *f = mk(p);
      fprintf(f, "#include \"all.h\"\nstruct node { int64_t k; struct node *l, *r; };\n");
      int fn = 3 + (int)(rnd() % 2);
      for (int k = 0; k < fn; k++) {
        fprintf(f, "static int64_t f%d(int64_t a, int64_t b, const char *t) {\n  int64_t s = %u; struct node q[8];\n  memset(q, 0, sizeof q);\n", k,
            rnd() % 1000);
        fprintf(f, "  for (int i = 0; i < 8; i++) { q[i].k = a * %u + i; if (i) { if (q[i].k & 1) q[i / 2].l = &q[i]; else q[i / 2].r = &q[i]; } }\n",
            rnd() % 97 + 1);
        for (int m = 0; m < 6; m++)
          fprintf(f,
              "  switch ((a + s + %d) & 7) { case 0: s += b * %u; break; case 1: s ^= a >> %u; break; case 2: s -= (int64_t)strlen(t); break; case "
              "3: if (q[%d].l) s += q[%d].l->k; break; case 5: s = s * 31 + %u; break; default: s += q[%d].k; }\n",
              m, rnd() % 100, rnd() % 7, m, m, rnd() % 1000, m % 8);
        if (k) fprintf(f, "  if (s %% 3 == 0) s += f%d(b, a & 15, t);\n", k - 1);
        fprintf(f, "  return s;\n}\n");
      }
      fprintf(f, "int64_t part%02d(int64_t x, const char *t) {\n  int64_t s = 0;\n", i);
      for (int k = 0; k < fn; k++) fprintf(f, "  s += f%d(x, s & 255, t);\n", k);
      fprintf(f, "  return s;\n}\n");
      fclose(f);
    }
    snprintf(p, sizeof p, "%s/main.c", v[2]);
    FILE *f = mk(p);
    fprintf(f, "#include \"all.h\"\nint main(void) {\n  int64_t s = 0;\n");
    for (int i = 0; i < n; i++) fprintf(f, "  s += part%02d(%d, \"abc\");\n", i, i);
    fprintf(f, "  printf(\"%%lld\\n\", (long long)s);\n  return 0;\n}\n");
    fclose(f);
    snprintf(p, sizeof p, "%s/Makefile", v[2]);
    f = mk(p);
    fprintf(f, "CC = gcc\nCFLAGS = -O1\nO = $(patsubst %%.c,%%.o,$(sort $(wildcard *.c)))\nprog: $(O)\n\t$(CC) -o $@ $(O)\n$(O): all.h\nclean:\n\trm "
               "-f prog *.o\n");
    fclose(f);
    return 0;
  }
  fprintf(stderr, "gen text|tree|csrc ...\n");
  return 2;
}
