// Going backwards and to places of the timeline, for the client.
#pragma once

struct gdb_session;
void gdb_reverse(struct gdb_session *s, const char *p);        // behind `b`
void timeline_arrived(struct gdb_session *s);                  // the target stands at the beginning of a life
// "": the beginning; N: an event; cN: a checkpoint; tN: ticks; back, forward: where the user has been. 0 or an errno (EINVAL: not a place; ESRCH: no such checkpoint)
int gdb_go_place(struct gdb_session *s, const char *place);
