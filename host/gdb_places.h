// Commands about places of the timeline (gdb_monitor.c lists them), and the places where the user has been.
#pragma once
#include "host/timeline.h"

enum { PLACES_MAX = 64 };
struct places { struct mark mark[PLACES_MAX]; uint32_t count, at; }; // at: where he looks; count: in the present

struct gdb_session;
struct text;
void places_leave(struct gdb_session *s);                          // the user is about to go on from here
const struct mark *places_move(struct gdb_session *s, int by);     // -1 back, 1 forward; NULL: there is no more

// A command of these; false: it is none. Its text is added to t.
bool places_command(struct gdb_session *s, int argc, char **argv, struct text *t);
void places_help(struct text *t);
