// What gdb is told before it connects: settings that a replay wants, and commands that speak to the server (`monitor NAME`).
// `rr gdbinit` prints the same text. Tools that read it take the lines before `define hook-run`.
#include "host/gdb_launch.h"

#define COMMAND(name, text) "define " name "\nmonitor " name "\nend\ndocument " name "\n" text "\nend\n"
// With the words that were typed behind it. gdb replaces $argN only where there are so many.
#define COMMAND_ARGS(name, send, text) "define " name "\nif $argc == 0\nmonitor " send "\nelse\nmonitor " send " $arg0\nend\nend\ndocument " name "\n" text "\nend\n"
#define PLACE(name, letter, text) "define " name "\nif $argc == 0\nrun 0\nelse\nrun " letter "$arg0\nend\nend\ndocument " name "\n" text "\nend\n"
#define MOVE(name, text) "define " name "\nrun " name "\nend\ndocument " name "\n" text "\nend\n"

const char gdb_init_text[] =
  "set prompt (rr) \n"
  "set non-stop off\n"
  "set remotetimeout 10000\n"
  "set unwindonsignal on\n"
  "handle SIGURG stop nopass\n"
  "set $rr_confirm = $_gdb_setting(\"confirm\")\n"
  "set confirm off\n" // gdb asks before it redefines its own checkpoint and restart
  COMMAND("when", "Print the number of the event completed last.")
  COMMAND("when-ticks", "Print the ticks of the process so far.")
  COMMAND("when-tid", "Print the thread's id as it was recorded.")
  COMMAND("when-end", "Print the last event of the process.")
  COMMAND("elapsed-time", "Print the time since the start of the recording.")
  "define hook-run\n"
  "end\n"
  COMMAND_ARGS("checkpoint", "checkpoint", "Remember this place: `restart N` comes back to it, `info checkpoints` lists them.")
  COMMAND("info checkpoints", "List the places that `checkpoint` remembers.")
  COMMAND_ARGS("delete checkpoint", "delete checkpoint", "Forget a place: delete checkpoint N.")
  PLACE("restart", "c", "Go to a checkpoint: restart N; without a number to the start of the recording. `run EVENT` goes to an event.")
  PLACE("seek-ticks", "t", "Go to the first instruction at or behind so many ticks of the process: seek-ticks N.")
  MOVE("back", "Go back to where you were before you moved.")
  MOVE("forward", "Undo `back`.")
  "if $rr_confirm\nset confirm on\nend\n";

const char gdb_greeting[] =
  "echo \\n\n"
  "printf \"  back in time   reverse-continue, reverse-step, reverse-next, reverse-finish; `watch -l X` and reverse-continue: who wrote X?\\n\"\n"
  "printf \"  places         when, checkpoint, restart N, run EVENT, seek-ticks N; call f(), print f() work in a copy: nothing of it stays\\n\"\n"
  "printf \"  many at once   set dprintf-style agent, and dprintf prints on the past; `help user-defined` lists rr's commands\\n\\n\"\n";
