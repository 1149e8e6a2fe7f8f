// The handlers that rows of abi/syscalls.def name (see engine/syscall.h for when each kind is called), and the helpers that
// the call_*.c files share.
#pragma once
#include "engine/syscall.h"
#include "engine/log.h"
#include "engine/map.h"
#include "engine/thread.h"

#define START(name) enum call_status name(struct call *c)
#define DONE(name) void name(struct call *c)

// call_file.c
START(call_write); DONE(done_write); START(call_readv); DONE(done_readv); bool redirect_readv(struct call *c);
DONE(done_to_file); DONE(done_truncate); START(call_splice_like); START(call_vmsplice);
void iov_done(struct call *c);               // readv and recvmsg: log what c->iov received
void output_unlock(struct call *c);
bool msg_sendable(u64 msg);                  // call_net.c: its control data names no descriptor of ours
// call_proc.c
START(call_open); START(call_openat2); START(call_readlink); START(call_path0); START(call_path1); DONE(done_getdents);
bool proc_recorded(u32 pid);                  // another process of this recording
const char *proc_alias(const char *path);    // the guest's executable for /proc/self/exe and the like
// call_procmem.c, record
void procmem_opened(s64 fd);                 // /proc/self/mem, for writing
void procmem_duplicated(s64 from, s64 to);
bool procmem_is(int fd);
START(procmem_write);
// call_aio.c
START(call_io_setup); DONE(replay_io_setup); START(call_io_destroy); DONE(replay_io_destroy); START(call_io_submit); START(call_io_cancel);
START(call_io_getevents); DONE(done_io_getevents);
// call_fd.c
START(call_close); START(call_dup); START(call_dup2); START(call_close_range); START(call_fcntl); DONE(done_fcntl); bool redirect_fcntl(struct call *c);
START(call_pidfd_getfd);
// call_ioctl.c
START(call_ioctl); DONE(done_ioctl); bool redirect_ioctl(struct call *c);
// call_net.c
START(call_recvmsg); DONE(done_recvmsg); bool redirect_recvmsg(struct call *c); START(call_recvmmsg); DONE(done_recvmmsg);
START(call_sendmmsg); DONE(done_sendmmsg); START(call_setsockopt); START(call_getsockopt); bool redirect_never(struct call *c);
// call_poll.c
START(call_poll); START(call_ppoll); DONE(done_ppoll); START(call_select); START(call_pselect6); DONE(done_select); bool redirect_select(struct call *c);
START(call_epoll_wait); START(call_epoll_pwait); START(call_epoll_pwait2); 
// call_time.c
START(call_clock_gettime); START(call_gettimeofday); START(call_time); START(call_nanosleep); START(call_clock_nanosleep); DONE(done_nanosleep);
DONE(done_timer_create); DONE(done_timer_delete);
// call_memory.c
START(call_mmap); DONE(replay_mmap); START(call_mprotect); DONE(replay_mprotect); START(call_munmap); DONE(replay_munmap);
START(call_brk); DONE(replay_brk); START(call_mremap); DONE(replay_mremap); START(call_madvise); DONE(replay_madvise);
START(call_shmat); DONE(replay_shmat); START(call_shmdt); DONE(replay_shmdt); START(call_mlockall); DONE(done_mincore); START(call_process_madvise);
void memory_file_written(u64 dev, u64 ino, u64 from, u64 to); // a file changed by a call: log what shared mappings show of it
void memory_file_resized(struct call *c, u64 dev, u64 ino, u64 size);
void memory_file_changed(struct call *c, u64 dev, u64 ino, u64 size, u64 from, u64 to); // both
DONE(replay_file_resized);
extern u32 memory_shared_files;               // mappings for which that matters
// call_shared.c, record
extern u32 shared_regions;
bool shared_watch(u64 start, u64 end);       // readable shared memory; false: too much of it
void shared_poll(void);                      // before a call's event
// shared_files.c
DONE(done_memfd_create);
// call_misc.c
START(call_getpid); START(call_gettid); START(call_personality); START(call_prctl); DONE(done_prctl); DONE(replay_prctl); START(call_arch_prctl);
START(call_setrlimit); START(call_prlimit64); DONE(replay_rlimit); START(call_eperm); START(call_einval); START(call_ptrace); DONE(replay_ptrace); START(call_getrlimit); START(call_getcpu);
START(call_pkey_alloc); START(call_keyctl); DONE(done_keyctl); START(call_process_vm); DONE(done_process_vm);
START(call_restart_syscall); START(call_semtimedop); DONE(done_shmctl); DONE(done_semctl); DONE(done_msgctl); DONE(done_msgrcv); bool redirect_msgrcv(struct call *c);
DONE(done_sysfs); DONE(done_quotactl); DONE(done_get_mempolicy); DONE(done_name_to_handle_at); DONE(done_getxattrat);
// call_filter.c
START(call_seccomp); DONE(replay_seccomp);
enum filter_verdict { FILTER_ALLOW, FILTER_RESULT, FILTER_DONE };   // RESULT: c->result is the call's; DONE: a signal, registers are set
extern u32 filters_active;
enum filter_verdict filter_call(struct call *c);
u32 filter_mode(void);                       // as PR_GET_SECCOMP tells
u64 filter_words(u64 *to, u64 room);         // the filters as words (to NULL: how many), and back
void filter_restore(const u64 *words, u64 n);
// call_limit.c
s32 inherit_save(void);                      // before exec: a descriptor for inherit_start of the new engine, -1: none
void inherit_start(s32 fd);                  // record (fd) and replay, when the program is loaded
#define GUEST_STACK_USED 0x21000ul          // what is said of the stack's size: the kernel's is as large as it was needed
void memory_totals(u64 *total, u64 *private); // bytes that the guest has mapped; of them writable and its own
u32 memory_prot(u32 prot);                  // what the guest's protection comes to: personality READ_IMPLIES_EXEC
DONE(done_uname);
bool limit_allows(u64 more, bool data);      // RLIMIT_AS, and for private writable memory RLIMIT_DATA
// call_process.c, call_signal.c, futex.c, exec.c
START(call_clone); START(call_clone3); START(call_fork); START(call_vfork); START(call_exit); START(call_exit_group); START(call_wait4);
START(call_waitid); START(call_futex); START(call_set_tid_address); START(call_set_robust_list); START(call_get_robust_list);
START(call_rt_sigaction); START(call_rt_sigprocmask); START(call_rt_sigpending); START(call_rt_sigsuspend); START(call_rt_sigreturn);
START(call_rt_sigtimedwait); START(call_rt_sigqueueinfo); START(call_rt_tgsigqueueinfo); START(call_sigaltstack); START(call_kill);
START(call_tkill); START(call_tgkill); START(call_pause); START(call_sched_yield); START(call_signalfd4); START(call_signalfd);
START(call_execve); START(call_execveat);
enum call_status carrier_call(struct call *c);
void signal_swap_mask(const u64 *mask);   // ppoll and friends: until the call is done (or restored by its signal's handler)
void signal_restore_mask(void);
void process_replay_exec(u32 stream);     // replay: an RR_EV_EXEC was taken

// Shared helpers.
enum call_status call_direct(struct call *c);                  // it can't block: made here and now, and finished
u64 call_scratch_reserve(struct call *c, size_t len);         // scratch for `len` bytes and nothing else; 0: too large
static inline enum call_status call_done(struct call *c, s64 result) { c->result = result; return CALL_DONE; }
bool call_mask(struct call *c, u64 *mask);                     // the signal mask that ppoll and kin are given
s64 call_read_iov(struct call *c, u64 iov, u64 n);            // into c->iov; 0, -EFAULT, -EINVAL
void call_log_iov(struct call *c, u64 bytes);                  // log the first `bytes` bytes of what c->iov describes
void call_log_reachable(struct call *c, u64 guest, size_t len);// what of the range is readable: after an EFAULT
void call_log_outs(struct call *c);                            // by row->out[]
void call_prepare_outs(struct call *c);                        // before the host call is made in place
void replay_output(struct call *c, const struct rr_ev_output *o); // call_file.c
void replay_lost_output(u64 order);          // its process was killed before it could log it: the others go on
void fd_name(int fd, char *out, size_t size);                  // what /proc says the descriptor is, for messages
#undef START
#undef DONE
