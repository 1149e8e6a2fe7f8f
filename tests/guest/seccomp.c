// Filters of seccomp: errno, trap, kill, over fork and exec.
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
static void h(int s, siginfo_t *i, void *u){(void)s;(void)u;printf("SIGSYS nr %d errno %d code %d\n",i->si_syscall,i->si_errno,i->si_code);}
int main(int c,char**v){
 if(c>1){ int r=getppid(); printf("child getppid %d %s\n",r<0,r<0?strerror(errno):"-"); return 0;}
 struct sock_filter f[]={BPF_STMT(BPF_LD|BPF_W|BPF_ABS,offsetof(struct seccomp_data,nr)),
 BPF_JUMP(BPF_JMP|BPF_JEQ|BPF_K,SYS_getppid,0,1),BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_ERRNO|EXDEV),
 BPF_JUMP(BPF_JMP|BPF_JEQ|BPF_K,SYS_getpgrp,0,1),BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_TRAP|77),
 BPF_JUMP(BPF_JMP|BPF_JEQ|BPF_K,SYS_sync,0,1),BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_KILL_PROCESS),
 BPF_JUMP(BPF_JMP|BPF_JEQ|BPF_K,SYS_sched_yield,0,1),BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_ERRNO|5),
 BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_ALLOW)};
 struct sock_fprog p={sizeof f/sizeof *f,f};
 struct sigaction a={0}; a.sa_sigaction=h;a.sa_flags=SA_SIGINFO; sigaction(SIGSYS,&a,0);
 prctl(PR_SET_NO_NEW_PRIVS,1,0,0,0); printf("%d\n",prctl(PR_SET_SECCOMP,2,&p));
 int r=syscall(SYS_getppid); printf("%d %d\n",r,errno); r=syscall(SYS_getpgrp); printf("%ld\n",(long)r==SYS_getpgrp); r=sched_yield(); printf("%d %d\n",r,errno);
 fflush(stdout); if(!fork()){signal(SIGSYS,SIG_DFL);sync();_exit(1);} int st; wait(&st); printf("%x\n",st&0x7f); fflush(stdout);
 if(!fork()){execl(v[0],v[0],"x",NULL);} wait(&st); printf("%x mode %d\n",st,prctl(PR_GET_SECCOMP)); return 0;}
