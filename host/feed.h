// Replay: answers the engines' requests for frames (struct rr_feed), on a thread of its own.
#pragma once
#include <stdbool.h>
#include "host/launch.h"
#include "host/trace_read.h"

struct feed;
struct feed *feed_new(struct session *s, struct trace *t);  // the trace is the feed's until feed_free
int feed_start(struct feed *f, struct fault *fault);
void feed_stop(struct feed *f);                             // ends the thread; harmless when it did not start
// After feed_stop.
const struct fault *feed_fault(const struct feed *f);       // of a damaged frame that was asked for; code 0: none
bool feed_all_fed(const struct feed *f);                    // every frame of the trace was asked for
uint64_t feed_bytes(const struct feed *f);                  // packed bytes fed so far; any time
void feed_free(struct feed *f);
