// Record: takes the chunks that engines submit, checks them, writes them as frames, gives the chunks back.
//
// Runs on a thread of its own, unless the recording is over before there is anything to do for one. Chunks of a stream are gathered into frames of up to FRAME_BYTES_MAX; what has waited for
// a moment without company is written too. After the end of all processes it collects what the dead left in the ring.
#pragma once
#include <stdint.h>
#include "host/launch.h"
#include "host/trace_write.h"

struct drain;
struct drain *drain_new(struct session *s, int notify_fd);  // before the launch; notify_fd: eventfd, told of panics and faults
void drain_writer(struct drain *d, struct trace_writer *w); // before the start or the finish
int drain_start(struct drain *d, struct fault *f);          // the thread
// All processes have gone: collects the rest, ends the thread. root_status: wait status of process root_pid.
void drain_finish(struct drain *d, int32_t root_pid, int root_status);
const struct fault *drain_fault(const struct drain *d);     // code 0: none. Valid after notify or finish
uint32_t drain_streams(const struct drain *d);              // after finish: streams that have frames
uint64_t drain_events(const struct drain *d);
bool drain_root_started(const struct drain *d);             // after finish: stream 0 has an event
void drain_free(struct drain *d);
