// Much output through stdout and stderr by write, writev, pwrite-like and sendfile, in small and large pieces.
#include "guest/t.h"
#include <sys/uio.h>
#include <sys/sendfile.h>
int main(void) {
  for (int i = 0; i < 3000; i++) {
    printf("line %d of the output, padded with some text so that it is longer\n", i);
    if (i % 100 == 0) {
      fflush(stdout);
      fprintf(stderr, "error line %d\n", i);
    }
  }
  fflush(stdout);
  static char big[1200000];
  memset(big, 'b', sizeof big);
  for (size_t i = 79; i < sizeof big; i += 80) big[i] = '\n';
  CHECK_EQ(write(1, big, sizeof big), sizeof big);
  struct iovec v[3] = { { "vec ", 4 }, { "tor", 3 }, { "ed\n", 3 } };
  CHECK_EQ(writev(1, v, 3), 10);
  int d = dup(1);
  CHECK_EQ(write(d, "by a duplicate\n", 15), 15);
  t_write_file("f", "from a file by sendfile\n", 24);
  int fd = open("f", O_RDONLY);
  CHECK_EQ(sendfile(1, fd, NULL, 100), 24);
  int o = open("/proc/self/fd/1", O_WRONLY | O_APPEND);
  if (o >= 0) CHECK_EQ(write(o, "reopened\n", 9), 9);
  CHECK_EQ(lseek(1, 0, SEEK_END) > 0, 1);
  dprintf(1, "end\n");
  return 0;
}
