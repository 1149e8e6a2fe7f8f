// C++: exceptions through many frames, from signal frames and threads, static constructors, thread_local, standard containers.
// rr-test: cflags=-std=c++17
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <atomic>
#include <mutex>
#include <condition_variable>
#include <future>
#include <cstdio>
#include <csignal>
struct Noisy {
  Noisy() { std::puts("constructed"); }
  ~Noisy() { std::puts("destroyed"); }
} global;
static int depth(int n) {
  std::string s(static_cast<size_t>(n % 7 + 1), 'x');
  if (n == 0) throw std::runtime_error("bottom");
  return depth(n - 1) + static_cast<int>(s.size());
}
static void thrower(int) { throw 42; }
thread_local std::vector<int> tl;
int main() {
  int caught = 0;
  for (int i = 0; i < 200; i++) try {
      depth(i);
    } catch (const std::exception &e) { caught += e.what()[0] == 'b'; }
  std::printf("%d\n", caught);
  std::signal(SIGSEGV, thrower);
  std::map<std::string, int> m;
  for (int i = 0; i < 5000; i++) m["key" + std::to_string(i * 7919 % 1009)] += i;
  long s = 0;
  for (auto &p : m) s += p.second * static_cast<long>(p.first.size());
  std::printf("%ld\n", s);
  std::vector<std::thread> t;
  std::atomic<long> sum{ 0 };
  for (int i = 0; i < 4; i++)
    t.emplace_back([&, i] {
      for (int k = 0; k < 1000; k++) tl.push_back(k * i);
      try {
        depth(30 + i);
      } catch (...) { sum += static_cast<long>(tl.size()); }
    });
  for (auto &x : t) x.join();
  std::printf("%ld\n", sum.load());
  auto f = std::async(std::launch::async, [] { return 6 * 7; });
  std::printf("%d\n", f.get());
  std::mutex mu;
  std::condition_variable cv;
  bool go = false;
  std::thread w([&] {
    std::unique_lock<std::mutex> l(mu);
    cv.wait(l, [&] { return go; });
  });
  {
    std::lock_guard<std::mutex> l(mu);
    go = true;
  }
  cv.notify_one();
  w.join();
  return 0;
}
