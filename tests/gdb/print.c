#include <stdio.h>
struct item { int number; const char *name; char text[8]; };
static void visit(struct item *i, long big) { i->number += (int)(big & 1); }
static void spin(int i) { __asm__ volatile("" : : "r"(i)); }
int main(void) {
  static struct item items[] = { { 1, "one", "a" }, { -2, "two", "bc" }, { 3, "three", "def" } };
  for (int i = 0; i < 3; i++) visit(&items[i], (i - 1) * 5000000000L);
  for (int i = 0; i < 1000000; i++) spin(i);
  printf("%d\n", items[1].number);
  return 0;
}
