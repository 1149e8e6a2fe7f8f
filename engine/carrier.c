// Host threads and the baton: who carries guest threads, who makes their blocking calls, who sleeps.
//
// The baton is free only while no guest thread can run. Whoever makes one runnable from outside (a finished call, a captured signal, a
// timeout) first publishes that and then tries to take the baton; whoever drops it first stores 0 and then looks again: one of
// the two sees the other. A parked host thread sleeps on its mail word, which its own signal handler sets too, so no wake-up is lost.
#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/time.h>
#include "engine/carrier.h"
#include "engine/calls.h"
#include "engine/log.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/sys.h"

#define NOT_MADE (-512)          // guest_call was stopped before the kernel saw the call (syscall_entry.S)
#define IDLE_NS 1000000000ul     // the longest sleep of an idle carrier
#define IDLE_ROUNDS 10u          // of IDLE_NS, before a wait counts as a deadlock
#define SLAB 16                  // host thread regions that are made at a time

struct host_thread *carrier, *all_hosts, first_host;
static u8 first_sigstack[HOST_SIGSTACK_SIZE] __attribute__((aligned(64)));
static u32 baton;
static struct host_thread *done_list; // finished calls (lock-free push, taken whole by the carrier)
static struct host_thread *free_hosts, *watcher;

u64 clock_now(int clock) {
  s64 ts[2] = { 0, 0 };
  if (!host_clock_gettime || host_clock_gettime(clock, ts) != 0) sys(__NR_clock_gettime, clock, ts);
  return (u64)ts[0] * 1000000000ul + (u64)ts[1];
}

// ---- host threads ----

void carrier_signal_stack(struct host_thread *h) {
  struct { void *sp; u64 flags, size; } ss = { h == &first_host ? first_sigstack : (u8 *)h + HOST_SIGSTACK, 0, HOST_SIGSTACK_SIZE };
  sys(__NR_sigaltstack, &ss, 0);
}

struct host_thread *host_of_stack(u64 sp) {
  if (sp - (u64)first_sigstack < sizeof first_sigstack) return &first_host;
  if (sp < RR_HEAP || sp >= RR_HEAP_END) return NULL;
  return (struct host_thread *)(sp & ~(HOST_REGION - 1));
}

void carrier_init(void) {
  first_host.tid = current->tid;
  first_host.alive = 1;
  first_host.guest = current;
  first_host.process = current->process;
  current->host = carrier = all_hosts = &first_host;
  next_deadline = ~0ul;
  baton = 1;
}

struct host_thread *host_new(void) {
  struct host_thread **at = &free_hosts, *h;
  while (*at && __atomic_load_n(&(*at)->alive, __ATOMIC_ACQUIRE)) at = &(*at)->next;
  if (!*at) {
    u64 p = ALIGN_UP((u64)heap_pages((SLAB + 1) * HOST_REGION), HOST_REGION);
    for (int i = 0; i < SLAB; i++, p += HOST_REGION) {
      h = (struct host_thread *)p;
      sys(__NR_mprotect, p + HOST_SIGSTACK + HOST_SIGSTACK_SIZE, RR_PAGE, PROT_NONE); // below the engine stack
      h->next = free_hosts;
      free_hosts = h;
    }
    at = &free_hosts;
  }
  h = *at;
  *at = h->next;
  memset(h, 0, sizeof *h);
  h->alive = 1;
  h->next = all_hosts;
  all_hosts = h;
  return h;
}

// The thread itself may still run on its stack until the kernel clears h->alive.
void host_free(struct host_thread *h) {
  for (struct host_thread **at = &all_hosts; *at; at = &(*at)->next)
    if (*at == h) { *at = h->next; break; }
  h->guest = NULL;
  if (watcher == h) watcher = NULL;
  if (h == &first_host) return;
  h->next = free_hosts;
  free_hosts = h;
}

// Raw clone: the new host thread runs entry(h) on h's stack.
s64 host_clone(u64 flags, struct host_thread *h, u32 *parent_tid, s32 *pidfd, void (*entry)(struct host_thread *)) {
  u64 *top = (u64 *)((u8 *)h + HOST_REGION) - 2;
  top[0] = (u64)h;
  top[1] = (u64)entry;
  s64 r;
  register u64 child_tid __asm__("r10") = (u64)&h->alive;
  register u64 tls __asm__("r8") = 0;
  __asm__ volatile(
    "syscall\n"
    "test %%rax, %%rax\n"
    "jnz 1f\n"
    "xorl %%ebp, %%ebp\n"
    "pop %%rdi\n"
    "pop %%rax\n"
    "call *%%rax\n"
    "ud2\n"
    "1:\n"
    : "=a"(r) : "0"(__NR_clone), "D"(flags), "S"(top), "d"(flags & CLONE_PIDFD ? (void *)pidfd : (void *)parent_tid), "r"(child_tid), "r"(tls)
    : "rcx", "r11", "memory");
  return r;
}

void host_post(struct host_thread *h, u32 mail) {
  __atomic_fetch_or(&h->mail, mail, __ATOMIC_SEQ_CST);
  sys(__NR_futex, &h->mail, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

void host_exit(struct host_thread *h, u32 status) {
  (void)h;
  for (;;) sys(__NR_exit, status);
}

// ---- the baton ----

static bool try_take(struct host_thread *me) {
  u32 free = 0;
  if (!__atomic_compare_exchange_n(&baton, &free, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return false;
  carrier = me;
  return true;
}

// False: something came in meanwhile, and the baton is ours again.
static bool drop(struct host_thread *me) {
  carrier = NULL;
  __atomic_store_n(&baton, 0, __ATOMIC_SEQ_CST);
  return !((__atomic_load_n(&done_list, __ATOMIC_SEQ_CST) || signal_captured) && try_take(me));
}

bool carrier_lost(const struct host_thread *h) {
  if (h->in_kernel) return true;
  u32 free = 0;
  return __atomic_compare_exchange_n(&baton, &free, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void hand_over(struct host_thread *to) {
  carrier = to;
  host_post(to, MAIL_CARRY);
}

static u32 take_mail(struct host_thread *me, u32 which) { return __atomic_fetch_and(&me->mail, ~which, __ATOMIC_SEQ_CST) & which; }

// The guest's call, by its own host thread, without the baton. Nothing of the engine may be touched here.
static void make_call(struct host_thread *me) {
  struct call *c = &me->guest->call;
  c->result = guest_call(c->host_nr, c->host_args, &me->kick);
}

static void push_done(struct host_thread *me) {
  me->done_next = __atomic_load_n(&done_list, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&done_list, &me->done_next, me, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) ;
}

static void sleep_on_mail(struct host_thread *me) {
  s64 ts[2], *timeout = NULL;
  if (me->watch) {
    u64 now = clock_now(CLOCK_MONOTONIC), ns = me->watch > now ? me->watch - now : 0;
    ts[0] = (s64)(ns / 1000000000ul);
    ts[1] = (s64)(ns % 1000000000ul);
    timeout = ts;
  }
  sys(__NR_futex, &me->mail, FUTEX_WAIT_PRIVATE, 0, timeout, 0, 0);
}

// Parks this host thread until it is the carrier. True: it was given the baton, with current chosen; false: it took it.
static bool wait_baton(struct host_thread *me) {
  for (;;) {
    u32 m = take_mail(me, ~0u);
    if (m & MAIL_EXIT) host_exit(me, 0);
    if (m & MAIL_MASK && !me->captured) signal_host_mask(me, me->want_mask);
    if (m & MAIL_CALL_NOW) {
      struct call *c = &me->guest->call;
      static const u32 never = 0;
      do c->result = guest_call(c->host_nr, c->host_args, (u32 *)&never);
      while (c->result == NOT_MADE);
      __atomic_store_n(&me->call_done, 1, __ATOMIC_RELEASE);
      sys(__NR_futex, &me->call_done, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
    if (m & MAIL_CALL) {
      make_call(me);
      push_done(me);
      m |= MAIL_SIGNAL;
    }
    if (m & MAIL_CARRY) { me->watch = 0; return true; }
    bool late = me->watch && clock_now(CLOCK_MONOTONIC) >= me->watch;
    if (late || m & MAIL_SIGNAL) {
      if (late) { me->watch = 0; if (watcher == me) watcher = NULL; }
      if (try_take(me)) { me->watch = 0; return false; }
    }
    if (!m) sleep_on_mail(me);
  }
}

void host_thread_main(struct host_thread *h) {
  carrier_signal_stack(h);
  signal_host_mask(h, h->want_mask); // (its guest may have ended already)
  if (wait_baton(h)) switch_enter();
  else carrier_block();
  run_loop();
}

// ---- what the carrier does ----

static void take_done(void) {
  struct host_thread *list = __atomic_exchange_n(&done_list, NULL, __ATOMIC_SEQ_CST), *in_order = NULL, *h;
  for (; (h = list); h->done_next = in_order, in_order = h) list = h->done_next;
  for (h = in_order; h; h = h->done_next) {
    struct call *c = &h->guest->call;
    if (!h->captured && !h->captured_sync) h->kick = 0;
    c->interrupted = c->result == NOT_MADE || (c->result == -EINTR && c->row->flags & CALL_BLOCKS);
    thread_ready(h->guest);
  }
}

struct thread *carrier_next(void) {
  if (__atomic_load_n(&done_list, __ATOMIC_SEQ_CST)) take_done();
  if (signal_captured) signal_take();
  if (next_deadline != ~0ul) timeouts_expire();
  return run_pop(current->process);
}

// Somebody must wake up at next_deadline while this host thread sits in a call or is gone.
static void leave_watcher(struct host_thread *me) {
  if (next_deadline == ~0ul || (watcher && watcher->watch <= next_deadline)) return;
  for (struct thread *t = all_threads; t; t = t->next)
    if (t->deadline && t->host != me && (t->state == T_FUTEX || t->state == T_WAIT)) {
      watcher = t->host;
      __atomic_store_n(&watcher->watch, next_deadline, __ATOMIC_SEQ_CST);
      host_post(watcher, MAIL_WATCH);
      return;
    }
}

// current cannot go on. Returns when this host thread carries again, current loaded.
void carrier_block(void) {
  for (;;) {
    struct host_thread *me = carrier;
    if (signal_captured) signal_take();
    if (unlikely(tracee_asked)) tracee_serve(RR_EVF_AT_SYSCALL);
    struct thread *t = carrier_next();
    if (unlikely(tracee_asked && !t)) continue;
    if (unlikely(current->state == T_STOPPED && current->process->vfork_child && !t)) { // its parent sleeps: the baton stays here
      me->watch = clock_now(CLOCK_MONOTONIC) + IDLE_NS;
      take_mail(me, ~0u);
      if (!signal_captured) sleep_on_mail(me);
      me->watch = 0;
      tracee_idle();
      continue;
    }
    bool leaves = me->call_waits || me->exits;
    if (t) {
      switch_choose(t, RR_EVF_AT_SYSCALL);
      if (!leaves || t->host == me) { switch_enter(); return; }
      switch_save();
      if (me->exits) { u32 status = me->call_done; hand_over(t->host); host_exit(me, status); }
      me->call_waits = false;
      hand_over(t->host);
    } else {
      if (thread_count > 1) switch_save();
      if (unlikely(session->tracees)) tracee_idle();
      // A process that shares its parent's memory waits for a thread that does not run before it is gone (docs/quirks.md).
      static u32 idle;
      if (current->state != T_FUTEX || !current->process->vfork_child) idle = 0;
      else if (++idle > IDLE_ROUNDS) stop(STOP_REFUSED, "process %u shares its parent's memory, and waits for a thread of the parent: this can't be recorded yet", current->process->pid);
      if (leaves) leave_watcher(me);
      else {
        u64 limit = clock_now(CLOCK_MONOTONIC) + IDLE_NS;
        me->watch = next_deadline < limit ? next_deadline : limit;
        if (__atomic_load_n(&session->abort, __ATOMIC_RELAXED)) sys(__NR_exit_group, 1);
      }
      bool call = me->call_waits, exits = me->exits;
      u32 status = me->call_done;
      me->call_waits = false;
      if (!drop(me)) { me->call_waits = call; continue; }
      if (exits) host_exit(me, status);
      leaves = call;
    }
    if (leaves) {
      make_call(me);
      push_done(me);
      if (try_take(me)) {
        if (take_mail(me, MAIL_MASK) && !me->captured) signal_host_mask(me, me->want_mask);
        continue;
      }
    }
    if (wait_baton(me)) { switch_enter(); return; }
  }
}

bool carrier_own(void) {
  struct host_thread *me = carrier;
  if (replaying || current->host == me) return true;
  switch_save();
  hand_over(current->host);
  if (wait_baton(me)) switch_enter();
  else carrier_block();
  return false;
}

void carrier_kick(struct thread *t) {
  struct guest_siginfo info = { .signo = KICK_SIGNAL, .code = KICK_CODE };
  t->host->kick = 1;
  sys(__NR_rt_tgsigqueueinfo, t->process->pid, t->host->tid, KICK_SIGNAL, &info);
}

// Child of a fork: this host thread is the only one of the new process.
void carrier_after_fork(void) {
  struct host_thread *me = carrier, *h;
  while ((h = all_hosts)) {
    all_hosts = h->next;
    if (h == me) continue;
    h->alive = 0;
    host_free(h);
  }
  me->next = NULL;
  all_hosts = me;
  me->tid = current->tid;
  me->guest = current;
  me->process = current->process;
  me->mail = me->kick = me->captured = me->captured_sync = 0;
  me->call_waits = me->exits = false;
  done_list = watcher = NULL;
  next_deadline = ~0ul;
}

// ---- calls ----

// May nobody else run while this call waits?
static bool alone(void) { return thread_count == 1 || current->process->vfork_child; }

static enum call_status carrier_direct(struct call *c) {
  call_prepare_outs(c);
  if (unlikely(c->redirect_all)) call_redirect_all(c);
  c->result = call_host(c);
  return CALL_DONE;
}

// By current's own host thread, while this one waits for it.
static void call_there(struct call *c) {
  struct host_thread *h = current->host;
  h->call_done = 0;
  (void)c;
  host_post(h, MAIL_CALL_NOW);
  while (!__atomic_load_n(&h->call_done, __ATOMIC_ACQUIRE)) sys(__NR_futex, &h->call_done, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

enum call_status carrier_call(struct call *c) {
  u32 flags = c->row->flags;
  if (flags & CALL_THREAD && current->host != carrier) {
    call_prepare_outs(c);
    if (unlikely(c->redirect_all)) call_redirect_all(c);
    call_there(c);
    return CALL_DONE;
  }
  if (!(flags & CALL_BLOCKS) || alone() || call_ready(c) || !call_redirect(c)) return carrier_direct(c);
  if (!c->entered) { // once, however often it goes back in
    struct rr_ev_syscall *e = log_begin(RR_EV_ENTER, (u16)c->nr, sizeof *e);
    e->result = 0;
    memcpy(e->args, c->args, sizeof e->args);
    log_end(0);
  }
  c->entered = true;
  current->state = T_CALL;
  if (current->host == carrier) carrier->call_waits = true;
  else host_post(current->host, MAIL_CALL);
  return CALL_BLOCKED;
}

bool threads_before_exec(void) { return carrier_own(); }
