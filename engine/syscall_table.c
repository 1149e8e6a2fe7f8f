// The table of abi/syscalls.def, as the engine sees it.
#include "engine/calls.h"

#define FD(i) (1u << (i))
#define BY32(i) ((i) | OUT_BY32)
#define BLOCKS CALL_BLOCKS
#define THREAD CALL_THREAD
#define REPLAY CALL_REPLAY
#define NEW_FD CALL_NEW_FD
#define EMULATED CALL_EMULATED
#define RESTARTS CALL_RESTARTS
#define REFUSED CALL_REFUSED
#define ENOSYS CALL_ENOSYS
#define POLL_IN CALL_POLL_IN
#define POLL_OUT CALL_POLL_OUT
#define SIGNALS CALL_SIGNALS
#define QUIET CALL_QUIET
#define SYSCALL(nr, nm, arguments, fds, fl, ...) [nr] = { .name = #nm, .nargs = arguments, .fd_args = fds, .flags = fl, ##__VA_ARGS__ },

const struct syscall_row syscall_rows[] = {
#include "abi/syscalls.def"
};
const u32 syscall_rows_count = ARRAY_SIZE(syscall_rows);
