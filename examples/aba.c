// ABA: a lock-free stack whose pop trusts that an unchanged head means an unchanged stack. Between its look at head->next and its
// compare-and-swap others take two nodes and put the first one back.
//
//   cc -g -pthread examples/aba.c -o aba
//   rr record ./aba                    never fails
//   rr record --chaos ./aba            fails within 30 runs
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define NODES 4
#define ROUNDS 300

struct node { struct node *next; atomic_int owned; };
static struct node nodes[NODES];
static _Atomic(struct node *) head;
static atomic_int broken;

__attribute__((noinline)) static struct node *next_of(struct node *n) { return n->next; }

__attribute__((noinline)) static struct node *pop(void) {
  for (;;) {
    struct node *n = head;
    if (!n) return NULL;
    struct node *next = next_of(n); // stale as soon as somebody else pops
    if (atomic_compare_exchange_strong(&head, &n, next)) return n;
  }
}

__attribute__((noinline)) static void push(struct node *n) {
  struct node *old = head;
  do n->next = old;
  while (!atomic_compare_exchange_strong(&head, &old, n));
}

static void take(struct node *n) {
  if (atomic_fetch_add(&n->owned, 1)) broken = 1; // somebody else has it too
}

static void *work(void *arg) {
  (void)arg;
  for (int i = 0; i < ROUNDS && !broken; i++) {
    struct node *a = pop(), *b = pop();
    if (a) take(a);
    if (b) take(b);
    if (a) { a->owned--; push(a); }
    if (b) { b->owned--; push(b); }
  }
  return NULL;
}

int main(void) {
  pthread_t t[3];
  for (int i = 0; i < NODES; i++) push(&nodes[i]);
  for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, work, NULL);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  int left = 0;
  for (struct node *n = head; n && left <= NODES; n = n->next) left++;
  if (broken || left != NODES) {
    printf("the stack is broken: %d of %d nodes are left%s\n", left, NODES, broken ? ", one had two owners" : "");
    return 1;
  }
  puts("all nodes are there");
  return 0;
}
