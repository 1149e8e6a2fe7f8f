// System V and POSIX message queues and semaphores within and between processes (no shared memory).
// rr-test: cflags=-lrt
#include "guest/t.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
int main(void) {
  int q = msgget(IPC_PRIVATE, 0600);
  CHECK(q >= 0);
  struct {
    long type;
    char text[32];
  } m = { 5, "message" }, r;
  CHECK_EQ(msgsnd(q, &m, 8, 0), 0);
  m.type = 9;
  CHECK_EQ(msgsnd(q, &m, 4, 0), 0);
  CHECK_EQ(msgrcv(q, &r, 32, 9, 0), 4);
  CHECK_EQ(msgrcv(q, &r, 32, 0, 0), 8);
  CHECK(r.type == 5 && !strcmp(r.text, "message"));
  CHECK_ERR(msgrcv(q, &r, 32, 0, IPC_NOWAIT), ENOMSG);
  pid_t c = fork();
  if (c == 0) {
    usleep(10000);
    CHECK_EQ(msgsnd(q, &m, 2, 0), 0);
    _exit(0);
  }
  CHECK_EQ(msgrcv(q, &r, 32, 0, 0), 2);
  CHECK_EQ(t_wait(c), 0);
  struct msqid_ds ds;
  CHECK_EQ(msgctl(q, IPC_STAT, &ds), 0);
  CHECK_EQ(ds.msg_lspid, c);
  CHECK_EQ(msgctl(q, IPC_RMID, NULL), 0);
  int s = semget(IPC_PRIVATE, 2, 0600);
  CHECK(s >= 0);
  struct sembuf up = { 0, 3, 0 }, down = { 0, -2, 0 }, zero = { 0, 0, IPC_NOWAIT };
  CHECK_EQ(semop(s, &up, 1), 0);
  CHECK_EQ(semop(s, &down, 1), 0);
  CHECK_EQ(semctl(s, 0, GETVAL), 1);
  CHECK_ERR(semop(s, &zero, 1), EAGAIN);
  unsigned short all[2] = { 7, 8 };
  CHECK_EQ(semctl(s, 0, SETALL, all), 0);
  memset(all, 0, sizeof all);
  CHECK_EQ(semctl(s, 0, GETALL, all), 0);
  CHECK(all[0] == 7 && all[1] == 8);
  CHECK_EQ(semctl(s, 0, IPC_RMID), 0);
  char name[40];
  sprintf(name, "/rrtest%d", getpid());
  struct mq_attr at = { .mq_maxmsg = 4, .mq_msgsize = 64 };
  mqd_t d = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &at);
  if (d != (mqd_t)-1) {
    CHECK_EQ(mq_send(d, "low", 4, 1), 0);
    CHECK_EQ(mq_send(d, "high", 5, 9), 0);
    char b[64];
    unsigned prio;
    CHECK_EQ(mq_receive(d, b, 64, &prio), 5);
    CHECK_EQ(prio, 9);
    CHECK_EQ(mq_getattr(d, &at), 0);
    CHECK_EQ(at.mq_curmsgs, 1);
    CHECK_EQ(mq_close(d), 0);
    CHECK_EQ(mq_unlink(name), 0);
  }
  puts("ok");
  return 0;
}
