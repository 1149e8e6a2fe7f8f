// fork and exec from any thread.
#include "guest/t.h"
#include <pthread.h>
// fork & exec from threads; exec from non-main thread while main blocked
static void *w(void *p) {
  char *v[] = { (char *)p, "x", 0 };
  execv(v[0], v);
  return 0;
}
static void *fk(void *p) {
  pid_t c = fork();
  if (!c) _exit(gettid() == getpid() ? 11 : 12);
  return (void *)(long)t_wait(c);
}
static void *spin(void *p) {
  for (volatile int i = 0;; i++)
    ;
}
int main(int c, char **v) {
  if (c > 1) {
    CHECK_EQ(gettid(), getpid());
    puts("exec'd");
    return 5;
  }
  pthread_t t;
  void *r;
  for (int i = 0; i < 5; i++) {
    pthread_create(&t, 0, fk, 0);
    pthread_join(t, &r);
    CHECK_EQ(r, 11);
  }
  for (int k = 0; k < 2; k++) {
    pid_t p = fork();
    if (!p) {
      pthread_t x;
      pthread_create(&x, 0, spin, 0);
      pthread_create(&t, 0, w, v[0]);
      if (k)
        for (volatile int i = 0;; i++)
          ;
      else pause();
    }
    CHECK_EQ(t_wait(p), 5);
  }
  pid_t p = fork();
  if (!p) {
    pthread_create(&t, 0, w, v[0]);
    pthread_exit(0);
  }
  CHECK_EQ(t_wait(p), 5);
  puts("ok");
  return 0;
}
