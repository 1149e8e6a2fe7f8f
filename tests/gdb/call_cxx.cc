#include <iostream>
#include <map>
#include <string>
#include <vector>
struct shape { virtual ~shape() {} virtual std::string name() const { return "shape"; } double w = 1.5; };
struct circle : shape { std::string name() const override { return "circle of some length, beyond the small buffer"; } };
template <typename T> T twice(T x) { return x + x; }
static int grow(std::vector<int> &v) { v.push_back(4); return (int)v.size(); }
static void stop_here() {}
int main(int argc, char **) {
  std::vector<int> v{1, 2, 3};
  std::map<std::string, int> m{{"a", 1}, {"b", 2}};
  std::string s = "hello";
  shape *p = new circle;
  std::cout << s << twice(2) << twice(std::string("x")) << p->name() << std::endl;
  stop_here();
  if (argc > 5) return grow(v);
  return (int)v.size() + m["a"] - 4;
}
