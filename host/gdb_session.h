// State of the gdb server, shared by its files: gdb_server.c (sockets, the loop), gdb_command.c (packets), gdb_query.c
// (q and Q packets), gdb_run.c (going on and stopping), gdb_file.c (vFile), gdb_monitor.c (commands of ours).
#pragma once
#include "host/gdb_packet.h"
#include "host/gdb_server.h"
#include "host/gdb_target.h"
#include "host/gdb_places.h"
#include "host/timeline.h"

enum divert { DIVERT_NONE, DIVERT_CALL, DIVERT_DONE, DIVERT_LOST }; // gdb_divert.c
enum { CALL_RESULTS = 16, CALL_GLOBALS = 1024 };
enum { GDB_FILES = 64, GDB_FIRST_FILE = 3 };

struct gdb_session {
  struct gdb_conn conn;        // fd -1: no client
  struct target target;
  struct timeline timeline;
  struct places places;
  struct replay_session *replay;
  const struct replay_options *opt;
  struct replay_run run;
  bool have_run;
  uint32_t stream;             // the one that is started
  bool following;              // its forked descendant is wanted: starts before that one's are not told
  uint32_t pid;                // the process, as gdb knows it: a vfork child that shares its memory is a thread of it
  uint32_t pid_stream;         // the stream of which that holds
  // what the client can do (its qSupported)
  bool multiprocess, swbreak, hwbreak, exec_events, fork_events, error_text;
  uint32_t fork_pid, fork_stream; // the child of the fork that was told last, until the client has let one of the two go; 0: none
  bool beside;                 // Hg, Hc named that child: it is not here, and nothing is done to it
  bool own_console;            // the client is a gdb that shares our standard output
  bool extended;               // `!`
  bool arrived;                // by vRun: the next continue, which a client sends without being asked, stops where it is
  bool resumed;                // the client waits for a stop
  bool exited;                 // the end was told; nothing is left but a restart
  bool leaving;                // the client is to be let go
  bool history_begins;         // the stop that is being told is at the begin of the timeline
  bool start_told;             // the first engine has told its start
  uint32_t g_tid, c_tid;       // Hg, Hc; 0: the thread that stopped
  uint32_t exe_file;           // kept file of the program
  uint64_t passed_signals;     // QPassSignals, as a Linux mask
  struct rr_point until;       // where a silent run (to an event) shall stop
  bool silent;                 // a run that the client has not asked for: nothing is told until it is over
  int files[GDB_FILES];        // vFile descriptors; -1: free
  uint64_t tls_modid;          // address of glibc's description of link_map's l_tls_modid; 0: not known
  // functions that gdb calls
  enum divert divert;
  struct target held;          // CALL: the original; DONE: the copy
  int copy_pid;
  uint32_t copy_tid;           // the thread that runs in it
  uint32_t calls;              // that are on the copy's stack
  bool call_announced;         // the client has read the siginfo since the process stood still, as before it calls
  struct rr_dbg_regs before;   // the calling thread's registers
  uint64_t results[CALL_RESULTS]; // what calls have returned
  uint32_t result_count;
  struct { uint64_t start, end; } globals[CALL_GLOBALS]; // images, in the original
  uint32_t global_count;
  char *xml;                   // the target description
};

// gdb_server.c
int session_start(struct gdb_session *s, const struct rr_point *until);  // a new engine, run to a point; 0 or an exit status (said)
void session_wait(struct gdb_session *s);          // until the engine has stopped, or the client has gone

// gdb_command.c
void gdb_packet(struct gdb_session *s);            // the packet in conn
void reply_errno(struct gdb_session *s, int e);    // E NN
void reply_refused(struct gdb_session *s, const char *why);
bool starts(const char **p, const char *word);     // and moves behind it
bool parse_thread(struct gdb_session *s, const char **p, uint32_t *pid, uint32_t *tid); // -1: all = ~0, 0: any
uint32_t thread_or_stopped(const struct gdb_session *s, uint32_t tid);
void thread_id(const struct gdb_session *s, uint32_t tid, char text[40]);

// gdb_query.c
void gdb_query(struct gdb_session *s, const char *p);
void gdb_set(struct gdb_session *s, const char *p);

const char *gdb_exec_file(const struct gdb_session *s); // the program's path; NULL: not known

// gdb_run.c
void gdb_process(struct gdb_session *s, const struct rr_dbg_stop *p); // which process that is
void gdb_stopped(struct gdb_session *s);           // the engine has stopped: tell the client, or go on
void gdb_stop_reply(struct gdb_session *s);        // `?` and every stop
void gdb_vcont(struct gdb_session *s, const char *p);
void gdb_continue(struct gdb_session *s, enum rr_dbg_how how, uint32_t tid);
void gdb_breakpoint(struct gdb_session *s, const char *p, bool set); // behind Z or z
uint32_t gdb_signal_from_linux(uint32_t signo);
uint32_t gdb_signal_to_linux(uint32_t number);     // 0: none

// gdb_file.c
void gdb_vfile(struct gdb_session *s, const char *p);
void gdb_files_close(struct gdb_session *s);

void gdb_console(struct gdb_session *s, const char *text, size_t n); // on gdb's console; only while the client waits for a stop

// gdb_divert.c
void gdb_divert_siginfo(struct gdb_session *s, bool written);
int gdb_write_memory(struct gdb_session *s, uint64_t address, const void *bytes, size_t n); // 0, EROFS: refused, or an errno
int gdb_write_register(struct gdb_session *s, size_t n, const uint8_t *value);
int gdb_write_registers(struct gdb_session *s, const uint8_t *values, size_t size);
size_t gdb_read_memory(struct gdb_session *s, uint64_t address, void *d, size_t n);
void gdb_divert_resume(struct gdb_session *s);     // the client goes on: with the call, or with the original
bool gdb_divert_lost(struct gdb_session *s);       // the copy can't go on: the original is the target again
bool gdb_divert_leave(struct gdb_session *s);
void gdb_divert_aside(struct gdb_session *s);      // during a call: the original is the target, until the next one
void gdb_divert_end(struct gdb_session *s);
int gdb_ask_both(struct gdb_session *s, const struct rr_dbg_request *q, const void *send); // settings hold for both

struct text;
// gdb_processes.c
void gdb_processes_xml(struct gdb_session *s, const char *type, struct text *t); // qXfer:osdata
void gdb_processes_text(struct gdb_session *s, struct text *t);
int gdb_attach(struct gdb_session *s, uint32_t pid);  // another process of the trace; 0 or errno

void gdb_maps(struct gdb_session *s, struct text *t);  // as /proc/PID/maps

// gdb_monitor.c: text for a command (qRcmd, qRRCmd); malloc'd, NULL: no memory
char *gdb_monitor(struct gdb_session *s, uint32_t tid, int argc, char **argv);
