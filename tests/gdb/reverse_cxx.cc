// C++: who freed it? An object is used after its destruction; and a vector that was grown while somebody held a pointer into it.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

struct node {
  std::string name;
  long value;
  node *next;
  node(const char *n, long v) : name(n), value(v), next(nullptr) {}
  ~node() { value = -1; }                                 // the destruction
};

struct registry {
  std::vector<node *> all;
  node *find(const std::string &name) {
    for (node *n : all)
      if (n->name == name) return n;
    return nullptr;
  }
  void forget(long limit) {
    for (node *n : all)
      if (n->value > limit) delete n;                     // who freed it
  }
};

int main() {
  registry r;
  for (long i = 0; i < 20; i++) r.all.push_back(new node(("a node with a long name " + std::to_string(i)).c_str(), i * i));
  node *held = r.find("a node with a long name 9");
  long sum = 0;
  for (int round = 0; round < 300; round++) {
    std::vector<int> work;
    for (int i = 0; i < 50; i++) work.push_back(i * round);
    for (int w : work) sum += w;
    if (round == 200) r.forget(80);
  }
  printf("sum %ld\n", sum);
  if (held->value < 0) abort();                           // the symptom
  return 0;
}
