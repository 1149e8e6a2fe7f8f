// Children that are killed at about the time of their exec: before it, within it, before the first instruction of the new program.
#include <sys/wait.h>
#include "guest/t.h"
int main(void) {
  for (int i = 0; i < 60; i++) {
    pid_t c = i % 2 ? fork() : vfork();
    if (!c) {
      execl("/bin/sleep", "sleep", "10", (char *)NULL);
      _exit(127);
    }
    CHECK(c > 0);
    usleep((useconds_t)(i / 2 * 25));
    CHECK_EQ(kill(c, SIGKILL), 0);
    int status;
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
  puts("killed");
  return 0;
}
