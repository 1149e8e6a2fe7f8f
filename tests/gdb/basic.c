// Calls, a loop, a structure, memory: what most sessions look at.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node { int value; struct node *next; char name[16]; };
static int total;

static int square(int x) {
  int result = x * x;
  return result;
}

static void add(struct node **list, int value) {
  struct node *n = malloc(sizeof *n);
  n->value = square(value);
  snprintf(n->name, sizeof n->name, "node %d", value);
  n->next = *list;
  *list = n;
  total += n->value;
}

static int recurse(int depth) {
  if (depth == 0) return total;
  return recurse(depth - 1) + 1;
}

int main(void) {
  struct node *list = NULL;
  for (int i = 1; i <= 20; i++) add(&list, i);
  int r = recurse(5);
  printf("total %d, recursion %d, first %s\n", total, r, list->name);
  return r == total + 5 ? 0 : 1;
}
