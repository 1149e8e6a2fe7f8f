// A daemon outlives the program that was recorded: the recording ends when the last process has.
#include "guest/t.h"
int main(void) {
  pid_t c = fork();
  CHECK(c >= 0);
  if (c == 0) {
    setsid();
    if (fork() == 0) {
      int n = open("/dev/null", O_RDWR);
      dup2(n, 0);
      dup2(n, 1);
      dup2(n, 2);
      usleep(100000);
      int f = open("daemon.done", O_WRONLY | O_CREAT, 0644);
      (void)!write(f, "done\n", 5);
      _exit(0);
    }
    _exit(0);
  }
  CHECK_EQ(t_wait(c), 0);
  puts("parent ends first");
  return 7 - 7;
}
