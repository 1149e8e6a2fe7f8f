// Host threads: what thread.c, carrier.c, signal_host.c and call_process.c share. Record only, but for the first host thread.
//
// The baton is the word `baton` and the pointer `carrier`. Whoever holds it may use everything of the engine; others may touch only their
// own struct host_thread, mail boxes (atomically) and the list of finished calls.
#pragma once
#include "engine/base.h"
#include "engine/signal.h"
#include "engine/thread.h"

enum mail {
  MAIL_CARRY = 1,    // you have the baton; current was chosen and is to be loaded
  MAIL_CALL = 2,     // make your guest thread's call
  MAIL_CALL_NOW = 4, // the same; the carrier waits for it
  MAIL_EXIT = 8,     // your guest thread is gone
  MAIL_MASK = 16,    // your captured signal was taken over, or your guest thread's mask changed: set the host mask
  MAIL_SIGNAL = 32,  // your handler has captured a signal
  MAIL_WATCH = 64,   // sleep until `watch` at most
};

struct host_fault { s32 signo; u32 trapno; u64 error, cr2; struct guest_siginfo info; };

struct host_thread {
  u32 tid;                      // host tid
  u32 mail;                     // futex, enum mail
  u32 alive;                    // cleared by the kernel when the thread is gone (CLONE_CHILD_CLEARTID)
  u32 call_done;                // futex: answer to MAIL_CALL_NOW
  struct thread *guest;         // its own guest thread
  struct process *process;
  u32 kick;                     // a signal is there for it: its blocking call is not made
  bool call_waits;              // carrier only: its own guest's call is to be made as soon as the baton is gone
  bool exits;                   // carrier only: its own guest is gone
  u64 host_mask;                // signals that are blocked on this host thread
  u64 want_mask;                // what they should be, for MAIL_MASK
  u64 watch;                    // CLOCK_MONOTONIC ns at which it looks for timeouts; 0: none
  u32 in_kernel;                // carrier only: it makes a call on the guest's behalf
  u32 captured;                 // 1: info is a captured signal and all others are blocked; cleared by who takes it over
  u32 captured_sync;            // bit of SYNC_SLOTS: sync_info is one that was sent, of those that are never blocked (faults of ours need them)
  struct guest_siginfo info, sync_info[6];
  struct host_fault fault;
  struct host_thread *next;     // all, and the list of free ones
  struct host_thread *done_next;
};

extern struct host_thread *carrier;      // holds the baton
extern struct host_thread *all_hosts;
extern struct host_thread first_host;
extern u64 next_deadline;                // earliest CLOCK_MONOTONIC deadline of a wait in the engine (~0: none)

#define HOST_REGION 0x20000ul            // page 0: struct host_thread; signal stack; engine stack on top
#define HOST_SIGSTACK 0x1000ul
#define HOST_SIGSTACK_SIZE 0x8000ul
#define HOST_STACK 0xa000ul
#define KICK_SIGNAL 64
#define KICK_CODE (-0x5252)              // si_code of our own signal
#define SIGBIT(n) (1ul << ((n) - 1))
#define SIG_UNBLOCKABLE (SIGBIT(9) | SIGBIT(19))
static inline u32 sync_slot(u32 signo) { return signo == 31 ? 0 : signo == 4 ? 1 : signo == 5 ? 2 : signo == 7 ? 3 : signo == 8 ? 4 : 5; }
#define SIG_SYNC (SIGBIT(4) | SIGBIT(5) | SIGBIT(7) | SIGBIT(8) | SIGBIT(11) | SIGBIT(31)) // ILL TRAP BUS FPE SEGV SYS

void carrier_init(void);
void carrier_block(void);                 // record's part of sched_block
struct thread *carrier_next(void);        // finished calls, captured signals and timeouts are looked at; next runnable or NULL
s64 host_clone(u64 flags, struct host_thread *h, u32 *parent_tid, s32 *pidfd, void (*entry)(struct host_thread *)); // raw clone on h's stack
struct host_thread *host_new(void);
void host_free(struct host_thread *h);
void host_thread_main(struct host_thread *h) NORETURN;
void host_vfork_main(struct host_thread *h) NORETURN;
void host_post(struct host_thread *h, u32 mail);
void host_exit(struct host_thread *h, u32 status) NORETURN;
bool carrier_lost(const struct host_thread *h); // h, a carrier in a process that was killed, stood where its guest's state is known: the baton is ours
void carrier_after_fork(void);            // child: only the carrier is left
void carrier_kick(struct thread *t);      // a signal for t, which is in a call on its own host thread
void carrier_signal_stack(struct host_thread *h);
struct host_thread *host_of_stack(u64 sp); // signal handler: whose signal stack is this? NULL: not ours
u64 clock_now(int clock);

// thread.c
struct thread *run_pop(const struct process *p); // the first runnable thread of p
bool run_empty(void);
void run_remove(struct thread *t);
void switch_choose(struct thread *t, u8 flags);  // logs the switch, saves current's state, makes t current (not loaded yet)
void switch_enter(void);                  // loads current; finishes the call it was in; delivers signals
void switch_save(void);                   // current's state goes to its object (the baton may change hands)

// futex.c
void futex_cancel(struct thread *t);      // t leaves its futex queue
void futex_thread_exit(struct thread *t); // robust list, clear_child_tid, PI
void futex_process_exit(struct process *p); // before RR_EV_EXIT: the same for mutexes in memory that others share
void futex_after_fork(void);
void futex_interrupt(struct thread *t);   // a signal: it runs again, and leaves its queue when it does
void timeout_set(struct thread *t, u64 deadline, u8 clock);
void timeouts_expire(void);               // record: threads whose deadline has passed become runnable
s64 timeout_read(u64 guest, u64 *ns);     // a struct timespec

// signal.c, signal_host.c
bool timer_thread(u32 id, u32 *tid);       // call_time.c: a timer whose signal is for one thread
void timers_after_fork(void);
void signal_take(void);                   // captured signals go to the pending sets; threads they concern are woken
bool signal_due_for(struct thread *t);
void signal_wake(struct thread *t);        // a signal for it: its call or wait ends
void signal_host_mask(struct host_thread *h, u64 mask); // called on that host thread
u64 signal_mirror(u64 guest_mask);        // the part of a guest's mask that the host must have at once
void signal_post(struct process *p, struct thread *t, const struct guest_siginfo *info); // t: thread-directed
void signal_after_fork(void);
void signal_process_copy(struct process *p, const struct process *from); // a vfork child's dispositions
void signal_flush(struct process *p, u32 signo); // the disposition is now to ignore it
bool signal_dequeue(struct thread *t, u64 set, struct guest_siginfo *info);
void sigtimedwait_finish(struct thread *t); // call_signal.c
void signal_give_back(struct process *p, u64 set);
void signal_process_free(struct process *p);
void signal_thread_free(struct thread *t);
void signal_mask_set(struct thread *t, u64 mask);
void signal_host_action(u32 signo);       // current process's disposition is mirrored to the host
void process_vfork_end(void);             // replay: current, a vfork child, is gone: its parent goes on
bool signal_ignored(const struct process *p, u32 signo);
