// The processes that descend from us: recorded or replayed ones, as they stand in /proc.
#pragma once
#include <sys/types.h>
int proc_tree_kill(int signo);                 // to every descendant; returns how many there were
void end_as(int wait_status) __attribute__((noreturn)); // end as that process did: its status, or its signal (no core of ours)
