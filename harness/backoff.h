/* backoff.h: the longest back-off (queues/pause.h) of every measured loop, so that one build can sweep
 * it: stamp.c includes this before the queue. A variable, but only who has lost a compare-and-swap
 * reads it. A sample sets it before its threads begin. C11 and C++20 alike. */
#ifndef HARNESS_BACKOFF_H
#define HARNESS_BACKOFF_H

#ifdef __cplusplus
extern "C" {
#endif

/* Pauses; at first this build's Q_BACKOFF_MAX. Hidden: its address is not fetched in each operation. */
extern unsigned harness_backoff_max __attribute__((visibility("hidden")));

#ifdef __cplusplus
}
#endif

#endif
